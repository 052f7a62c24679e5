import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import { HEALTHY, healthOf } from '../../support/health.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

const THROTTLED = new KeyturnError('ERR_THROTTLED', '429', { retryAfterMs: 7 * MINUTE });
const DOWN = new KeyturnError('ERR_UNAVAILABLE', '503');
const FORBIDDEN = new KeyturnError('ERR_FORBIDDEN', '403');

const CALLS = [
  'records.read',
  'vault.latest',
  'issuer.issuedSlots',
  'adoptions.list',
  'issuer.bytesOf',
  'records.write',
  'vault.publish',
  'issuer.isAlive',
  'issuer.retire',
  'history.append',
  'queue.put',
];

/** Both steps which change something: publishes on the secondary, and retires the primary. */
async function beginRevoke(): Promise<Story> {
  const story = tellStory();
  await story.settle();
  await story.revoke('primary');
  return story;
}

test.each(CALLS)('an answer of %s which is lost is healed by the next look', async (call) => {
  const story = await beginRevoke();
  story.world.loseReplyOnce(call);
  await story.live(2 * HOUR);

  expect(await healthOf(story)).toEqual(HEALTHY);
  expect(story.accepts(story.world.vault.versions('contoso--paris')[0]?.value)).toBe(false);
});

test.each(CALLS.flatMap((call) => [THROTTLED, DOWN, FORBIDDEN].map((error) => ({ call, error }))))(
  '$error.message from $call holds up nothing for long',
  async ({ call, error }) => {
    const story = await beginRevoke();
    story.world.failOnce(call, error);
    await story.live(2 * HOUR);

    expect(await healthOf(story)).toEqual(HEALTHY);
    expect(story.accepts(story.world.vault.versions('contoso--paris')[0]?.value)).toBe(false);
  },
);

test('Retry-After is obeyed through the queue: one message, after that time, and no call before it', async () => {
  const story = await settledStory();
  await story.rotate();
  story.world.failOnce('vault.publish', THROTTLED);
  const atMs = story.nowMs();
  await story.settle();

  expect(story.world.messages.map(({ visibleAtMs }) => visibleAtMs)).toEqual([atMs + 7 * MINUTE]);
  const published = story.count('vault.publish');
  await story.live(7 * MINUTE - 1);
  expect(story.count('vault.publish')).toBe(published);
  await story.live(1);
  expect(story.count('vault.publish')).toBe(published + 1);
});

test('a publish which is forbidden starves neither probes nor the retire of an expired slot', async () => {
  const story = await settledStory();
  story.skip(10 * DAY);
  await story.rotate();
  await story.settle();
  story.skip(18 * DAY);
  story.world.fail('vault.publish', FORBIDDEN);
  const [probes, retires] = [story.count('issuer.isAlive'), story.count('issuer.retire')];
  await story.live(DAY + 2 * HOUR);

  expect(story.count('issuer.isAlive')).toBeGreaterThan(probes);
  expect(story.count('issuer.retire')).toBe(retires + 1);
});

test('a probe which fails holds up no renewal', async () => {
  const story = await settledStory();
  const { sequence } = await story.current();
  story.world.fail('issuer.isAlive', DOWN);
  story.skip(20 * DAY);
  await story.live(HOUR);

  expect((await story.current()).sequence).toBeGreaterThan(sequence);
});

test('a version which goes to another slot than the one that failed clears the setback', async () => {
  const story = await settledStory();
  await story.rotate();
  story.world.failOnce('vault.publish', FORBIDDEN);
  story.world.failOnce('issuer.isAlive', DOWN);
  await story.live(HOUR);

  expect(await story.current()).toMatchObject({ slot: 'primary' });
  expect(await healthOf(story)).toEqual(HEALTHY);
});

test.each(['vault.latest', 'issuer.issuedSlots'])(
  'while %s is unknown, nothing is issued and nothing retired, whatever is due',
  async (call) => {
    const story = await settledStory();
    story.world.fail(call, FORBIDDEN);
    const [published, retired] = [story.count('vault.publish'), story.count('issuer.retire')];
    story.skip(20 * DAY);
    await story.live(3 * HOUR);
    expect([story.count('vault.publish'), story.count('issuer.retire')]).toEqual([
      published,
      retired,
    ]);
    expect((await story.record()).setbacks).toMatchObject([{ step: 'observe', blocked: true }]);

    story.world.mend(call);
    await story.live(2 * HOUR);
    expect(await healthOf(story)).toEqual(HEALTHY);
  },
);

test('while the record cannot be read or written, nothing is rotated', async () => {
  for (const call of ['records.read', 'records.write']) {
    const story = await settledStory();
    await story.rotate();
    story.world.fail(call, DOWN);
    const before = story.published();
    for (let looks = 0; looks < 5; looks += 1) await story.reconcile();
    expect({ call, shown: story.published() }).toEqual({ call, shown: before });
  }
});

test('a record of a newer release is left alone', async () => {
  const story = await settledStory();
  await story.rotate();
  const written = story.count('records.write');
  story.world.failOnce('records.read', new KeyturnError('ERR_SCHEMA_NEWER', 'schema 2'));
  await story.reconcile();

  expect(story.count('records.write')).toBe(written);
  expect(story.world.lines.at(-1)).toMatchObject({
    level: 'warn',
    fields: { code: 'ERR_SCHEMA_NEWER' },
  });
});

test('a bug is thrown, so that the platform counts it', async () => {
  const story = await settledStory();
  await story.rotate();
  story.world.failOnce('issuer.bytesOf', new TypeError('undefined is not a function'));

  await expect(story.reconcile()).rejects.toThrow(TypeError);
});

test('an issuer which contradicts itself twice is no longer compared, and only expiry retires', async () => {
  const story = await settledStory({ retire: { when: 'after', afterMs: DAY } });
  story.world.gateways.deviate(true);
  await story.live(DAY);
  expect(await story.record()).toMatchObject({ deviations: 2 });

  await story.rotate();
  await story.live(5 * DAY);
  expect(await story.current()).toMatchObject({ slot: 'secondary' });
  expect(await story.slot('primary')).toMatchObject({ state: 'used' });
  await story.live(24 * DAY);
  expect(await story.history('retire')).toHaveLength(1);
});
