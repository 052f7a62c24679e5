import { describe, expect, test } from 'vitest';
import { findings } from '../../../shared/core/findings.ts';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import type { Adoption, CredentialRecord, Policy } from '../../../shared/core/nouns.ts';
import { renewalAtMs } from '../../../shared/core/schedule.ts';
import {
  adoptedPolicy,
  LIFETIME,
  policy,
  record,
  reported,
  setback,
  slot,
  T0,
  usedSlot,
  version,
} from '../../support/samples.ts';

interface Told {
  readonly record?: Partial<CredentialRecord>;
  readonly policy?: Policy;
  readonly adoption?: readonly Adoption[];
  readonly nowMs?: number;
}

const told = ({
  record: changes = {},
  policy: terms = policy(),
  adoption = [],
  nowMs = T0,
}: Told) => findings({ record: record(changes), policy: terms, adoption, nowMs });

const codes = (of: Told) => told(of).map(({ code }) => code);

/** Superseded a day ago: the overlap is over, and the secondary still stands. */
const overlapped = {
  slots: [usedSlot('primary'), usedSlot('secondary', { supersededAtMs: T0 })],
};

const asked = { reason: 'found in a log', by: 'ada', atMs: T0 } as const;
const revoke = { ask: 'revoke', slot: 'primary', withoutNew: false, ...asked } as const;
const held = { untilMs: T0 + DAY, reason: 'freeze', by: 'ada' };

test('a credential which is well has no findings', () => {
  expect(told({})).toEqual([]);
});

test.each<[code: string, of: Told]>([
  ['CURRENT_DEAD', { record: { probe: { atMs: T0, result: 'dead' } } }],
  ['ERR_FORBIDDEN', { record: { setbacks: [setback()] } }],
  ['REVOKE_PENDING', { record: { request: revoke } }],
  ['ISSUER_DEVIATES', { record: { deviations: 2 } }],
  ['SECRET_REPAIRED', { record: { repairsAtMs: [T0 - DAY + 1] } }],
  ['GATEWAY_GONE', { record: { closed: { reason: 'issuer-gone', atMs: T0 } } }],
  ['NOT_CONFIGURED', { record: { closed: { reason: 'not-configured', atMs: T0 } } }],
  ['CONSUMER_NOT_CONFIGURED', { policy: policy({ missingConsumers: ['paris'] }) }],
  ['CONSUMER_REMOVED', { adoption: [reported('gone', 99, T0 - 29 * DAY)] }],
  ['HELD', { record: { hold: held } }],
  ['OBSERVE_MODE', { policy: policy({ mode: 'observe' }) }],
])('%s is told, with what to do', (code, of) => {
  const text = expect.stringMatching(/\.$/);
  expect(told(of)).toMatchObject([{ code, message: expect.any(String), remedy: text }]);
});

test.each<[what: string, of: Told]>([
  ['one contradiction of the issuer', { record: { deviations: 1 } }],
  ['a repair a day ago', { record: { repairsAtMs: [T0 - DAY] } }],
  [
    'a consumer gone for longer than a token lives',
    { adoption: [reported('gone', 99, T0 - 30 * DAY)] },
  ],
  ['a hold which is over', { record: { hold: { ...held, untilMs: T0 } } }],
  [
    'a dead probe of nothing',
    { record: { current: undefined, probe: { atMs: T0, result: 'dead' } } as never },
  ],
])('%s is no finding', (_, of) => {
  expect(codes(of)).toEqual([]);
});

describe('the end of a life', () => {
  const { expiryAtMs } = version();

  test('is near from its last tenth on, and then there', () => {
    const at = (nowMs: number) => codes({ nowMs });
    expect(at(expiryAtMs - LIFETIME / 10 - 1)).not.toContain('EXPIRES_SOON');
    expect(at(expiryAtMs - LIFETIME / 10)).toContain('EXPIRES_SOON');
    expect(at(expiryAtMs - 1)).toContain('EXPIRES_SOON');
    expect(at(expiryAtMs)).toContain('EXPIRED');
  });

  test('a renewal is late after a twentieth of the life', () => {
    const lateMs = renewalAtMs(version(), policy()) + LIFETIME / 20;
    expect(codes({ nowMs: lateMs - 1 })).toEqual([]);
    expect(codes({ nowMs: lateMs })).toEqual(['RENEWAL_LATE']);
    const hold = { ...held, untilMs: lateMs };
    expect(codes({ record: { hold }, nowMs: lateMs })).toEqual([]);
  });
});

describe('consumers which lag', () => {
  const of = (adoption: readonly Adoption[], nowMs: number): Told => ({
    record: overlapped,
    policy: adoptedPolicy(),
    adoption,
    nowMs,
  });

  test('are told by name once the overlap is over', () => {
    const lagging = [reported('lyon', 100, T0 + HOUR), reported('weu', 99, T0 + HOUR)];
    expect(codes(of(lagging, T0 + DAY))).toEqual([]);
    expect(told(of(lagging, T0 + DAY + 1))).toMatchObject([
      { code: 'CONSUMER_LAGS', message: 'Not proved to run #100: weu.' },
    ]);
  });

  test('are no finding where nothing waits for them', () => {
    const slots = [usedSlot('primary'), slot('secondary', { supersededAtMs: T0 })];
    const waiting = of([reported('weu', 99, T0)], T0 + DAY + 1);
    expect(codes({ ...waiting, record: { slots } })).toEqual([]);
  });
});

test('the worst comes first, and a failure grows worse as it lasts', () => {
  const blocked = setback({ step: 'publish' });
  const passing = setback({ blocked: false, code: 'ERR_UNAVAILABLE' });
  const of = (count: number) => told({ record: { setbacks: [{ ...passing, count }, blocked] } });
  expect(of(2).map(({ severity }) => severity)).toEqual(['alert', 'info']);
  expect(of(3).map(({ severity }) => severity)).toEqual(['alert', 'warn']);
});
