import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../shared/core/limits.ts';
import type { Request } from '../../../shared/core/nouns.ts';
import {
  attemptOf,
  blankRecord,
  closed,
  deviated,
  identified,
  probed,
  published,
  publishBooked,
  retireBooked,
  retired,
  waited,
} from '../../../shared/core/transitions.ts';
import {
  attempt,
  policy,
  record,
  rotatedRecord,
  setback,
  slot,
  T0,
  usedSlot,
  version,
} from '../../support/samples.ts';

const NOW = T0 + DAY;

const asked = { reason: 'because', by: 'ann', atMs: NOW };
const rotate: Request = { ask: 'rotate', ...asked };

function revoke(changes: Partial<Extract<Request, { ask: 'revoke' }>> = {}): Request {
  return { ask: 'revoke', slot: 'primary', withoutNew: false, ...asked, ...changes };
}

describe('a take-over', () => {
  const { publishedAtMs: _, ...found } = version({ sequence: 107, slot: 'secondary' });

  test('makes what was found current, as if it had been published now', () => {
    expect(identified(blankRecord(policy(), NOW), found, policy(), NOW)).toMatchObject({
      sequence: 107,
      current: { sequence: 107, slot: 'secondary', publishedAtMs: NOW },
      dueAtMs: NOW,
    });
  });

  test('counts both slots as used by a stranger, for the longest life', () => {
    const stranger = {
      firstSeenAtMs: NOW,
      pastKnown: false,
      maxExpiryAtMs: NOW + 30 * DAY,
      publishDeadlineAtMs: NOW + 2 * MINUTE,
    };

    expect(identified(record(), undefined, policy(), NOW).slots).toEqual([
      { name: 'primary', ...stranger },
      { name: 'secondary', ...stranger },
    ]);
  });

  test('forgets what the record believed, and keeps what people asked for', () => {
    const hold = { untilMs: NOW, reason: 'a freeze', by: 'ann' };
    const intent = { step: 'publish', slot: 'primary', deadlineAtMs: NOW } as const;
    const before = record({ next: attempt(), intent, request: rotate, hold });
    const after = identified(before, undefined, policy(), NOW);

    expect(after).toMatchObject({ sequence: 100, request: rotate, hold });
    expect(Object.keys(after)).not.toEqual(expect.arrayContaining(['current']));
    expect([after.next, after.intent, after.probe, after.closed]).toEqual(Array(4).fill(undefined));
  });
});

describe('an attempt', () => {
  const step = { slot: 'primary', expiryAtMs: NOW, fingerprint: 'f' } as const;

  test('of a repair carries the sequence of the current version, any other the next one', () => {
    expect(attemptOf(record(), { ...step, cause: 'repair' }, NOW).sequence).toBe(100);
    expect(attemptOf(record(), { ...step, cause: 'drift' }, NOW).sequence).toBe(NOW / 60_000);
  });
});

describe('a publish', () => {
  const booked = publishBooked(record(), attempt(), NOW);

  test('has its intent alive until its deadline', () => {
    expect(booked).toMatchObject({
      intent: { step: 'publish', slot: 'secondary', deadlineAtMs: NOW },
      next: attempt(),
      dueAtMs: NOW + 1,
    });
  });

  test('makes the attempt the current version, and supersedes the slot before', () => {
    const after = published(booked, attempt(), 'v101', NOW);

    expect(after).toMatchObject({
      current: { sequence: 101, slot: 'secondary', vaultVersion: 'v101', publishedAtMs: NOW },
      slots: [{ supersededAtMs: NOW }, {}],
    });
    expect([after.next, after.intent, after.probe]).toEqual([undefined, undefined, undefined]);
  });

  test('leaves the instant at which a slot was superseded first', () => {
    const later = published(rotatedRecord(), attempt({ slot: 'secondary' }), 'v101', NOW);

    expect(later.slots[0]?.supersededAtMs).toBe(T0);
  });

  test('on a slot which was superseded makes it one which is not', () => {
    const back = published(rotatedRecord(), attempt({ slot: 'primary' }), 'v101', NOW);

    expect(back.slots.map(({ supersededAtMs }) => supersededAtMs)).toEqual([undefined, NOW]);
  });

  test('remembers the last ten repairs', () => {
    const repairsAtMs = Array.from({ length: 10 }, (_, index) => T0 + index);
    const repair = attempt({ sequence: 100, slot: 'primary', cause: 'repair' });

    expect(published(record({ repairsAtMs }), repair, 'v', NOW).repairsAtMs).toEqual([
      ...repairsAtMs.slice(1),
      NOW,
    ]);
  });

  test.each([
    { request: rotate, cause: 'operator', slot: 'secondary', answers: true },
    { request: rotate, cause: 'renewal', slot: 'secondary', answers: true },
    { request: rotate, cause: 'repair', slot: 'primary', answers: false },
    { request: revoke(), cause: 'revoke', slot: 'secondary', answers: false },
    { request: revoke(), cause: 'revoke', slot: 'primary', answers: true },
    { request: revoke(), cause: 'renewal', slot: 'primary', answers: false },
    { request: revoke(), cause: 'repair', slot: 'primary', answers: false },
  ] as const)('by $cause on $slot answers a $request.ask: $answers', (one) => {
    const { request, cause, slot: name, answers } = one;
    const after = published(record({ request }), attempt({ cause, slot: name }), 'v', NOW);

    expect(after.request).toEqual(answers ? undefined : request);
  });

  test.each([
    { when: 'before it was asked', retiredAtMs: NOW - 1, left: revoke() },
    { when: 'since it was asked', retiredAtMs: NOW, left: undefined },
  ])('elsewhere answers a revoke if the leaked slot was retired $when', ({ retiredAtMs, left }) => {
    const slots = [slot('primary', { retiredAtMs }), usedSlot('secondary')];
    const after = published(
      record({ request: revoke(), slots }),
      attempt({ cause: 'drift' }),
      'v',
      NOW,
    );

    expect(after.request).toEqual(left);
  });
});

describe('a retire', () => {
  test('leaves a slot with a known past and nothing alive on it', () => {
    const before = rotatedRecord({ pastKnown: false, publishDeadlineAtMs: T0 });

    expect(retired(retireBooked(before, 'primary', NOW), 'primary', NOW).slots[0]).toEqual({
      ...slot('primary', { retireDeadlineAtMs: NOW, retiredAtMs: NOW }),
      publishDeadlineAtMs: T0,
    });
  });

  test('of the current slot kills the current version', () => {
    expect(retired(record(), 'primary', NOW).probe).toEqual({ atMs: NOW, result: 'dead' });
    expect(retired(record(), 'secondary', NOW).probe).toEqual(record().probe);
  });

  test.each([
    {
      what: 'the leaked slot, which is not current',
      of: revoke({ slot: 'secondary' }),
      retires: 'secondary',
      answers: true,
    },
    { what: 'another slot', of: revoke({ slot: 'primary' }), retires: 'secondary', answers: false },
    {
      what: 'the current slot, and a version has to follow',
      of: revoke(),
      retires: 'primary',
      answers: false,
    },
    {
      what: 'the current slot without a new version',
      of: revoke({ withoutNew: true }),
      retires: 'primary',
      answers: true,
    },
    {
      what: 'any slot, and a version was asked for',
      of: rotate,
      retires: 'secondary',
      answers: false,
    },
  ])('of $what answers the request: $answers', ({ of, retires, answers }) => {
    expect(retired(record({ request: of }), retires, NOW).request).toEqual(
      answers ? undefined : of,
    );
  });
});

describe('setbacks', () => {
  const setbacks = [
    setback({ step: 'publish', slot: 'secondary' }),
    setback({ step: 'finish', slot: 'secondary' }),
    setback({ step: 'probe' }),
    setback({ step: 'retire' }),
    setback({ step: 'observe', slot: '' }),
  ];
  const left = (after: { setbacks: typeof setbacks | readonly (typeof setbacks)[0][] }) =>
    after.setbacks.map(({ step }) => step);

  test('are forgotten by the step which went well, on whatever slot; and that the world could not be read', () => {
    const before = record({ setbacks });

    expect(left(published(before, attempt({ slot: 'primary' }), 'v', NOW))).toEqual([
      'probe',
      'retire',
    ]);
    expect(left(probed(before, 'alive', NOW))).toEqual(['publish', 'finish', 'retire']);
    expect(left(retired(before, 'secondary', NOW))).toEqual(['publish', 'finish', 'probe']);
    expect(left(waited(before, NOW))).toEqual(['publish', 'finish', 'probe', 'retire']);
    expect(left(closed(before, 'issuer-gone', NOW, NOW))).toEqual([]);
  });
});

test('a closed record asks for nothing and keeps what it knew', () => {
  const before = record({ request: rotate, next: attempt() });
  const after = closed(before, 'issuer-gone', NOW + HOUR, NOW);

  expect(after).toMatchObject({
    closed: { reason: 'issuer-gone', atMs: NOW },
    current: version(),
    dueAtMs: NOW + HOUR,
  });
  expect([after.request, after.next]).toEqual([undefined, undefined]);
});

test('every contradiction of the issuer is counted', () => {
  expect(deviated(deviated(record())).deviations).toBe(2);
});
