import { expect, test } from 'vitest';
import { HOUR } from '../../../shared/core/limits.ts';
import { HEALTHY, healthOf } from '../../support/health.ts';
import { type Story, tellStory } from '../../support/story.ts';

/** More calls than one reconcile makes. */
const CALLS = Array.from({ length: 20 }, (_, call) => call);

/** The gateway's first token was just published, on the primary. */
async function begin(): Promise<Story> {
  const story = tellStory();
  await story.settle();
  return story;
}

/** Kills a worker before or after each of its calls in turn, each in a life of its own, and lets another one go on. */
async function crashEverywhere<Facts>(
  when: 'before' | 'after',
  prepare: (story: Story) => Promise<void>,
  look: (story: Story) => Promise<Facts>,
) {
  const outcomes = [];
  for (const call of CALLS) {
    const story = await begin();
    await prepare(story);
    const worker = await story.worker({ when, call });
    if (!worker.stopped) break;
    await story.live(HOUR);
    outcomes.push({ call, ...(await healthOf(story)), ...(await look(story)) });
  }
  return outcomes;
}

test.each(['before', 'after'] as const)(
  'a worker which dies %s any call of a publish leaves one live version, and nobody is cut off',
  async (when) => {
    const outcomes = await crashEverywhere(
      when,
      (story) => story.rotate(),
      async ({ world, accepts }) => {
        const versions = world.vault.versions('contoso--paris');
        return { cutOff: versions.filter(({ value }) => !accepts(value)).length };
      },
    );

    expect(outcomes.length).toBeGreaterThan(8);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ call: outcome.call, ...HEALTHY, cutOff: 0 });
    }
  },
);

test.each(['before', 'after'] as const)(
  'a worker which dies %s any call of a retire leaves the slot dead, and the current alive',
  async (when) => {
    const outcomes = await crashEverywhere(
      when,
      (story) => story.revoke('secondary'),
      async (story) => ({ secondary: (await story.slot('secondary')).state }),
    );

    expect(outcomes.length).toBeGreaterThan(7);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ call: outcome.call, ...HEALTHY, secondary: 'clean' });
    }
  },
);

test.each(['before', 'after'] as const)(
  'a worker which dies %s any call of a revoke of the current slot leaves the leaked token dead',
  async (when) => {
    const outcomes = await crashEverywhere(
      when,
      (story) => story.revoke('primary'),
      async ({ world, accepts }) => {
        const [leaked] = world.vault.versions('contoso--paris');
        return { leakedIsAlive: accepts(leaked?.value) };
      },
    );

    expect(outcomes.length).toBeGreaterThan(8);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ call: outcome.call, ...HEALTHY, leakedIsAlive: false });
    }
  },
);

test('an unfinished publish whose value Key Vault has is finished, and not published again', async () => {
  const story = await begin();
  await story.rotate();
  await story.worker({ when: 'after', call: 'vault.publish' });
  await story.live(HOUR);

  expect(await story.history('finish')).toHaveLength(1);
  expect(story.world.vault.versions('contoso--paris')).toHaveLength(2);
});

test('an unfinished publish whose value Key Vault lacks is decided afresh', async () => {
  const story = await begin();
  await story.rotate();
  await story.worker({ when: 'before', call: 'vault.publish' });
  const { sequence: booked } = await story.record();
  await story.live(HOUR);

  expect(await story.history('finish')).toEqual([]);
  expect((await story.current()).sequence).toBeGreaterThan(booked);
});

test('a store which goes back in time takes over what Azure shows, and its sequence never repeats', async () => {
  const story = await begin();
  const old = await story.ports.records.read('contoso--paris');
  await story.rotate();
  await story.settle();
  const lost = await story.ports.records.read('contoso--paris');

  await story.ports.records.write({ ...old!.value, dueAtMs: story.nowMs() }, lost?.etag);
  await story.live(HOUR);
  expect((await story.current()).sequence).toBe(lost?.value.current?.sequence);
  await story.rotate();
  await story.settle();
  expect((await story.current()).sequence).toBeGreaterThan(lost?.value.sequence ?? Infinity);
  expect(await healthOf(story)).toEqual(HEALTHY);
});
