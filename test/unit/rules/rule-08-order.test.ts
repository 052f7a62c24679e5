import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import type { CredentialRecord, Observation } from '../../../shared/core/nouns.ts';
import {
  attempt,
  decided,
  policy,
  record,
  retiringSlot,
  seen,
  showing,
  T0,
  usedSlot,
  version,
} from '../../support/samples.ts';

const NOW = T0 + 5 * DAY;

interface Wrong {
  readonly what: string;
  readonly record?: Partial<CredentialRecord>;
  readonly world?: Partial<Observation>;
  /** What is done about it, whatever else is wrong below. */
  readonly decision: object;
}

const asked = { reason: 'because', by: 'ann', atMs: NOW };
const next = attempt({ slot: 'primary' });

/** Everything that can be wrong with one credential, the most urgent first. */
const WRONGS: readonly Wrong[] = [
  {
    what: 'another worker acts',
    record: { intent: { step: 'publish', slot: 'primary', deadlineAtMs: NOW } },
    decision: { do: 'wait', untilMs: NOW + 1 },
  },
  {
    what: 'the gateway is gone',
    world: { issuer: { state: 'absent' } },
    decision: { do: 'close', why: 'issuer-gone' },
  },
  {
    what: 'its record was closed, and it is configured again',
    record: { closed: { reason: 'not-configured', atMs: T0 } },
    decision: { do: 'identify' },
  },
  {
    what: 'a leaked slot is to be revoked',
    record: { request: { ask: 'revoke', slot: 'primary', withoutNew: false, ...asked } },
    decision: { do: 'retire', cause: 'revoke', slot: 'primary' },
  },
  {
    what: 'the current version is dead',
    record: { probe: { atMs: NOW, result: 'dead' } },
    decision: { do: 'publish', cause: 'drift' },
  },
  {
    what: 'the secret was overwritten',
    world: { vault: { ...showing(version()), fingerprint: 'theirs' } },
    decision: { do: 'publish', cause: 'repair' },
  },
  {
    what: 'a retire did not end',
    record: { slots: [usedSlot('primary'), retiringSlot('secondary', T0)] },
    decision: { do: 'retire', cause: 'unfinished' },
  },
  {
    what: 'a publish did not end',
    record: { next, sequence: next.sequence },
    world: { vault: showing(next) },
    decision: { do: 'finish' },
  },
  {
    what: 'an operator asks for a new version',
    record: { request: { ask: 'rotate', ...asked } },
    decision: { do: 'publish', cause: 'operator' },
  },
  {
    what: 'it is time to renew',
    record: { current: version({ expiryAtMs: T0 + 9 * DAY, publishedAtMs: T0 - 20 * DAY }) },
    decision: { do: 'publish', cause: 'renewal' },
  },
  {
    what: 'it is time to probe',
    record: { probe: { atMs: T0 + DAY, result: 'alive' } },
    decision: { do: 'probe' },
  },
  {
    what: 'the previous slot may be retired',
    record: { slots: [usedSlot('primary'), usedSlot('secondary', { maxExpiryAtMs: T0 })] },
    decision: { do: 'retire', cause: 'superseded' },
  },
];

test.each(WRONGS.map((wrong, index) => ({ ...wrong, index })))(
  'when $what, that comes before everything which is less urgent',
  ({ index, decision }) => {
    const together = WRONGS.slice(index).toReversed();
    const healthy = record({ probe: { atMs: NOW - HOUR, result: 'alive' } });
    const at = seen(
      Object.assign(healthy, ...together.map((wrong) => wrong.record)),
      Object.assign({}, ...together.map((wrong) => wrong.world)),
    );

    expect(decided(at, policy(), NOW)).toMatchObject(decision);
  },
);

test('while Key Vault cannot be read nothing is issued, and only a revoke which needs no new version goes on', () => {
  const trouble = { code: 'ERR_UNAVAILABLE', remedy: '', blocked: false };
  const world = { vault: { state: 'unknown', trouble } } as const;
  const dead = record({ probe: { atMs: NOW, result: 'dead' } });
  const revoke = { ask: 'revoke', slot: 'secondary', withoutNew: false, ...asked } as const;

  expect(decided(seen(dead, world), policy(), NOW)).toMatchObject({ do: 'setback', trouble });
  expect(decided(seen({ ...dead, request: revoke }, world), policy(), NOW)).toMatchObject({
    do: 'retire',
    slot: 'secondary',
  });
});

test('an intent is alive up to its deadline, and no longer', () => {
  const intent = { step: 'publish', slot: 'primary', deadlineAtMs: NOW } as const;
  const at = seen(record({ intent, request: { ask: 'rotate', ...asked } }));

  expect(decided(at, policy(), NOW)).toEqual({ do: 'wait', untilMs: NOW + 1, stop: true });
  expect(decided(at, policy(), NOW + 1)).toMatchObject({ do: 'publish' });
});
