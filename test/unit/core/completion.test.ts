import { describe, expect, it } from 'vitest';
import { adoptionIsComplete } from '../../../shared/core/completion.ts';
import { hurtBy } from '../../../shared/core/hurt.ts';
import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import type { Adoption, CredentialRecord, Policy } from '../../../shared/core/nouns.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

const policy: Policy = {
  id: 'paris',
  kind: 'gateway-token',
  target: '/paris',
  lifetimeMs: 29 * DAY,
  renewAt: 2 / 3,
  retire: { when: 'adopted', overlapMs: DAY },
  format: 'gateway-key',
  directReaders: false,
  consumers: [{ id: 'lyon' }, { id: 'weu' }],
  missingConsumers: [],
  mode: 'rotate',
  limits: PRODUCTION,
};

const used = { firstSeenAtMs: 0, pastKnown: true, maxExpiryAtMs: NOW + 10 * DAY };

/** #2 on the secondary, published exactly one overlap ago. */
const record: CredentialRecord = {
  schema: 1,
  id: 'paris',
  kind: 'gateway-token',
  target: '/paris',
  sequence: 2,
  current: {
    sequence: 2,
    slot: 'secondary',
    expiryAtMs: NOW + 28 * DAY,
    fingerprint: 'f',
    vaultVersion: 'v',
    publishedAtMs: NOW - DAY,
  },
  slots: [
    { name: 'primary', ...used, supersededAtMs: NOW - DAY },
    { name: 'secondary', ...used },
  ],
  setbacks: [],
  repairsAtMs: [],
  deviations: 0,
  dueAtMs: NOW + DAY,
};

function runs(consumer: string, version: number): Adoption {
  const report = { stored: version, running: [{ version, pods: 1 }], desired: 1, atMs: NOW };
  return { consumer, firstSeenAtMs: 0, seenAtMs: NOW, report };
}

const BOTH = [runs('lyon', 2), runs('weu', 2)];

describe('an adoption is complete', () => {
  it('at the end of the overlap, and not a millisecond before', () => {
    expect(adoptionIsComplete(record, policy, BOTH, NOW)).toBe(true);
    expect(adoptionIsComplete(record, policy, BOTH, NOW - 1)).toBe(false);
  });

  it('not while a consumer lags or was never seen', () => {
    expect(adoptionIsComplete(record, policy, [runs('lyon', 2), runs('weu', 1)], NOW)).toBe(false);
    expect(adoptionIsComplete(record, policy, [runs('lyon', 2)], NOW)).toBe(false);
  });

  it('not where nothing waits for it', () => {
    const retired = { retireDeadlineAtMs: NOW - HOUR, retiredAtMs: NOW - HOUR };
    const [primary, secondary] = record.slots;
    const slots = [primary, secondary].flatMap((slot) =>
      slot ? [slot.name === 'primary' ? { ...slot, ...retired } : slot] : [],
    );
    expect(adoptionIsComplete({ ...record, slots }, policy, BOTH, NOW)).toBe(false);
    const expired: Policy = { ...policy, retire: { when: 'expired' } };
    expect(adoptionIsComplete(record, expired, BOTH, NOW)).toBe(false);
  });
});

describe('retiring a slot hurts', () => {
  const adoption = [runs('lyon', 1), runs('weu', 2)];
  const hurt = (slot: string, nowMs = NOW, some: readonly Adoption[] = adoption) =>
    hurtBy(slot, record, { policy, adoption: some }, nowMs);

  it('everybody who has a version, where it is the current one', () => {
    expect(hurt('secondary')).toEqual(['lyon', 'weu']);
    expect(hurt('secondary', NOW, [runs('lyon', 1)])).toEqual(['lyon']);
  });

  it('those who did not prove to run the current one, where it is the previous one', () => {
    expect(hurt('primary')).toEqual(['lyon']);
    expect(hurt('primary', NOW, [...adoption, runs('gone', 1)])).toEqual(['lyon', 'gone']);
  });

  it('nobody a margin after everything signed on it has expired', () => {
    const expiredMs = NOW + 10 * DAY + HOUR;
    expect(hurt('primary', expiredMs)).toEqual(['lyon']);
    expect(hurt('primary', expiredMs + 1)).toEqual([]);
  });
});
