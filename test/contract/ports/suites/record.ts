import type { CredentialRecord } from '../../../../shared/core/nouns.ts';

/** A record with every member there is, so that nothing gets lost on the way to a store and back. */
export function fullRecord(id: string): CredentialRecord {
  return {
    ...emptyRecord(id),
    current: {
      sequence: 29_937_481,
      slot: 'primary',
      expiryAtMs: 1_796_000_000_000,
      fingerprint: '0123456789abcdef',
      vaultVersion: 'c2d12adc8ef047dab96b268a694ea990',
      publishedAtMs: 1_795_000_000_000,
    },
    next: {
      sequence: 29_937_482,
      slot: 'secondary',
      cause: 'renewal',
      startedAtMs: 1_795_500_000_000,
      expiryAtMs: 1_797_000_000_000,
      fingerprint: 'fedcba9876543210',
    },
    slots: [
      {
        name: 'primary',
        firstSeenAtMs: 1_790_000_000_000,
        pastKnown: false,
        maxExpiryAtMs: 1_796_000_000_000,
        publishDeadlineAtMs: 1_795_000_120_000,
        supersededAtMs: 1_795_000_000_001,
        retireDeadlineAtMs: 1_795_000_000_002,
        retiredAtMs: 1_795_000_000_003,
      },
    ],
    intent: { step: 'publish', slot: 'secondary', deadlineAtMs: 1_795_500_120_000 },
    setbacks: [
      {
        step: 'retire',
        slot: 'primary',
        code: 'ERR_FORBIDDEN',
        remedy: 'grant it',
        blocked: true,
        count: 2,
        untilMs: 1_795_500_000_000,
      },
    ],
    probe: { atMs: 1_795_400_000_000, result: 'alive' },
    repairsAtMs: [1_795_300_000_000],
    request: {
      ask: 'revoke',
      slot: 'primary',
      withoutNew: false,
      reason: 'leaked',
      by: 'ada',
      atMs: 1_795_500_000_000,
    },
    hold: { untilMs: 1_795_600_000_000, reason: 'audit', by: 'ada' },
    closed: { reason: 'not-configured', atMs: 1_795_700_000_000 },
  };
}

/** A record with no more than it must have. */
export function emptyRecord(id: string): CredentialRecord {
  return {
    schema: 1,
    id,
    kind: 'gateway-token',
    target: `/subscriptions/s/resourceGroups/r/providers/Microsoft.ApiManagement/service/contoso/gateways/${id}`,
    sequence: 29_937_482,
    slots: [],
    setbacks: [],
    repairsAtMs: [],
    deviations: 0,
    dueAtMs: 1_795_500_000_123,
  };
}
