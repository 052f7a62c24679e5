import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import { HEALTHY, healthOf } from '../../support/health.ts';
import { adoptedPolicy, GATEWAY } from '../../support/samples.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

/**
 * Stories which a model of the protocol found, each the shortest way to break it without one of its rules. Two workers,
 * one of which is slow; people; consumers.
 */
const ID = 'contoso--paris';

/** The current is on the secondary, and the primary's retire was asked for. */
async function retiringPrimary(): Promise<Story> {
  const story = await settledStory();
  await story.rotate();
  await story.live(HOUR);
  await story.revoke('primary');
  return story;
}

test('livelock: a pending retire does not keep a dead current from being healed', async () => {
  const story = await retiringPrimary();
  await story.worker({ when: 'before', call: 'issuer.retire' });
  story.world.gateways.regenerate(GATEWAY, 'secondary');
  await story.live(DAY);

  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('rollback onto a slot being retired: a retire which lands late kills nothing that is published', async () => {
  const story = await retiringPrimary();
  const { sequence } = await story.current();
  await story.worker({ when: 'before', call: 'issuer.retire' });
  await story.live(16 * MINUTE);
  landLate(story);
  await story.live(DAY);

  expect(await story.current()).toMatchObject({ sequence, slot: 'secondary' });
  expect(await healthOf(story)).toEqual(HEALTHY);
});

/** What a worker sent before its deadline takes effect now. */
function landLate({ world }: Story): void {
  world.gateways.regenerate(GATEWAY, 'primary');
}

test('rollback after a scheduled rotation: nothing brings the previous version back while it still lives', async () => {
  const story = await settledStory();
  await story.live(20 * DAY);
  const { sequence } = await story.current();
  await story.live(9 * DAY);

  expect(await story.current()).toMatchObject({ sequence });
  expect(story.world.vault.versions(ID)).toHaveLength(2);
});

test('rollback with old evidence: what a consumer proved of an older version never retires a newer one', async () => {
  const story = await settledStory(adoptedPolicy());
  await story.live(DAY);
  const { sequence: first } = await story.current();
  for (const consumer of ['lyon', 'weu']) await story.report(consumer, first);
  await story.rotate();
  await story.live(3 * DAY);

  expect(await story.slot('primary')).toMatchObject({ state: 'used' });
});

test('expiry booked only with the result: bytes which a dead worker published keep their slot', async () => {
  const story = await settledStory();
  await story.live(18 * DAY);
  await story.rotate();
  await story.worker({ when: 'after', call: 'vault.publish' });
  const leftBehind = story.published() ?? '';
  story.world.vault.overwrite(ID, 'somebody writes, so that the attempt is not found');
  await story.live(28 * DAY);

  expect(story.accepts(leftBehind)).toBe(true);
});

test('settle too short: a slot whose regenerate may still land is not used again', async () => {
  const story = await retiringPrimary();
  await story.worker({ when: 'before', call: 'issuer.retire' });
  await story.live(5 * MINUTE);
  expect(await story.slot('primary')).toMatchObject({ state: 'settling' });

  await story.live(20 * MINUTE);
  await story.rotate();
  await story.settle();
  expect(await story.current()).toMatchObject({ slot: 'secondary' });
  landLate(story);
  expect(story.accepts()).toBe(true);
});

test('late set-secret: a publish which lands after its slot was retired is repaired, under the same sequence', async () => {
  const story = await settledStory({ retire: { when: 'after', afterMs: 0 } });
  await story.rotate();
  await story.settle();
  const late = story.published() ?? '';
  const lateTags = story.world.vault.versions(ID).at(-1)?.tags;
  await story.live(HOUR);
  await story.rotate();
  await story.live(2 * HOUR);
  const { sequence } = await story.current();
  expect(story.accepts(late)).toBe(false);

  story.world.vault.overwrite(ID, late, lateTags);
  await story.live(DAY);
  expect(await healthOf(story)).toEqual(HEALTHY);
  expect((await story.current()).sequence).toBe(sequence);
});

test('drift on the wrong slot: no new token goes to a slot on which a retire may still land', async () => {
  const story = await retiringPrimary();
  await story.worker({ when: 'before', call: 'issuer.retire' });
  await story.live(5 * MINUTE);
  story.world.gateways.regenerate(GATEWAY, 'secondary');
  story.world.vault.disable(ID);
  await story.wake();
  await story.settle();
  expect(await story.current()).toMatchObject({ slot: 'secondary' });

  landLate(story);
  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('regeneration by hand between mint and publish: the next probe comes at once, not tomorrow', async () => {
  const story = await settledStory();
  await story.rotate();
  const slow = await story.worker({ when: 'after', call: 'issuer.bytesOf' });
  story.world.gateways.regenerate(GATEWAY, 'secondary');
  await slow.resume();
  await story.settle();

  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('the natural manual fix: a key regenerated and its token written by hand ends in one new version', async () => {
  const story = await settledStory();
  story.world.gateways.regenerate(GATEWAY, 'primary');
  const token = story.world.gateways.mint(GATEWAY, 'primary', story.nowMs() + 20 * DAY);
  story.world.vault.overwrite(ID, `GatewayKey ${token}`);
  await story.live(2 * DAY);

  expect(await healthOf(story)).toEqual(HEALTHY);
  expect(story.world.vault.versions(ID)).toHaveLength(3);
  expect(story.accepts(token)).toBe(true);
});

test('two clocks judge one bound: a worker which wakes up finds its slot given up, and publishes nothing', async () => {
  const story = await settledStory();
  await story.rotate();
  const slow = await story.worker({ when: 'before', call: 'vault.publish' });
  story.skip(2 * MINUTE + 1);
  await story.revoke('secondary');
  await story.live(HOUR);
  const shown = story.published();
  await slow.resume();
  await story.live(HOUR);

  expect(story.published()).toBe(shown);
  expect(await healthOf(story)).toEqual(HEALTHY);
});

test('one click disables renewal: a disabled version is present and not ours, so it is repaired and renewed', async () => {
  const story = await settledStory();
  story.world.vault.disable(ID);
  await story.live(40 * DAY);

  expect(await healthOf(story)).toEqual(HEALTHY);
  expect((await story.current()).expiryAtMs).toBeGreaterThan(story.nowMs() + 8 * DAY);
});

test('two installations: each leaves what the other publishes alone, and tells whose it is', async () => {
  const story = tellStory();
  const tags = { installation: 'keyturn-test', sequence: 40_000_000, slot: 'primary' };
  story.world.vault.overwrite(ID, 'theirs', tags);
  await story.live(2 * DAY);

  expect(story.published()).toBe('theirs');
  expect(await story.history('identify')).toEqual([]);
  expect((await story.record()).setbacks[0]?.code).toBe('ERR_FOREIGN_INSTALLATION');
});

test('nobody is due: a request which was written before a crash is found by the sweep', async () => {
  const story = await settledStory();
  const { sequence } = await story.current();
  await story.rotate();
  story.world.messages.length = 0;
  await story.settle();

  expect((await story.current()).sequence).toBeGreaterThan(sequence);
});

test('two workers with one message: the slower one writes nothing over what the faster one did', async () => {
  const story = await settledStory();
  await story.rotate();
  const slow = await story.worker({ when: 'before', call: 'records.write' });
  await story.live(HOUR);
  const faster = await story.record();
  await slow.resume();

  expect(await story.record()).toEqual(faster);
  expect(story.world.vault.versions(ID)).toHaveLength(2);
});
