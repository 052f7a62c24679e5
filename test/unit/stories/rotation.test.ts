import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import { spreadMs } from '../../../shared/core/schedule.ts';
import { HEALTHY, healthOf } from '../../support/health.ts';
import { adoptedPolicy, LIFETIME, policy, T0 } from '../../support/samples.ts';
import { settledStory, tellStory } from '../../support/story.ts';

test('the first token is issued on the primary, written as the container wants it, and probed', async () => {
  const story = tellStory();
  await story.settle();

  expect(story.published()).toMatch(/^GatewayKey paris&202612301200&[^ ]+$/);
  expect(await story.record()).toMatchObject({
    current: { slot: 'primary', expiryAtMs: T0 + LIFETIME, sequence: T0 / MINUTE },
    probe: { atMs: T0, result: 'alive' },
  });
  expect(story.world.vault.versions('contoso--paris')).toMatchObject([
    {
      expiresAtMs: T0 + LIFETIME,
      tags: { sequence: T0 / MINUTE, slot: 'primary', installation: 'keyturn-prod' },
    },
  ]);
});

test('format `raw` leaves the prefix out', async () => {
  const story = tellStory({ format: 'raw' });
  await story.settle();

  expect(story.published()).toMatch(/^paris&/);
});

test('a renewal comes at two thirds of the life, earlier by its share of the spread', async () => {
  const story = tellStory();
  await story.settle();
  const first = await story.current();
  const renewalMs = LIFETIME * (2 / 3) - spreadMs(policy());

  await story.live(renewalMs - 1);
  expect(await story.current()).toEqual(first);
  await story.live(1);
  expect((await story.current()).sequence).toBeGreaterThan(first.sequence);
});

test('slots alternate over 120 days, the first two tokens aside, and no token is cut off before it expires', async () => {
  const story = tellStory();
  for (let day = 0; day < 120; day += 5) {
    await story.live(5 * DAY);
    const alive = story.world.vault
      .versions('contoso--paris')
      .filter(({ expiresAtMs = 0 }) => expiresAtMs > story.nowMs());
    expect(alive.every(({ value }) => story.accepts(value))).toBe(true);
  }

  const published = (await story.history('publish')).map((line) => / on (\w+)/.exec(line)?.[1]);
  const retired = (await story.history('retire')).map((line) => line.split(' ')[0]);
  const [one, other] = ['primary', 'secondary'];
  expect(published).toEqual([one, one, other, one, other, one, other, one]);
  expect(retired).toEqual([other, one, other, one, other, one]);
  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('with proof of adoption the previous slot is retired as soon as the last consumer proved', async () => {
  const story = await settledStory(adoptedPolicy());
  await story.rotate();
  await story.live(DAY);
  const { sequence } = await story.current();
  expect(await story.slot('primary')).toMatchObject({ state: 'used' });

  await story.report('lyon', sequence);
  await story.live(HOUR);
  expect(await story.slot('primary')).toMatchObject({ state: 'used' });
  await story.report('weu', sequence);
  await story.live(28 * MINUTE);
  expect(await story.slot('primary')).toMatchObject({ state: 'clean' });
});

test('frequent rotations postpone neither the overlap nor the retire', async () => {
  const story = await settledStory({ retire: { when: 'after', afterMs: 2 * DAY } });
  await story.rotate();
  await story.settle();
  for (let hour = 0; hour < 48; hour += 12) {
    await story.live(12 * HOUR);
    await story.rotate();
    await story.settle();
  }

  expect(await story.history('retire')).toContain('primary (superseded): its key is regenerated');
});

test('a rotate never regenerates, and many within an hour never reuse bytes', async () => {
  const story = tellStory();
  await story.settle();
  for (let count = 0; count < 10; count += 1) {
    await story.rotate();
    await story.settle();
  }

  const values = story.world.vault.versions('contoso--paris').map(({ value }) => value);
  expect(new Set(values).size).toBe(11);
  expect(values.map((value) => story.accepts(value))).not.toContain(false);
});
