import { describe, expect, test } from 'vitest';
import { adoptedFromMs, oldPods, provedFromMs, standings } from '../../../shared/core/adoption.ts';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import { adoptedPolicy, record, reported, T0 } from '../../support/samples.ts';

const CLAIM = { sequence: 100, sinceMs: T0 };

describe('adoption', () => {
  test('is complete with the latest of all proofs', () => {
    const adoption = [reported('lyon', 100, T0 + HOUR), reported('weu', 100, T0 + 2 * HOUR)];

    expect(adoptedFromMs(CLAIM, adoptedPolicy(), adoption)).toBe(T0 + 2 * HOUR);
  });

  test('of a consumer which was removed is complete with its own proof, if that comes first', () => {
    const adoption = [
      reported('lyon', 100, T0),
      reported('weu', 100, T0),
      reported('gone', 100, T0 + 1),
    ];

    expect(adoptedFromMs(CLAIM, adoptedPolicy(), adoption)).toBe(T0 + 1);
  });
});

describe('one consumer', () => {
  const prove = (report: object) =>
    provedFromMs(CLAIM, { id: 'lyon' }, adoptedPolicy(), {
      ...reported('lyon', 100, T0),
      report: { stored: 100, running: [], desired: 0, atMs: T0, ...report },
    });

  test('without pods proves by what it stored', () => {
    expect(prove({})).toBe(T0);
    expect(prove({ stored: 99 })).toBe(Infinity);
  });

  test('whose pods do not all run yet proves as long as none runs another version', () => {
    expect(prove({ running: [{ version: 100, pods: 1 }], desired: 3 })).toBe(T0);
  });

  test('counts the pods of every other version, newer ones too', () => {
    const running = [99, 100, 101].map((version) => ({ version, pods: version - 98 }));

    expect(oldPods({ stored: 100, running, desired: 6 }, 100)).toBe(4);
  });
});

test('the standings tell who proved, lags, was never seen, or is no longer configured', () => {
  const terms = adoptedPolicy({ consumers: [{ id: 'lyon' }, { id: 'weu' }, { id: 'new' }] });
  const adoption = [reported('lyon', 100, T0), reported('weu', 99, T0), reported('gone', 99, T0)];

  expect(standings(record(), terms, adoption, T0 + DAY)).toEqual([
    { consumer: 'lyon', state: 'proved', stored: 100, pods: 2, oldPods: 0, seenAtMs: T0 },
    { consumer: 'weu', state: 'lagging', stored: 99, pods: 2, oldPods: 2, seenAtMs: T0 },
    { consumer: 'new', state: 'unseen', pods: 0, oldPods: 0 },
    { consumer: 'gone', state: 'removed', stored: 99, pods: 2, oldPods: 2, seenAtMs: T0 },
  ]);
});
