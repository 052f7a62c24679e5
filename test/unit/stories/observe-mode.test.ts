import { expect, test } from 'vitest';
import { DAY } from '../../../shared/core/limits.ts';
import { GATEWAY, T0 } from '../../support/samples.ts';
import { settledStory, tellStory } from '../../support/story.ts';

const CHANGES = ['vault.publish', 'issuer.retire'];

test('in observe mode a new gateway is planned for, and nothing is minted or written', async () => {
  const story = tellStory({ mode: 'observe' });
  await story.live(2 * DAY);

  expect(story.world.calls).not.toContain('issuer.bytesOf');
  for (const call of CHANGES) expect(story.count(call)).toBe(0);
  expect(story.world.lines.map(({ message }) => message)).toContain(
    'contoso--paris: would publish: NothingIsPublished',
  );
});

test('in observe mode a running gateway is taken over, and only its own minute is minted again', async () => {
  const story = tellStory({ mode: 'observe' });
  const token = story.world.gateways.mint(GATEWAY, 'secondary', T0 + 20 * DAY);
  story.world.vault.overwrite('contoso--paris', `GatewayKey ${token}`);
  await story.live(DAY);

  expect(await story.current()).toMatchObject({ slot: 'secondary', expiryAtMs: T0 + 20 * DAY });
  expect(story.count('issuer.takeOver')).toBe(1);
  expect(story.world.calls).not.toContain('issuer.bytesOf');
});

test('in observe mode neither repairs, drift, requests nor retires change anything at Azure', async () => {
  const story = await settledStory({ mode: 'observe' });
  const before = CHANGES.map((call) => story.count(call));
  const bytesOf = story.count('issuer.bytesOf');
  story.world.vault.disable('contoso--paris');
  await story.live(2 * DAY);
  story.world.gateways.regenerate(GATEWAY, 'primary');
  await story.revoke('primary');
  await story.live(DAY);
  story.skip(30 * DAY);
  await story.live(DAY);

  expect(CHANGES.map((call) => story.count(call))).toEqual(before);
  expect(story.count('issuer.bytesOf')).toBe(bytesOf);
});

test('what was planned in observe mode is done when the mode changes', async () => {
  const story = tellStory({ mode: 'observe' });
  await story.live(DAY);
  story.configure({ mode: 'rotate' });
  await story.live(DAY);

  expect(story.accepts()).toBe(true);
});
