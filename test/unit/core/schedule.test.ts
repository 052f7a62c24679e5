import { describe, expect, test } from 'vitest';
import { DAY, MINUTE, PRODUCTION } from '../../../shared/core/limits.ts';
import {
  cleanFromMs,
  floorMinute,
  isPlausible,
  probeAtMs,
  renewalAtMs,
  slotState,
  spreadMs,
} from '../../../shared/core/schedule.ts';
import {
  LIFETIME,
  policy,
  record,
  retiringSlot,
  slot,
  T0,
  usedSlot,
  version,
} from '../../support/samples.ts';

describe('a slot', () => {
  test.each([
    { state: 'used', one: usedSlot('primary') },
    { state: 'retiring', one: retiringSlot('primary', T0 - DAY) },
    { state: 'settling', one: slot('primary', { retireDeadlineAtMs: T0, retiredAtMs: T0 }) },
    { state: 'clean', one: slot('primary') },
  ])('is $state by the instants it carries', ({ state, one }) => {
    expect(slotState(one, PRODUCTION, T0)).toBe(state);
  });

  test('is clean from the instant which is named, not a moment earlier', () => {
    const settling = slot('primary', { retireDeadlineAtMs: T0, retiredAtMs: T0 });
    const fromMs = cleanFromMs(settling, PRODUCTION);

    expect(slotState(settling, PRODUCTION, fromMs - 1)).toBe('settling');
    expect(slotState(settling, PRODUCTION, fromMs)).toBe('clean');
  });
});

describe('a renewal', () => {
  const byShare = (part: number) => T0 + LIFETIME * part - spreadMs(policy());

  test('is due at a part of the life, less its share of the spread', () => {
    expect(renewalAtMs(version(), policy())).toBe(byShare(2 / 3));
    expect(renewalAtMs(version(), policy({ renewAt: 0.5 }))).toBe(byShare(0.5));
  });

  test('of a token which was taken over late in its life counts from its expiry', () => {
    const old = version({ publishedAtMs: T0, expiryAtMs: T0 + DAY });

    expect(renewalAtMs(old, policy())).toBeLessThan(T0);
  });

  test('of a token which lives longer than the policy now allows counts from its publish', () => {
    const shorter = policy({ lifetimeMs: 10 * DAY, renewAt: 0.5 });

    expect(renewalAtMs(version(), shorter)).toBe(T0 + 5 * DAY - spreadMs(shorter));
  });

  test('is spread over a tenth of the life by the id, always the same for one id', () => {
    const shares = Array.from({ length: 200 }, (_, index) =>
      spreadMs(policy({ id: `gateway-${index}` })),
    );

    expect(Math.max(...shares)).toBeLessThan(LIFETIME / 10);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(new Set(shares.map((share) => Math.floor(share / (LIFETIME / 100)))).size).toBe(10);
    expect(spreadMs(policy({ id: 'gateway-7' }))).toBe(shares[7]);
  });
});

describe('a probe', () => {
  test('is due at once where none was made since the publish', () => {
    const { probe: _, ...never } = record();
    const before = record({ probe: { atMs: T0 - 1, result: 'alive' } });

    expect(probeAtMs(never, PRODUCTION)).toBe(0);
    expect(probeAtMs(before, PRODUCTION)).toBe(0);
  });
});

test('a sequence is plausible up to a week of minutes ahead of the clock', () => {
  const minute = T0 / MINUTE;

  expect(isPlausible(minute + 10_000, T0)).toBe(true);
  expect(isPlausible(minute + 10_001, T0)).toBe(false);
});

test('a minute begins at its first millisecond', () => {
  expect(floorMinute(T0)).toBe(T0);
  expect(floorMinute(T0 + MINUTE - 1)).toBe(T0);
  expect(floorMinute(T0 + MINUTE)).toBe(T0 + MINUTE);
});
