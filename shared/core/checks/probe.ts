import type { EpochMs } from '../limits.ts';
import type { CredentialRecord, Decision, Observation, Policy } from '../nouns.ts';
import { probeAtMs } from '../schedule.ts';
import { wait } from './opinions.ts';

export function probeIsDue(
  { record }: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Decision | undefined {
  if (record.current === undefined || isDeviating(record)) return undefined;
  const dueAtMs = probeAtMs(record, policy.limits);
  if (nowMs < dueAtMs) return wait(dueAtMs, 'ProbeIsNotDue');
  return { do: 'probe', slot: record.current.slot, reason: 'ProbeIsDue' };
}

/** Twice is a habit: such an issuer's values cannot be recognised, so only their expiry proves anything. */
export function isDeviating({ deviations }: CredentialRecord): boolean {
  return deviations > 1;
}

/** Nothing is retired next to a current which was not seen alive after its last publish. */
export function isProvenAlive(record: CredentialRecord, policy: Policy, nowMs: EpochMs): boolean {
  if (record.current === undefined || record.current.expiryAtMs <= nowMs) return false;
  if (isDeviating(record)) return true;
  return record.probe?.result === 'alive' && nowMs < probeAtMs(record, policy.limits);
}
