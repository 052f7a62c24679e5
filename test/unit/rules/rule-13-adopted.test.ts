import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import type { Adoption, AdoptionReport, Policy } from '../../../shared/core/nouns.ts';
import {
  adoptedPolicy,
  decided,
  provenAlive,
  reported,
  rotatedRecord,
  seen,
  T0,
} from '../../support/samples.ts';

const OVERLAP_ENDS = T0 + DAY;

/** What is decided about the primary, which the secondary's #100 superseded at `T0`. */
function decisionAt(nowMs: number, adoption: readonly Adoption[], terms: Policy = adoptedPolicy()) {
  return decided(seen(provenAlive(rotatedRecord(), nowMs - HOUR), { adoption }), terms, nowMs);
}

const RETIRES = { do: 'retire', slot: 'primary', cause: 'superseded' };

function all(atMs: number): readonly Adoption[] {
  return [reported('lyon', 100, atMs), reported('weu', 100, atMs)];
}

/** All proved, but the second consumer said this. */
function but(report: Partial<AdoptionReport & { atMs: number }>): readonly Adoption[] {
  const weu = reported('weu', 100, OVERLAP_ENDS);
  return [reported('lyon', 100, OVERLAP_ENDS), { ...weu, report: { ...weu.report!, ...report } }];
}

test('the previous slot is retired when every consumer proved the new version at the end of the overlap', () => {
  expect(decisionAt(OVERLAP_ENDS + HOUR, all(OVERLAP_ENDS))).toEqual(RETIRES);
});

test('evidence from a moment before the end of the overlap is not enough', () => {
  expect(decisionAt(OVERLAP_ENDS + HOUR, all(OVERLAP_ENDS - 1))).toMatchObject({ do: 'wait' });
});

test.each([
  { what: 'one consumer was never seen', adoption: all(OVERLAP_ENDS).slice(1) },
  { what: 'one stored another version', adoption: but({ stored: 99 }) },
  {
    what: 'one pod still runs the old version',
    adoption: but({
      running: [
        { version: 100, pods: 5 },
        { version: 99, pods: 1 },
      ],
    }),
  },
])('nothing is retired while $what', ({ adoption }) => {
  expect(decisionAt(OVERLAP_ENDS + HOUR, adoption)).toMatchObject({ do: 'wait' });
});

test('pods of the old version which are all gone are no objection', () => {
  const running = [
    { version: 100, pods: 5 },
    { version: 99, pods: 0 },
  ];
  expect(decisionAt(OVERLAP_ENDS + HOUR, but({ running }))).toEqual(RETIRES);
});

test('the last evidence wins, not the highest: a consumer which went back is believed', () => {
  const fetched = { sequence: 99, sinceMs: OVERLAP_ENDS + 1, atMs: OVERLAP_ENDS + 1 };
  const [lyon, weu] = all(OVERLAP_ENDS);
  const wentBack = [lyon!, { ...weu!, fetched }];
  expect(decisionAt(OVERLAP_ENDS + HOUR, wentBack)).toMatchObject({ do: 'wait' });

  const cameAgain = [lyon!, { ...reported('weu', 100, OVERLAP_ENDS + 2), fetched }];
  expect(decisionAt(OVERLAP_ENDS + HOUR, cameAgain)).toEqual(RETIRES);
});

test('a consumer taken out of the configuration stops counting', () => {
  const lastSeenMs = OVERLAP_ENDS;
  const adoption = [...all(OVERLAP_ENDS), reported('gone', 99, lastSeenMs)];
  const fromMs = lastSeenMs + HOUR + 25 * MINUTE;

  expect(decisionAt(fromMs - 1, adoption)).toMatchObject({ do: 'wait', untilMs: fromMs });
  expect(decisionAt(fromMs, adoption)).toEqual(RETIRES);
});

test.each([
  { what: 'nobody is configured', terms: { consumers: [] } },
  { what: 'a consumer is named which nobody configured', terms: { missingConsumers: ['paris'] } },
])('where $what, only expiry retires', ({ terms }) => {
  const expiredMs = T0 + 10 * DAY + HOUR + 1;

  expect(decisionAt(expiredMs - 1, all(OVERLAP_ENDS), adoptedPolicy(terms))).toMatchObject({
    do: 'wait',
  });
  expect(decisionAt(expiredMs, [], adoptedPolicy(terms))).toEqual(RETIRES);
});

test('while the evidence cannot be read, nothing is retired by it', () => {
  const nowMs = OVERLAP_ENDS + HOUR;
  const at = seen(provenAlive(rotatedRecord(), nowMs - HOUR), { adoption: 'unknown' });

  expect(decided(at, adoptedPolicy(), nowMs)).toMatchObject({ do: 'wait' });
});
