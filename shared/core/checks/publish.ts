import { MAX_REPAIRS, type EpochMs } from '../limits.ts';
import type { CredentialRecord, Decision, Observation, Policy } from '../nouns.ts';
import { renewalAtMs } from '../schedule.ts';
import { blocked, publishWherePossible, stuck, wait } from './opinions.ts';
import { holds, showsVersion } from './vault.ts';

/** Somebody regenerated the key: consumers are cut off at their next restart, so nothing is waited for. */
export function currentIsDead(seen: Observation, policy: Policy, nowMs: EpochMs) {
  if (!isDead(seen.record)) return undefined;
  return publishWherePossible(seen, policy, { cause: 'drift', reason: 'CurrentIsDead' }, nowMs);
}

function isDead({ current, probe }: CredentialRecord): boolean {
  return current !== undefined && probe?.result === 'dead';
}

/** Overwritten, disabled or deleted: the same bytes again, which moves neither renewal nor overlap (rule 11). */
export function vaultIsNotOurs(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Decision | undefined {
  const { current, next, repairsAtMs } = seen.record;
  if (current === undefined || current.expiryAtMs <= nowMs) return undefined;
  if (showsVersion(seen, current)) return undefined;
  if (holds(seen, current)) return { do: 'finish', slot: current.slot, reason: 'RepairIsThere' };
  if (next !== undefined && holds(seen, next)) return undefined;
  const recent = repairsAtMs.filter((atMs) => atMs > nowMs - policy.limits.repairWindowMs);
  if (recent.length >= MAX_REPAIRS)
    return stuck(blocked('ERR_REPAIRED_TOO_OFTEN'), 'RepairedTooOften');
  return {
    do: 'publish',
    cause: 'repair',
    slot: current.slot,
    expiryAtMs: current.expiryAtMs,
    reason: `VaultIs:${seen.vault.state}`,
  };
}

/** Finished only if Key Vault already holds its sequence; else the attempt is decided afresh by later checks. */
export function attemptIsUnfinished(seen: Observation): Decision | undefined {
  const { next } = seen.record;
  if (next === undefined || !holds(seen, next)) return undefined;
  return { do: 'finish', slot: next.slot, reason: 'AttemptIsThere' };
}

export function operatorAsked(seen: Observation, policy: Policy, nowMs: EpochMs) {
  if (seen.record.request?.ask !== 'rotate') return undefined;
  return publishWherePossible(seen, policy, { cause: 'operator', reason: 'OperatorAsked' }, nowMs);
}

export function renewalIsDue(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Decision | undefined {
  const { current } = seen.record;
  if (current === undefined) {
    return publishWherePossible(
      seen,
      policy,
      { cause: 'first', reason: 'NothingIsPublished' },
      nowMs,
    );
  }
  const dueAtMs = Math.max(renewalAtMs(current, policy), heldUntilMs(seen.record, policy));
  if (nowMs < dueAtMs) return wait(dueAtMs, 'RenewalIsNotDue');
  return publishWherePossible(seen, policy, { cause: 'renewal', reason: 'RenewalIsDue' }, nowMs);
}

/** A person's hold, which never reaches into the last stretch of the current version's life. */
export function heldUntilMs({ hold, current }: CredentialRecord, policy: Policy): EpochMs {
  if (hold === undefined) return 0;
  return Math.min(hold.untilMs, (current?.expiryAtMs ?? 0) - policy.limits.holdMarginMs);
}
