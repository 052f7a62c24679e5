import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import { publishBooked, published, retired } from '../../../shared/core/transitions.ts';
import {
  attempt,
  decided,
  LIFETIME,
  policy,
  provenAlive,
  record,
  rotatedRecord,
  seen,
  T0,
  usedSlot,
} from '../../support/samples.ts';
import { settledStory } from '../../support/story.ts';

test('the intent books slot, expiry, deadline and sequence in one write, before anything is sent', async () => {
  const story = await settledStory();
  const { sequence } = await story.record();
  await story.rotate();
  await story.worker({ when: 'before', call: 'vault.publish' });

  const booked = await story.record();
  const nowMs = story.nowMs();
  expect(booked.sequence).toBeGreaterThan(sequence);
  expect(await story.slot('secondary')).toMatchObject({
    maxExpiryAtMs: nowMs + LIFETIME,
    publishDeadlineAtMs: nowMs + 2 * MINUTE,
  });
});

test('a publish which never completed keeps its slot as long as its bytes may live', () => {
  const bookedMs = T0 + 15 * DAY;
  const dead = attempt({ slot: 'primary', expiryAtMs: bookedMs });
  const before = publishBooked(rotatedRecord(), dead, T0 + 2 * MINUTE);
  const { intent: _, next: _next, ...crashed } = before;
  const at = seen(provenAlive(crashed, bookedMs));
  const fromMs = bookedMs + HOUR + 1;

  expect(decided(at, policy(), fromMs - 1)).toEqual({ do: 'wait', untilMs: fromMs });
  expect(decided(at, policy(), fromMs)).toMatchObject({ do: 'retire', slot: 'primary' });
});

test('a shorter expiry never lowers what was booked', () => {
  const long = usedSlot('secondary', { maxExpiryAtMs: T0 + 20 * DAY });
  const before = record({ slots: [usedSlot('primary'), long] });

  const after = publishBooked(before, attempt({ expiryAtMs: T0 + 3 * DAY }), T0);

  expect(after.slots[1]).toMatchObject({ maxExpiryAtMs: T0 + 20 * DAY });
});

test('every intent advances the sequence, a repair and one which never completes too', () => {
  const repair = attempt({ cause: 'repair', slot: 'primary', sequence: 100 });
  const once = publishBooked(record(), repair, T0);
  expect(once.sequence).toBe(101);

  const twice = publishBooked(once, attempt({ sequence: 102 }), T0);
  expect(twice.sequence).toBe(102);
});

test('only a retire result resets the booked expiry', () => {
  const booked = publishBooked(record(), attempt(), T0);
  const done = published(booked, attempt(), 'v101', T0);

  expect(done.slots[1]).toMatchObject({ maxExpiryAtMs: attempt().expiryAtMs });
  expect(retired(done, 'secondary', T0).slots[1]).toMatchObject({ maxExpiryAtMs: 0 });
});
