import * as fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '../../shared/core/limits.ts';
import type {
  Adoption,
  CredentialRecord,
  IssuerReading,
  Observation,
  Policy,
  Slot,
  VaultReading,
} from '../../shared/core/nouns.ts';
import {
  attempt,
  INSTALLATION,
  LIFETIME,
  policy,
  record,
  setback,
  showing,
  T0,
  version,
} from './samples.ts';

/** Anything that a reconcile can meet at `T0`, likely or not. Instants cluster where bounds are. */

const BOUNDS = [
  0,
  MINUTE,
  17 * MINUTE,
  25 * MINUTE,
  HOUR,
  DAY,
  20 * DAY,
  LIFETIME,
  30 * DAY + HOUR,
];

const around = fc
  .tuple(fc.constantFrom(...BOUNDS), fc.integer({ min: -2, max: 2 }))
  .map(([distanceMs, nearMs]) => distanceMs + nearMs);

const past = fc.oneof(around, fc.nat(60 * DAY)).map((agoMs) => T0 - agoMs);
const recently = (withinMs: number) =>
  fc.oneof(
    past,
    fc.nat(withinMs).map((agoMs) => T0 - agoMs),
  );
const anytime = fc.oneof(
  past,
  around.map((aheadMs) => T0 + aheadMs),
);
const minute = anytime.map((atMs) => Math.floor(atMs / MINUTE) * MINUTE);
const slotName = fc.constantFrom('primary', 'secondary');

/** Trouble is rare enough that what stands behind it in the order is met too. */
function rarely<T>(members: fc.Arbitrary<T>): fc.Arbitrary<T | object> {
  return fc.oneof({ arbitrary: fc.constant({}), weight: 9 }, { arbitrary: members, weight: 1 });
}

function mostly<T>(members: fc.Arbitrary<T>): fc.Arbitrary<T | object> {
  return fc.oneof({ arbitrary: members, weight: 9 }, { arbitrary: fc.constant({}), weight: 1 });
}

function slot(name: string): fc.Arbitrary<Slot> {
  const known = fc.record({
    name: fc.constant(name),
    firstSeenAtMs: past,
    pastKnown: fc.boolean(),
    maxExpiryAtMs: fc.oneof(fc.constant(0), minute),
  });
  const retired = fc.record({ retireDeadlineAtMs: past, retiredAtMs: past });
  const retire = fc.oneof(
    fc.constant({}),
    fc.constant({}),
    rarely(fc.record({ retireDeadlineAtMs: past })),
    retired,
  );
  return fc
    .tuple(
      known,
      retire,
      mostly(fc.record({ publishDeadlineAtMs: past })),
      mostly(fc.record({ supersededAtMs: past })),
    )
    .map((parts) => Object.assign({}, ...parts) as Slot);
}

const current = fc
  .record({
    slot: slotName,
    expiryAtMs: fc.oneof(
      minute,
      fc.nat(40_000).map((minutes) => T0 + minutes * MINUTE),
    ),
    publishedAtMs: recently(15 * DAY),
  })
  .map(version);
const next = fc.record({ slot: slotName, sequence: fc.constantFrom(100, 101) }).map(attempt);
const asked = { reason: 'because', by: 'ann' };
const request = fc.oneof(
  past.map((atMs) => ({ ask: 'rotate', ...asked, atMs }) as const),
  fc
    .record({ slot: slotName, withoutNew: fc.boolean(), atMs: past })
    .map((members) => ({ ask: 'revoke', ...asked, ...members }) as const),
);
const setbacks = fc.array(
  fc
    .record({
      step: fc.constantFrom('publish', 'retire', 'probe', 'finish', 'identify', 'observe'),
      slot: slotName,
      untilMs: anytime,
    })
    .map(setback),
  { maxLength: 3 },
);

export const anyRecord: fc.Arbitrary<CredentialRecord> = fc
  .tuple(
    fc.record({
      sequence: fc.constant(101),
      slots: fc.tuple(slot('primary'), slot('secondary')),
      repairsAtMs: fc.array(past, { maxLength: 4 }),
      deviations: fc.nat(3),
    }),
    mostly(current.map((one) => ({ current: one }))),
    rarely(next.map((one) => ({ next: one }))),
    rarely(fc.record({ request })),
    rarely(fc.record({ setbacks })),
    rarely(fc.constant({ slots: [] })),
    mostly(recently(DAY).map((atMs) => ({ probe: { atMs, result: 'alive' } }) as const)),
    rarely(past.map((atMs) => ({ probe: { atMs, result: 'dead' } }) as const)),
    rarely(anytime.map((untilMs) => ({ hold: { untilMs, reason: 'a freeze', by: 'ann' } }))),
  )
  .map((parts) => {
    const { current: _, probe: _probe, ...blank } = record();
    return Object.assign(blank, ...parts) as CredentialRecord;
  });

const trouble = { code: 'ERR_UNAVAILABLE', remedy: 'Wait.', blocked: false };

const vault: fc.Arbitrary<VaultReading> = oftenFirst<VaultReading>([
  showing(version()),
  showing(attempt()),
  { ...showing(version()), version: 'another' },
  { ...showing(version()), fingerprint: 'theirs', tags: {} },
  { ...showing(version()), tags: { installation: 'another', sequence: 9 } },
  { state: 'absent' },
  { state: 'disabled' },
  { state: 'unknown', trouble },
]);

const issuer = oftenFirst<IssuerReading>([
  { state: 'present' },
  { state: 'absent' },
  { state: 'unknown', trouble },
]);

/** The healthy one most of the time. */
function oftenFirst<T>([healthy, ...others]: readonly [T, ...T[]]): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constant(healthy), weight: 4 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  );
}

const evidence: fc.Arbitrary<Adoption> = fc.record({
  consumer: fc.constantFrom('lyon', 'weu', 'gone'),
  firstSeenAtMs: past,
  seenAtMs: past,
  report: fc.record({
    stored: fc.constantFrom(99, 100),
    running: fc.array(fc.record({ version: fc.constantFrom(99, 100), pods: fc.nat(3) })),
    desired: fc.nat(3),
    atMs: past,
  }),
});

export const anyObservation: fc.Arbitrary<Observation> = fc.record({
  installation: fc.constant(INSTALLATION),
  record: anyRecord,
  vault,
  issuer,
  adoption: fc.oneof(fc.array(evidence, { maxLength: 4 }), fc.constant('unknown' as const)),
});

export const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    retire: fc.constantFrom<Policy['retire']>(
      { when: 'expired' },
      { when: 'adopted', overlapMs: DAY },
      { when: 'after', afterMs: 0 },
      { when: 'after', afterMs: 7 * DAY },
    ),
    directReaders: fc.boolean(),
    consumers: fc.constantFrom([], [{ id: 'lyon' }], [{ id: 'lyon' }, { id: 'weu' }]),
  })
  .map(policy);
