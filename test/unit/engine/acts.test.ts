import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import { HEALTHY, healthOf } from '../../support/health.ts';
import { GATEWAY } from '../../support/samples.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

/** The calls of one reconcile, behind those which only look. */
async function callsOf(story: Story): Promise<readonly string[]> {
  const before = story.world.calls.length;
  await story.reconcile();
  return story.world.calls.slice(before + 4);
}

test('a publish mints and verifies, writes the intent, publishes, reads back, and records', async () => {
  const story = await settledStory();
  await story.rotate();

  expect(await callsOf(story)).toEqual([
    'issuer.bytesOf',
    'records.write',
    'vault.publish',
    'vault.latest',
    'records.write',
    'history.append',
    'queue.put',
  ]);
});

test('a retire writes the intent, regenerates, and records', async () => {
  const story = await settledStory();
  await story.revoke('secondary');

  expect(await callsOf(story)).toEqual([
    'records.write',
    'issuer.retire',
    'records.write',
    'history.append',
    'queue.put',
  ]);
});

test('a probe mints and records, nothing else', async () => {
  const story = await settledStory();
  story.skip(DAY);

  expect(await callsOf(story)).toEqual([
    'issuer.isAlive',
    'records.write',
    'history.append',
    'queue.put',
  ]);
});

test('what is published carries its expiry, content type and tags', async () => {
  const story = tellStory();
  await story.settle();
  const { sequence, slot, expiryAtMs } = await story.current();

  expect(story.world.vault.versions('contoso--paris')[0]).toMatchObject({
    contentType: 'application/vnd.azure.api-management.gateway-token',
    expiresAtMs: expiryAtMs,
    tags: { sequence, slot, installation: 'keyturn-prod' },
  });
});

test('where somebody writes between publish and read back, nothing is recorded as published', async () => {
  const story = await settledStory();
  const { sequence } = await story.current();
  await story.rotate();
  const worker = await story.worker({ when: 'after', call: 'vault.publish' });
  story.world.vault.overwrite('contoso--paris', 'mine now');
  await worker.resume();

  expect((await story.current()).sequence).toBe(sequence);
  expect((await story.record()).setbacks).toMatchObject([
    { step: 'publish', code: 'ERR_READ_BACK' },
  ]);
  await story.live(2 * HOUR);
  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('a write of the intent which another worker was faster with sends nothing', async () => {
  const story = await settledStory();
  await story.rotate();
  const slow = await story.worker({ when: 'before', call: 'records.write' });
  await story.wake();
  await slow.resume();

  expect(story.count('vault.publish')).toBe(1);
  expect(story.world.lines.at(-1)).toMatchObject({ fields: { code: 'ERR_CONFLICT' } });
});

test('a call which was refused leaves no intent, one whose answer was lost leaves it alive', async () => {
  for (const [code, left] of [
    ['ERR_FORBIDDEN', undefined],
    ['ERR_REPLY_LOST', 'publish'],
  ] as const) {
    const story = await settledStory();
    await story.rotate();
    story.world.failOnce('vault.publish', new KeyturnError(code, 'no'));
    await story.reconcile();

    expect((await story.record()).intent?.step).toBe(left);
  }
});

test('an issuer whose two mints differ publishes nothing, and is counted', async () => {
  const story = await settledStory();
  story.world.gateways.deviate(true);
  await story.rotate();
  await story.reconcile();

  expect(await story.record()).toMatchObject({
    deviations: 1,
    setbacks: [{ step: 'publish', code: 'ERR_DEVIATION' }],
  });
  expect(story.world.vault.versions('contoso--paris')).toHaveLength(1);
});

test('no value is in the record, the history or a line of the log', async () => {
  const story = tellStory();
  await story.live(50 * DAY);
  story.world.gateways.regenerate(GATEWAY, 'primary');
  story.world.vault.disable('contoso--paris');
  await story.live(DAY);

  const written = JSON.stringify([
    await story.record(),
    await story.ports.history.list('contoso--paris', 10_000),
    story.world.lines,
  ]);
  const signatures = story.world.vault
    .versions('contoso--paris')
    .map(({ value }) => value.split('&').at(-1) ?? '');
  expect(signatures.filter((signature) => written.includes(signature))).toEqual([]);
  expect(signatures.length).toBeGreaterThan(3);
});
