import { expect, test } from 'vitest';
import { DAY, MINUTE } from '../../../shared/core/limits.ts';
import { published } from '../../../shared/core/transitions.ts';
import {
  attempt,
  decided,
  GATEWAY,
  policy,
  provenAlive,
  record,
  seen,
  setback,
  T0,
  usedSlot,
} from '../../support/samples.ts';
import { settledStory } from '../../support/story.ts';

const DEADLINE = T0 + 2 * MINUTE;

test('a probe is due at once after a publish, a repair too', () => {
  const version = attempt({ sequence: 100, slot: 'primary', fingerprint: 'f100', cause: 'repair' });
  const repaired = published(record(), version, 'v100', T0 + DAY);

  expect(decided(seen(repaired), policy(), T0 + DAY)).toEqual({ do: 'probe', slot: 'primary' });
});

test('a probe is due again when the latest publish can have landed', () => {
  const at = seen(provenAlive(record(), T0 + MINUTE));
  const landedMs = DEADLINE + 15 * MINUTE;

  expect(decided(at, policy(), landedMs)).toEqual({ do: 'wait', untilMs: landedMs + 1 });
  expect(decided(at, policy(), landedMs + 1)).toEqual({ do: 'probe', slot: 'primary' });
});

test('an intent on the other slot which never completed counts as well', () => {
  const dead = usedSlot('secondary', { publishDeadlineAtMs: T0 + DAY });
  const before = provenAlive(record({ slots: [usedSlot('primary'), dead] }), T0 + DAY);
  const landedMs = T0 + DAY + 15 * MINUTE;

  expect(decided(seen(before), policy(), landedMs)).toEqual({ do: 'wait', untilMs: landedMs + 1 });
  expect(decided(seen(before), policy(), landedMs + 1)).toEqual({ do: 'probe', slot: 'primary' });
});

test('afterwards a probe is due daily', () => {
  const probedMs = T0 + DAY;
  const at = seen(provenAlive(record(), probedMs));

  expect(decided(at, policy(), probedMs + DAY - 1)).toEqual({
    do: 'wait',
    untilMs: probedMs + DAY,
  });
  expect(decided(at, policy(), probedMs + DAY)).toEqual({ do: 'probe', slot: 'primary' });
});

test('a key regenerated while a publish was on its way is noticed in the same breath', async () => {
  const story = await settledStory();
  await story.rotate();
  const worker = await story.worker({ when: 'before', call: 'vault.publish' });
  story.world.gateways.regenerate(GATEWAY, 'secondary');
  await worker.resume();
  expect(story.accepts()).toBe(false);

  await story.settle();
  expect(story.accepts()).toBe(true);
});

test('a retire waits for a probe which saw the new version alive', () => {
  const { probe: _, ...unproven } = record({
    slots: [usedSlot('primary'), usedSlot('secondary', { maxExpiryAtMs: T0 })],
    setbacks: [setback({ step: 'probe', slot: 'primary', untilMs: T0 + 3 * DAY })],
  });

  expect(decided(seen(unproven), policy(), T0 + 2 * DAY)).toMatchObject({ do: 'wait' });
});
