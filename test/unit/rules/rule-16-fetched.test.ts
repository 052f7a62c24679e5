import { expect, test } from 'vitest';
import { adoptedFromMs } from '../../../shared/core/adoption.ts';
import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import type { Adoption, ConsumerTerms } from '../../../shared/core/nouns.ts';
import { adoptedPolicy, reported, T0 } from '../../support/samples.ts';

const { skewMs: SKEW } = PRODUCTION;

/** The overlap lasts a day and ended at `T0`. */
const CLAIM = { sequence: 100, sinceMs: T0 };

function fromMs(terms: Omit<ConsumerTerms, 'id'>, evidence: Partial<Adoption>): number {
  const adoption = { consumer: 'lyon', firstSeenAtMs: T0, seenAtMs: T0, ...evidence };
  return adoptedFromMs(CLAIM, adoptedPolicy({ consumers: [{ id: 'lyon', ...terms }] }), [adoption]);
}

const fetched = { sequence: 100, sinceMs: T0 - HOUR, atMs: T0 };

test('an ETag is no evidence where nobody promised how soon pods restart', () => {
  expect(fromMs({}, { fetched })).toBe(Infinity);
});

test('an ETag counts when the promised restarts are over, if the overlap is longer than they take', () => {
  expect(fromMs({ restartWithinMs: DAY }, { fetched })).toBe(Infinity);
  expect(fromMs({ restartWithinMs: DAY - 1 }, { fetched })).toBe(T0 - HOUR + DAY - 1 + 2 * SKEW);
});

test('an ETag from a moment before the end of the overlap is not enough', () => {
  expect(fromMs({ restartWithinMs: HOUR }, { fetched: { ...fetched, atMs: T0 - 1 } })).toBe(
    Infinity,
  );
});

test('the ETag of another version proves nothing, and takes an older report back', () => {
  const other = { sequence: 99, sinceMs: T0 + 1, atMs: T0 + 1 };

  expect(fromMs({ restartWithinMs: HOUR }, { fetched: other })).toBe(Infinity);
  expect(fromMs({}, { ...reported('lyon', 100, T0), fetched: other })).toBe(Infinity);
});

test('a report which still shows old pods is stronger than an ETag', () => {
  const running = [{ version: 99, pods: 1 }];
  const report = { stored: 100, running, desired: 1, atMs: T0 };

  expect(fromMs({ restartWithinMs: HOUR }, { report, fetched })).toBe(Infinity);
});
