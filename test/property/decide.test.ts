import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../shared/core/decide.ts';
import { DAY, HOUR, MINUTE } from '../../shared/core/limits.ts';
import type { Decision, Observation, Policy, Slot } from '../../shared/core/nouns.ts';
import { slotNamed, slotState } from '../../shared/core/schedule.ts';
import { anyObservation, anyPolicy } from '../support/arbitraries.ts';
import { FENCE, LIFETIME, T0 } from '../support/samples.ts';

type Step<Name> = Extract<Decision, { do: Name }>;

/** The smallest thing met at `T0` on which a decision of this sort is not as it has to be; null where there is none. */
function exceptionTo<Name extends Decision['do']>(
  name: Name,
  holds: (step: Step<Name>, seen: Observation, policy: Policy) => boolean,
): unknown {
  const property = fc.property(anyObservation, anyPolicy, (seen, policy) => {
    const decision = decide(seen, policy, T0);
    return decision.do !== name || holds(decision as Step<Name>, seen, policy);
  });
  return fc.check(property, { seed: 2026, numRuns: 2_000 }).counterexample;
}

function slotOf(seen: Observation, name: string): Slot | undefined {
  return slotNamed(seen.record, name);
}

test('decide answers whatever it sees, always the same, and changes nothing', () => {
  const property = fc.property(anyObservation, anyPolicy, (seen, policy) => {
    const before = structuredClone(seen);
    const first = decide(seen, policy, T0);
    expect(decide(seen, policy, T0)).toEqual(first);
    expect(seen).toEqual(before);
  });
  fc.assert(property, { seed: 2026, numRuns: 1_000 });
});

test('every sort of decision is met often enough to mean something', () => {
  const met = fc
    .sample(fc.tuple(anyObservation, anyPolicy), { seed: 2026, numRuns: 2_000 })
    .map(([seen, policy]) => decide(seen, policy, T0))
    .map((decision) => ('cause' in decision ? decision.cause : decision.do));
  const often = [...new Set(met)].filter((sort) => met.filter((one) => one === sort).length >= 20);

  expect(often.toSorted()).toEqual(
    [
      'close',
      'drift',
      'finish',
      'first',
      'identify',
      'operator',
      'probe',
      'renewal',
      'repair',
    ].concat(['revoke', 'setback', 'superseded', 'unfinished', 'wait']),
  );
});

test('a wait ends in the future, and within a day', () => {
  expect(exceptionTo('wait', ({ untilMs }) => untilMs > T0 && untilMs <= T0 + DAY)).toBeNull();
});

test('what is retired as superseded is never the slot of the current version, and always is in use', () => {
  expect(
    exceptionTo('retire', ({ cause, slot }, seen, { limits }) => {
      if (cause !== 'superseded') return true;
      const state = slotState(slotOf(seen, slot)!, limits, T0);
      return slot !== seen.record.current?.slot && state === 'used';
    }),
  ).toBeNull();
});

test('a slot is revoked only if it was asked for, and finished only if it was begun', () => {
  expect(
    exceptionTo('retire', ({ cause, slot }, seen, { limits }) => {
      const { request } = seen.record;
      if (cause === 'revoke') return request?.ask === 'revoke' && request.slot === slot;
      return cause !== 'unfinished' || slotState(slotOf(seen, slot)!, limits, T0) === 'retiring';
    }),
  ).toBeNull();
});

test('nothing is retired without proof: expired, or known and superseded under a policy which says so', () => {
  expect(
    exceptionTo('retire', ({ cause, slot }, seen, policy) => {
      if (cause !== 'superseded') return true;
      const { maxExpiryAtMs, pastKnown, firstSeenAtMs, supersededAtMs } = slotOf(seen, slot)!;
      const isExpired = T0 > maxExpiryAtMs + HOUR;
      const isKnown = pastKnown || T0 > firstSeenAtMs + 30 * DAY + HOUR;
      const isAllowed = policy.retire.when !== 'expired' && !policy.directReaders;
      return isExpired || (isKnown && isAllowed && supersededAtMs !== undefined);
    }),
  ).toBeNull();
});

test('nothing is retired while a publish on it may still arrive, except to revoke it', () => {
  expect(
    exceptionTo('retire', ({ cause, slot }, seen) => {
      const { publishDeadlineAtMs = 0 } = slotOf(seen, slot)!;
      return cause !== 'superseded' || T0 > publishDeadlineAtMs + FENCE;
    }),
  ).toBeNull();
});

test('while the evidence is unknown, only expiry or the word of an operator retires', () => {
  expect(
    exceptionTo('retire', ({ cause, slot }, seen, { retire }) => {
      if (cause !== 'superseded' || seen.adoption !== 'unknown' || retire.when !== 'adopted')
        return true;
      return T0 > slotOf(seen, slot)!.maxExpiryAtMs + HOUR;
    }),
  ).toBeNull();
});

test('while the issuer is unknown, there is no step at all', () => {
  for (const name of ['identify', 'probe', 'publish', 'finish', 'retire', 'close'] as const) {
    expect(exceptionTo(name, (_, { issuer }) => issuer.state !== 'unknown')).toBeNull();
  }
});

test('while Key Vault is unknown, or another installation publishes there, only a revoke goes on', () => {
  const isOurs = ({ vault }: Observation) =>
    vault.state !== 'unknown' &&
    (vault.state !== 'present' || vault.tags.installation !== 'another');

  expect(exceptionTo('publish', (_, seen) => isOurs(seen))).toBeNull();
  expect(exceptionTo('identify', (_, seen) => isOurs(seen))).toBeNull();
  expect(exceptionTo('retire', ({ cause }, seen) => cause === 'revoke' || isOurs(seen))).toBeNull();
});

test('a new version never goes where a retire may still land, except to revoke the other slot', () => {
  expect(
    exceptionTo('publish', ({ cause, slot }, seen, { limits }) => {
      if (cause === 'revoke' || cause === 'repair') return true;
      return ['used', 'clean'].includes(slotState(slotOf(seen, slot)!, limits, T0));
    }),
  ).toBeNull();
});

test('the expiry is a whole minute, and no further ahead than the life and the guard against reuse', () => {
  expect(
    exceptionTo('publish', ({ expiryAtMs, cause }) => {
      const isBounded = expiryAtMs > T0 && expiryAtMs < T0 + LIFETIME + HOUR;
      return expiryAtMs % MINUTE === 0 && (cause === 'repair' || isBounded);
    }),
  ).toBeNull();
});

test('a repair asks for the expiry and the slot of the current version', () => {
  expect(
    exceptionTo('publish', ({ cause, slot, expiryAtMs }, { record: { current } }) => {
      return cause !== 'repair' || (slot === current?.slot && expiryAtMs === current.expiryAtMs);
    }),
  ).toBeNull();
});
