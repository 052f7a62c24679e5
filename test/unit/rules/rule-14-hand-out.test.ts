import { expect, test } from 'vitest';
import { adoptedFromMs } from '../../../shared/core/adoption.ts';
import { HOUR, MINUTE } from '../../../shared/core/limits.ts';
import type { Adoption } from '../../../shared/core/nouns.ts';
import { adoptedPolicy, reported, T0 } from '../../support/samples.ts';

/** That the hand-out is recorded before the answer is tested with pull; here is what the record of it is good for. */
const CLAIM = { sequence: 100, sinceMs: T0 };

const handedOut: Adoption = { consumer: 'new', firstSeenAtMs: T0, seenAtMs: T0 };

const others = [reported('lyon', 100, T0), reported('weu', 100, T0)];

test('a consumer which got a value counts, though a reconciler with an older configuration does not know it', () => {
  const mayBeKnownUntilMs = T0 + HOUR + 25 * MINUTE;

  expect(adoptedFromMs(CLAIM, adoptedPolicy(), others)).toBe(T0);
  expect(adoptedFromMs(CLAIM, adoptedPolicy(), [...others, handedOut])).toBe(mayBeKnownUntilMs);
});

test('a configured consumer which got a value and did not report has proved nothing', () => {
  const terms = adoptedPolicy({ consumers: [{ id: 'new' }] });

  expect(adoptedFromMs(CLAIM, terms, [handedOut])).toBe(Infinity);
});
