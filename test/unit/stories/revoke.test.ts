import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import { GATEWAY } from '../../support/samples.ts';
import { settledStory, type Story } from '../../support/story.ts';

const FORBIDDEN = new KeyturnError('ERR_FORBIDDEN', 'the role is missing');

/** What the leaker has. */
function leak(story: Story, slot: string): string {
  return story.world.gateways.mint(GATEWAY, slot, story.nowMs() + 20 * DAY);
}

/** The current is on the primary, and the secondary is in the state which the test is about. */
const OTHER_SLOT: Readonly<Record<string, () => Promise<Story>>> = {
  clean: () => settledStory(),
  async used() {
    const story = await settledStory();
    await story.rotate();
    await story.settle();
    await story.revoke('primary');
    await story.live(HOUR);
    await story.rotate();
    await story.live(HOUR);
    return story;
  },
  async settling() {
    const story = await settledStory();
    await story.revoke('secondary');
    await story.settle();
    return story;
  },
};

test.each(Object.entries(OTHER_SLOT))(
  'a revoke of the current slot publishes on the other one, %s or not, before it retires',
  async (state, begin) => {
    const story = await begin();
    const { slot: leaked } = await story.current();
    const other = leaked === 'primary' ? 'secondary' : 'primary';
    expect((await story.slot(other)).state).toBe(state);
    const stolen = leak(story, leaked);

    await story.revoke(leaked);
    await story.reconcile();
    expect(story.accepts(stolen)).toBe(true);
    expect(await story.current()).toMatchObject({ slot: other });

    await story.settle();
    expect(story.accepts(stolen)).toBe(false);
    expect(story.accepts()).toBe(true);
    expect((await story.record()).request).toBeUndefined();
  },
);

/** A retire of the secondary whose worker died before the call. */
async function withRetiringSecondary(): Promise<Story> {
  const story = await settledStory();
  await story.revoke('secondary');
  await story.worker({ when: 'before', call: 'issuer.retire' });
  story.skip(3 * MINUTE);
  expect(await story.slot('secondary')).toMatchObject({ state: 'retiring' });
  return story;
}

test('where the other slot is retiring, the revoked one is retired first, and the gap is told', async () => {
  const story = await withRetiringSecondary();
  const stolen = leak(story, 'primary');

  await story.revoke('primary');
  await story.reconcile();
  expect(story.accepts(stolen)).toBe(false);
  expect(await story.record()).toMatchObject({ probe: { result: 'dead' } });

  await story.settle();
  expect(story.accepts()).toBe(true);
  expect((await story.record()).request).toBeUndefined();
});

test('where that new version fails at first and goes to the other slot in the end, the revoke is done', async () => {
  const story = await withRetiringSecondary();
  await story.revoke('primary');
  story.world.failOnce('vault.publish', new KeyturnError('ERR_UNAVAILABLE', 'down'));
  const before = (await story.history('publish')).length;
  await story.live(HOUR);

  expect(story.accepts()).toBe(true);
  expect((await story.record()).request).toBeUndefined();
  expect((await story.history('publish')).length - before).toBe(1);
});

test('a revoke of the slot which is not current retires it at once and publishes nothing', async () => {
  const story = await settledStory();
  await story.rotate();
  await story.settle();
  const { slot, sequence } = await story.current();
  const stolen = leak(story, 'primary');
  expect(slot).toBe('secondary');

  await story.revoke('primary');
  await story.settle();

  expect(story.accepts(stolen)).toBe(false);
  expect((await story.current()).sequence).toBe(sequence);
  expect((await story.record()).request).toBeUndefined();
});

test('while no new version can be published, the current slot stands', async () => {
  const story = await settledStory();
  const stolen = leak(story, 'primary');
  story.world.fail('vault.publish', FORBIDDEN);
  await story.revoke('primary');
  await story.live(DAY);
  expect(story.accepts(stolen)).toBe(true);

  story.world.mend('vault.publish');
  await story.live(2 * HOUR);
  expect(story.accepts(stolen)).toBe(false);
  expect(story.accepts()).toBe(true);
});

test('`withoutNew` retires although nothing can be published, and a version follows when it can', async () => {
  const story = await settledStory();
  const stolen = leak(story, 'primary');
  story.world.fail('vault.publish', FORBIDDEN);
  await story.revoke('primary', 'withoutNew');
  await story.settle();
  expect(story.accepts(stolen)).toBe(false);
  expect((await story.record()).request).toBeUndefined();

  story.world.mend('vault.publish');
  await story.live(2 * HOUR);
  expect(story.accepts()).toBe(true);
});

test('a revoke which is asked while Key Vault cannot be read retires the other slot, and waits with the current one', async () => {
  const story = await settledStory();
  const [mine, others] = [leak(story, 'primary'), leak(story, 'secondary')];
  story.world.fail('vault.latest', new KeyturnError('ERR_UNAVAILABLE', 'down'));

  await story.revoke('secondary');
  await story.settle();
  expect(story.accepts(others)).toBe(false);

  await story.revoke('primary');
  await story.live(HOUR);
  expect(story.accepts(mine)).toBe(true);
});
