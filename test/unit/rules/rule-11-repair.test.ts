import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import {
  decided,
  GATEWAY,
  policy,
  record,
  seen,
  showing,
  T0,
  version,
} from '../../support/samples.ts';
import { settledStory } from '../../support/story.ts';

const OVERWRITTEN = { ...showing(version(), 'theirs'), fingerprint: 'theirs' };

test('a repair publishes the same bytes and sequence, and moves neither renewal nor overlap', async () => {
  const story = await settledStory();
  await story.rotate();
  await story.live(HOUR);
  const before = await story.record();
  const bytes = story.published();

  story.world.vault.overwrite('contoso--paris', 'a note to myself');
  await story.live(DAY);

  const after = await story.record();
  expect(story.published()).toBe(bytes);
  expect(after.current).toEqual({ ...before.current, vaultVersion: after.current?.vaultVersion });
  expect(after.current?.vaultVersion).not.toBe(before.current?.vaultVersion);
  expect(after.slots.map(({ supersededAtMs }) => supersededAtMs)).toEqual(
    before.slots.map(({ supersededAtMs }) => supersededAtMs),
  );
});

test('a value which is right but wrongly written is repaired', () => {
  const raw = { ...showing(version()), formatted: false };

  expect(decided(seen(record(), { vault: raw }), policy(), T0 + HOUR)).toMatchObject({
    do: 'publish',
    cause: 'repair',
    slot: 'primary',
    expiryAtMs: version().expiryAtMs,
  });
});

test('where minting gives other bytes, the current is dead and a new version follows, once', async () => {
  const story = await settledStory();
  const { sequence } = await story.current();

  story.world.gateways.regenerate(GATEWAY, 'primary');
  story.world.vault.overwrite('contoso--paris', 'what I think is right');
  await story.live(DAY);

  expect(story.accepts()).toBe(true);
  expect((await story.current()).sequence).toBeGreaterThan(sequence);
  expect(story.world.vault.versions('contoso--paris')).toHaveLength(3);
  expect((await story.record()).repairsAtMs).toEqual([]);
});

test("another installation's tag blocks, with the name of the other, and nothing is written", async () => {
  const story = await settledStory();
  const tags = { installation: 'keyturn-test', sequence: 1, slot: 'primary' };
  story.world.vault.overwrite('contoso--paris', 'theirs', tags);
  await story.live(2 * DAY);

  expect(story.published()).toBe('theirs');
  expect((await story.record()).setbacks).toMatchObject([
    { step: 'observe', code: 'ERR_FOREIGN_INSTALLATION', blocked: true },
  ]);
  expect((await story.record()).setbacks[0]?.remedy).toContain('"keyturn-test"');
});

test('three repairs a day are made, the fourth waits until the day is over', () => {
  const repairsAtMs = [T0, T0 + HOUR, T0 + 2 * HOUR];
  const twice = seen(record({ repairsAtMs: repairsAtMs.slice(1) }), { vault: OVERWRITTEN });
  const thrice = seen(record({ repairsAtMs }), { vault: OVERWRITTEN });
  const repair = { do: 'publish', cause: 'repair' };

  expect(decided(twice, policy(), T0 + 3 * HOUR)).toMatchObject(repair);
  expect(decided(thrice, policy(), T0 + DAY - 1)).toMatchObject({
    do: 'setback',
    trouble: { code: 'ERR_REPAIRED_TOO_OFTEN', blocked: true },
  });
  expect(decided(thrice, policy(), T0 + DAY)).toMatchObject(repair);
});

test('somebody who overwrites the secret every five minutes costs three repairs a day', async () => {
  const story = await settledStory();
  const before = (await story.history('publish')).length;
  for (let minute = 0; minute < 24 * 60; minute += 5) {
    story.world.vault.overwrite('contoso--paris', `mine ${minute}`);
    await story.live(5 * MINUTE);
  }
  expect((await story.history('publish')).length - before).toBe(3);
});
