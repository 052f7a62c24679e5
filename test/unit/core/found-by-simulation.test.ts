import { expect, test } from 'vitest';
import { DAY } from '../../../shared/core/limits.ts';
import { GATEWAY, T0 } from '../../support/samples.ts';
import { tellStory } from '../../support/story.ts';

const ID = 'contoso--paris';

test('a token of the portal keeps its sequence when its credential is taken over again', async () => {
  const story = tellStory();
  const token = story.world.gateways.mint(GATEWAY, 'primary', T0 + 20 * DAY);
  story.world.vault.overwrite(ID, `GatewayKey ${token}`);
  await story.settle();
  const before = await story.current();

  story.configure(undefined);
  await story.live(DAY);
  story.configure({});
  await story.live(DAY);

  expect(await story.current()).toMatchObject({ sequence: before?.sequence });
});
