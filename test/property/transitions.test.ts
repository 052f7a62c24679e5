import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KINDS } from '../../shared/core/kinds.ts';
import { HOUR } from '../../shared/core/limits.ts';
import type { CredentialRecord, PublishCause } from '../../shared/core/nouns.ts';
import { setBack } from '../../shared/core/setbacks.ts';
import {
  attemptOf,
  closed,
  deviated,
  probed,
  publishBooked,
  published,
  retireBooked,
  retired,
  waited,
} from '../../shared/core/transitions.ts';
import { anyRecord } from '../support/arbitraries.ts';
import { attempt, policy, record, slot, T0, usedSlot } from '../support/samples.ts';

const SETTINGS = { seed: 2026, numRuns: 500 };

const causes = fc.constantFrom<PublishCause>(
  'first',
  'renewal',
  'operator',
  'drift',
  'revoke',
  'repair',
);
const slots = fc.constantFrom('primary', 'secondary');

type Write = (before: CredentialRecord, name: string) => CredentialRecord;

const trouble = { code: 'ERR_UNAVAILABLE', remedy: 'Wait.', blocked: false };

/** Every write but those which are allowed to: a retire result, and a take-over. */
const WRITES: Readonly<Record<string, Write>> = {
  publishBooked: (before, name) =>
    publishBooked(before, attempt({ slot: name, expiryAtMs: T0 }), T0),
  published: (before, name) => published(before, attempt({ slot: name }), 'v', T0),
  retireBooked: (before, name) => retireBooked(before, name, T0),
  probed: (before) => probed(before, 'dead', T0),
  deviated,
  closed: (before) => closed(before, 'issuer-gone', T0, T0),
  waited: (before) => waited(before, T0),
  setBack: (before, name) =>
    setBack(before, { step: 'publish', slot: name }, trouble, {
      limits: policy().limits,
      nowMs: T0,
    }),
};

test.each(Object.entries(WRITES))('%s lowers no booked expiry and no deadline', (_, write) => {
  const property = fc.property(anyRecord, slots, (before, name) => {
    const after = write(before, name);
    before.slots.forEach((one, index) => {
      const then = after.slots[index];
      expect(then?.maxExpiryAtMs).toBeGreaterThanOrEqual(one.maxExpiryAtMs);
      expect(then?.publishDeadlineAtMs ?? 0).toBeGreaterThanOrEqual(one.publishDeadlineAtMs ?? 0);
      expect(then?.firstSeenAtMs).toBe(one.firstSeenAtMs);
    });
  });
  fc.assert(property, SETTINGS);
});

test('a sequence which is booked is above everything that was booked before, a repair keeps its own', () => {
  const property = fc.property(anyRecord, causes, slots, (before, cause, name) => {
    const step = { cause, slot: name, expiryAtMs: T0, fingerprint: 'f' };
    const booked = attemptOf(before, step, T0);
    const isRepair = cause === 'repair' && before.current !== undefined;
    expect(booked.sequence > before.sequence || isRepair).toBe(true);
    expect(publishBooked(before, booked, T0).sequence).toBeGreaterThan(before.sequence);
  });
  fc.assert(property, SETTINGS);
});

test('only what was retired loses what was booked on it', () => {
  const property = fc.property(anyRecord, slots, (before, name) => {
    const others = before.slots.filter((one) => one.name !== name);
    expect(retired(before, name, T0).slots).toEqual(expect.arrayContaining(others));
  });
  fc.assert(property, SETTINGS);
});

test('versions which follow one another never share bytes: same slot, same minute', () => {
  const gaps = fc.array(fc.nat(2 * HOUR), { minLength: 2, maxLength: 20 });
  const property = fc.property(gaps, (pauses) => {
    const minutes = minutesOf(pauses);
    expect(new Set(minutes).size).toBe(minutes.length);
  });
  fc.assert(property, SETTINGS);
});

/** What is asked for when a new version is asked for after each pause, the first time on a clean slot. */
function minutesOf(pauses: readonly number[]): readonly string[] {
  const { slotFor, expiryFor } = KINDS['gateway-token'];
  let of = record({ slots: [usedSlot('primary'), slot('secondary')] });
  let nowMs = T0;
  return pauses.map((pauseMs) => {
    nowMs += pauseMs;
    const name = slotFor(of, policy(), nowMs) ?? '';
    const expiryAtMs = expiryFor(name, of, policy(), nowMs);
    const next = attemptOf(
      of,
      { cause: 'operator', slot: name, expiryAtMs, fingerprint: '' },
      nowMs,
    );
    of = published(publishBooked(of, next, nowMs), next, 'v', nowMs);
    return `${name} ${expiryAtMs}`;
  });
}
