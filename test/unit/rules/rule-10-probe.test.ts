import { expect, test } from 'vitest';
import { DAY, MINUTE } from '../../../shared/core/limits.ts';
import { blankRecord, published } from '../../../shared/core/transitions.ts';
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
import { settledStory, type Story } from '../../support/story.ts';

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

test('a record which was lost while a regenerate was in the air finds out that it killed the current', async () => {
  const story = await settledStory();
  await story.revoke('secondary');
  await story.worker({ when: 'before', call: 'issuer.retire' });
  story.skip(3 * MINUTE);
  await story.settle();
  await story.revoke('primary');
  await story.settle();
  expect(await story.current()).toMatchObject({ slot: 'secondary' });

  await loseRecord(story);
  await story.live(10 * MINUTE);
  story.world.gateways.regenerate(GATEWAY, 'secondary');
  await story.live(10 * MINUTE);
  expect(story.accepts()).toBe(true);
});

/** The store went back to before Keyturn published anything. */
async function loseRecord({ ports, nowMs }: Story): Promise<void> {
  const stored = await ports.records.read(policy().id);
  await ports.records.write(blankRecord(policy(), nowMs()), stored?.etag);
}

test('a retire waits for a probe which saw the new version alive', () => {
  const { probe: _, ...unproven } = record({
    slots: [usedSlot('primary'), usedSlot('secondary', { maxExpiryAtMs: T0 })],
    setbacks: [setback({ step: 'probe', slot: 'primary', untilMs: T0 + 3 * DAY })],
  });

  expect(decided(seen(unproven), policy(), T0 + 2 * DAY)).toMatchObject({ do: 'wait' });
});
