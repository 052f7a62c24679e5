import { describe, expect, test } from 'vitest';
import { KINDS } from '../../../shared/core/kinds.ts';
import { HOUR, MINUTE } from '../../../shared/core/limits.ts';
import type { CredentialRecord, Slot } from '../../../shared/core/nouns.ts';
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

const { slotFor, refugeFrom, expiryFor, written, bare } = KINDS['gateway-token'];

const NOW = T0 + HOUR;

const clean = slot('secondary');
const used = usedSlot('secondary');
const settling = slot('secondary', { retireDeadlineAtMs: NOW, retiredAtMs: NOW });
const retiring = retiringSlot('secondary', NOW);

/** The current is on the primary. */
function withOther(other: Slot, primary: Slot = usedSlot('primary')): CredentialRecord {
  return record({ slots: [primary, other] });
}

describe('the next version of a gateway token', () => {
  test.each([
    { other: 'clean', of: withOther(clean), goesTo: 'secondary' },
    { other: 'used', of: withOther(used), goesTo: 'primary' },
    { other: 'settling', of: withOther(settling), goesTo: 'primary' },
    { other: 'retiring', of: withOther(retiring), goesTo: 'primary' },
  ])('goes to the $goesTo where the other slot is $other', ({ of, goesTo }) => {
    expect(slotFor(of, policy(), NOW)).toBe(goesTo);
  });

  test('goes to a used other slot rather than one on which a retire may land', () => {
    const killed = slot('primary', { retireDeadlineAtMs: NOW, retiredAtMs: NOW });

    expect(slotFor(withOther(used, killed), policy(), NOW)).toBe('secondary');
  });

  test('goes nowhere while a retire may land on both slots', () => {
    expect(
      slotFor(withOther(settling, retiringSlot('primary', NOW)), policy(), NOW),
    ).toBeUndefined();
  });

  test('is the first on the primary', () => {
    const { current: _, ...fresh } = withOther(used);

    expect(slotFor(fresh, policy(), NOW)).toBe('primary');
  });
});

describe('a revoke of the primary', () => {
  test.each([
    { other: 'clean', of: withOther(clean), goesTo: 'secondary' },
    { other: 'used', of: withOther(used), goesTo: 'secondary' },
    { other: 'settling', of: withOther(settling), goesTo: 'secondary' },
    { other: 'retiring', of: withOther(retiring), goesTo: undefined },
  ])('publishes on $goesTo where the other slot is $other', ({ of, goesTo }) => {
    expect(refugeFrom('primary', of, policy(), NOW)).toBe(goesTo);
  });

  test('publishes on the primary itself once it was retired, where the other one is retiring', () => {
    const killed = slot('primary', { retireDeadlineAtMs: NOW, retiredAtMs: NOW });

    expect(refugeFrom('primary', withOther(retiring, killed), policy(), NOW)).toBe('primary');
  });
});

describe('the expiry to ask for', () => {
  const expiring = (expiryAtMs: number) => record({ current: version({ expiryAtMs }) });

  test('is a whole minute, a life ahead', () => {
    expect(expiryFor('secondary', record(), policy(), NOW + 59_999)).toBe(NOW + LIFETIME);
  });

  test('on the slot of the current is a minute below it, where an hour does not tell them apart', () => {
    const near = expiring(NOW + LIFETIME - HOUR + MINUTE);
    const far = expiring(NOW + LIFETIME - HOUR);

    expect(expiryFor('primary', near, policy(), NOW)).toBe(NOW + LIFETIME - HOUR);
    expect(expiryFor('primary', far, policy(), NOW)).toBe(NOW + LIFETIME);
  });

  test('on another slot does not look at the current: another key signs other bytes', () => {
    expect(expiryFor('secondary', expiring(NOW + LIFETIME), policy(), NOW)).toBe(NOW + LIFETIME);
  });
});

test('a value is written as consumers want it, and read however often somebody wrote the prefix', () => {
  expect(written('paris&1&x', policy())).toBe('GatewayKey paris&1&x');
  expect(written('paris&1&x', policy({ format: 'raw' }))).toBe('paris&1&x');
  expect(bare(' GatewayKey GatewayKey paris&1&x ')).toBe('paris&1&x');
});
