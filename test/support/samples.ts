import { DAY, HOUR, MINUTE, PRODUCTION, type EpochMs } from '../../shared/core/limits.ts';
import type {
  Adoption,
  Attempt,
  CredentialRecord,
  Decision,
  Observation,
  Policy,
  Setback,
  Slot,
  SlotName,
  Version,
} from '../../shared/core/nouns.ts';
import { decide } from '../../shared/core/decide.ts';

/** Samples of the nouns: a credential in its steady state, of which a test changes what it is about. */

export const T0: EpochMs = Date.parse('2026-12-01T12:00:00Z');

export const INSTALLATION = 'keyturn-prod';

export const GATEWAY =
  '/subscriptions/1/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso/gateways/paris';

export const LIFETIME = 29 * DAY;

/** FLIGHT + 2 x SKEW at production, spelled out: the longest that anything sent under a deadline is on its way. */
export const FENCE = 25 * MINUTE;

export function policy(changes: Partial<Policy> = {}): Policy {
  return {
    id: 'contoso--paris',
    kind: 'gateway-token',
    target: GATEWAY,
    lifetimeMs: LIFETIME,
    renewAt: 2 / 3,
    retire: { when: 'expired' },
    format: 'gateway-key',
    directReaders: false,
    consumers: [],
    missingConsumers: [],
    mode: 'rotate',
    limits: PRODUCTION,
    ...changes,
  };
}

/** Retired by two consumers' proof, a day after its successor. */
export function adoptedPolicy(changes: Partial<Policy> = {}): Policy {
  const consumers = [{ id: 'lyon' }, { id: 'weu' }];
  return policy({ retire: { when: 'adopted', overlapMs: DAY }, consumers, ...changes });
}

/** Known for long, and clean. */
export function slot(name: SlotName, changes: Partial<Slot> = {}): Slot {
  const longAgoMs = T0 - 60 * DAY;
  return {
    name,
    firstSeenAtMs: longAgoMs,
    pastKnown: true,
    maxExpiryAtMs: 0,
    retireDeadlineAtMs: longAgoMs,
    retiredAtMs: longAgoMs,
    ...changes,
  };
}

/** In use: whatever it was retired for is long past. */
export function usedSlot(name: SlotName, changes: Partial<Slot> = {}): Slot {
  const { retireDeadlineAtMs: _, retiredAtMs: _retired, ...used } = slot(name);
  return { ...used, maxExpiryAtMs: T0 + LIFETIME, ...changes };
}

/** The point of no return is behind it, and nobody knows what became of the call. */
export function retiringSlot(name: SlotName, retireDeadlineAtMs: EpochMs): Slot {
  return usedSlot(name, { retireDeadlineAtMs });
}

export function version(changes: Partial<Version> = {}): Version {
  return {
    sequence: 100,
    slot: 'primary',
    expiryAtMs: T0 + LIFETIME,
    fingerprint: 'f100',
    vaultVersion: 'v100',
    publishedAtMs: T0,
    ...changes,
  };
}

/** A renewal on its way to the other slot. */
export function attempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    sequence: 101,
    slot: 'secondary',
    cause: 'renewal',
    startedAtMs: T0 + DAY,
    expiryAtMs: T0 + DAY + LIFETIME,
    fingerprint: 'f101',
    ...changes,
  };
}

/** A retire of the primary which is forbidden. */
export function setback(changes: Partial<Setback> = {}): Setback {
  const code = 'ERR_FORBIDDEN';
  const remedy = 'Grant the role.';
  return {
    step: 'retire',
    slot: 'primary',
    code,
    remedy,
    blocked: true,
    count: 1,
    untilMs: T0,
    ...changes,
  };
}

/** Published at `T0` on the primary, seen alive an hour later; the secondary is clean. */
export function record(changes: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    schema: 1,
    id: 'contoso--paris',
    kind: 'gateway-token',
    target: GATEWAY,
    sequence: 100,
    current: version(),
    slots: [
      usedSlot('primary', { publishDeadlineAtMs: T0 + PRODUCTION.deadlineMs }),
      slot('secondary'),
    ],
    setbacks: [],
    probe: { atMs: T0 + HOUR, result: 'alive' },
    repairsAtMs: [],
    deviations: 0,
    dueAtMs: T0,
    ...changes,
  };
}

/** The current moved to the secondary at `T0`; the primary waits to be retired, until its values expire in ten days. */
export function rotatedRecord(previous: Partial<Slot> = {}): CredentialRecord {
  const maxExpiryAtMs = T0 + 10 * DAY;
  return record({
    current: version({ slot: 'secondary' }),
    slots: [
      usedSlot('primary', { maxExpiryAtMs, supersededAtMs: T0, ...previous }),
      usedSlot('secondary', { publishDeadlineAtMs: T0 + PRODUCTION.deadlineMs }),
    ],
  });
}

/** The issuer minted the current version's bytes again at this instant. */
export function provenAlive(of: CredentialRecord, atMs: EpochMs): CredentialRecord {
  return { ...of, probe: { atMs, result: 'alive' } };
}

/** Key Vault shows the current version, the issuer is there, nobody was heard. */
export function seen(of: CredentialRecord, changes: Partial<Observation> = {}): Observation {
  return {
    installation: INSTALLATION,
    record: of,
    vault: of.current ? showing(of.current) : { state: 'absent' },
    issuer: { state: 'present' },
    adoption: [],
    ...changes,
  };
}

export function showing(
  shown: Pick<Version, 'sequence' | 'slot' | 'fingerprint'>,
  vaultVersion = `v${shown.sequence}`,
): Extract<Observation['vault'], { state: 'present' }> {
  return {
    state: 'present',
    version: vaultVersion,
    fingerprint: shown.fingerprint,
    formatted: true,
    tags: { sequence: shown.sequence, slot: shown.slot, installation: INSTALLATION },
  };
}

/** A consumer's last report: all of its pods run what it stored. */
export function reported(consumer: string, sequence: number, atMs: EpochMs): Adoption {
  return {
    consumer,
    firstSeenAtMs: T0,
    seenAtMs: atMs,
    report: { stored: sequence, running: [{ version: sequence, pods: 2 }], desired: 2, atMs },
  };
}

/** The decision without its reason, which is for people. */
export function decided(at: Observation, by: Policy, nowMs: EpochMs): Omit<Decision, 'reason'> {
  const { reason: _, ...decision } = decide(at, by, nowMs);
  return decision;
}
