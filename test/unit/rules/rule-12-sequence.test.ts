import { expect, test } from 'vitest';
import { adoptedFromMs } from '../../../shared/core/adoption.ts';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import { nextSequence } from '../../../shared/core/schedule.ts';
import { adoptedPolicy, reported, T0 } from '../../support/samples.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

test('a consumer proves by the sequence, so that a repair asks nobody to prove again', async () => {
  const story = await settledStory(adoptedPolicy());
  await story.rotate();
  await story.live(DAY);
  const { sequence } = await story.current();
  await story.report('lyon', sequence);

  story.world.vault.disable('contoso--paris');
  await story.settle();
  expect(story.world.vault.versions('contoso--paris').at(-1)?.tags.sequence).toBe(sequence);
  await story.report('weu', sequence);

  await story.settle();
  expect(await story.slot('primary')).toMatchObject({ state: 'settling' });
});

test('evidence for an older sequence proves nothing about a newer one', () => {
  const idle = { stored: 100, running: [], desired: 0, atMs: T0 + DAY };
  const weu = { consumer: 'weu', firstSeenAtMs: T0, seenAtMs: T0, report: idle };
  const adoption = [reported('lyon', 101, T0 + DAY), weu];

  expect(adoptedFromMs({ sequence: 101, sinceMs: T0 }, adoptedPolicy(), adoption)).toBe(Infinity);
});

test('a sequence is the minute of 1970 it was made in, or one more than the last', () => {
  const minute = T0 / 60_000;

  expect(nextSequence(0, T0)).toBe(minute);
  expect(nextSequence(minute - 1, T0)).toBe(minute);
  expect(nextSequence(minute, T0)).toBe(minute + 1);
  expect(nextSequence(minute + 5, T0 + 59_999)).toBe(minute + 6);
});

test.each([
  { lost: 'the record', keep: 'secret' },
  { lost: 'record and secret', keep: 'nothing' },
])('a sequence grows even when $lost was lost', async ({ keep }) => {
  const before = await settledStory();
  const { sequence } = await before.current();
  const after = keep === 'secret' ? withSecretOf(before) : tellStory();
  after.skip(before.nowMs() - T0 + HOUR);
  await after.settle();

  await after.rotate();
  await after.settle();
  expect((await after.current()).sequence).toBeGreaterThan(sequence);
});

/** A new store beside the old vault. */
function withSecretOf(before: Story): Story {
  const after = tellStory();
  const last = before.world.vault.versions('contoso--paris').at(-1);
  after.world.vault.overwrite('contoso--paris', last?.value ?? '', last?.tags);
  return after;
}
