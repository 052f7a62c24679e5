import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import type { SlotName } from '../../../shared/core/nouns.ts';
import { adoptedPolicy, GATEWAY, T0 } from '../../support/samples.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

const ID = 'contoso--paris';

function portalToken(story: Story, slot: SlotName, expiryAtMs = T0 + 20 * DAY): string {
  return `GatewayKey ${story.world.gateways.mint(GATEWAY, slot, expiryAtMs)}`;
}

test.each(['primary', 'secondary'])(
  'a token from the portal on the %s goes on being current',
  async (slot) => {
    const story = tellStory();
    const token = portalToken(story, slot);
    story.world.vault.overwrite(ID, token);
    await story.settle();

    expect(story.published()).toBe(token);
    expect(await story.current()).toMatchObject({
      slot,
      expiryAtMs: T0 + 20 * DAY,
      publishedAtMs: T0,
    });
  },
);

test.each(['primary', 'secondary'])(
  'tokens made on either slot before the take-over live to their end, the published one being on the %s',
  async (slot) => {
    const consumers = adoptedPolicy();
    const story = tellStory(consumers);
    story.world.vault.overwrite(ID, portalToken(story, slot));
    const older = ['primary', 'secondary'].map((one) => portalToken(story, one, T0 + 30 * DAY));

    for (let day = 0; day < 30; day += 1) {
      expect(older.map((token) => story.accepts(token))).toEqual([true, true]);
      await story.live(DAY);
      const { sequence } = await story.current();
      await story.report('lyon', sequence);
      await story.report('weu', sequence);
    }
    expect(await story.history('retire')).toEqual([]);
    await story.live(2 * HOUR);
    expect(await story.history('retire')).toHaveLength(1);
  },
);

test('a value in the raw format is taken over and written as consumers want it, under its sequence', async () => {
  const story = tellStory();
  const bare = story.world.gateways.mint(GATEWAY, 'secondary', T0 + 20 * DAY);
  story.world.vault.overwrite(ID, bare);
  await story.settle();

  expect(story.published()).toBe(`GatewayKey ${bare}`);
  expect(await story.history('publish')).toHaveLength(1);
  expect((await story.record()).repairsAtMs).toHaveLength(1);
});

test('an expired token is taken over as what it is, and renewed at once', async () => {
  const story = tellStory();
  story.world.vault.overwrite(ID, portalToken(story, 'secondary', T0 - DAY));
  await story.settle();

  expect(story.accepts()).toBe(true);
  expect(await story.history('publish')).toEqual([expect.stringContaining('(renewal)')]);
});

test.each([
  { what: 'a password', value: () => 'correct horse battery staple' },
  {
    what: "another gateway's token",
    value: (story: Story) => portalToken(story, 'primary').replace('paris', 'lyon'),
  },
  { what: 'a token whose key was regenerated', value: regenerated },
])('$what is foreign: the first version is issued beside it', async ({ value }) => {
  const story = tellStory();
  const foreign = value(story);
  story.world.vault.overwrite(ID, foreign);
  await story.settle();

  expect(story.world.vault.versions(ID)[0]?.value).toBe(foreign);
  expect(story.accepts()).toBe(true);
  expect(await story.history('publish')).toEqual([expect.stringContaining('on primary (first)')]);
});

function regenerated(story: Story): string {
  const token = portalToken(story, 'primary');
  story.world.gateways.regenerate(GATEWAY, 'primary');
  return token;
}

test.each(['disable', 'delete'] as const)(
  'a secret which is found %sd gets a first version',
  async (how) => {
    const story = tellStory();
    story.world.vault.overwrite(ID, portalToken(story, 'primary'));
    story.world.vault[how](ID);
    await story.settle();
    if (how === 'delete') story.world.vault.recovered(ID);
    await story.live(HOUR);

    expect(story.accepts()).toBe(true);
    expect((await story.record()).setbacks).toEqual([]);
  },
);

test('a lost record is rebuilt from the tags: same version, same sequence, nothing published', async () => {
  const before = tellStory();
  await before.settle();
  const { sequence, slot } = await before.current();
  const after = tellStory();
  after.world.vault.overwrite(ID, before.published() ?? '', {
    sequence,
    slot,
    installation: 'keyturn-prod',
  });
  after.skip(DAY);
  await after.settle();

  expect(await after.current()).toMatchObject({ sequence, slot });
  expect(await after.history('publish')).toEqual([]);
});

test('where the configuration gives the name to another gateway, that one is taken over: nobody is cut off there', async () => {
  const story = await settledStory({ retire: { when: 'after', afterMs: DAY } });
  await story.rotate();
  await story.live(HOUR);
  const { sequence } = await story.current();
  const { gateways } = story.world;
  const lyon = GATEWAY.replace('paris', 'lyon');
  gateways.create(lyon);
  const portal = ['primary', 'secondary'].map((slot) =>
    gateways.mint(lyon, slot, story.nowMs() + 29 * DAY),
  );

  story.configure({ target: lyon });
  await story.settle();
  expect(gateways.accepts(lyon, story.published() ?? '')).toBe(true);
  expect((await story.current()).sequence).toBeGreaterThan(sequence);
  expect(await story.record()).toMatchObject({ target: lyon });
  await story.rotate();
  await story.live(20 * DAY);
  expect(portal.map((token) => gateways.accepts(lyon, token))).toEqual([true, true]);
});

test('what was asked for another gateway of that name is not done to this one', async () => {
  const story = await settledStory();
  const lyon = GATEWAY.replace('paris', 'lyon');
  story.world.gateways.create(lyon);
  await story.revoke('secondary');
  story.configure({ target: lyon });
  await story.live(DAY);

  expect(story.count('issuer.retire')).toBe(0);
  expect(await story.record()).not.toHaveProperty('request');
});
