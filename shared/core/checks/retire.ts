import { adoptedFromMs } from '../adoption.ts';
import { HOUR, landedAfterMs, type EpochMs } from '../limits.ts';
import type { CredentialRecord, Decision, Observation, Policy, Slot } from '../nouns.ts';
import { cleanFromMs, slotState } from '../schedule.ts';
import { retire, wait } from './opinions.ts';
import { isDeviating, isProvenAlive } from './probe.ts';
import { heldUntilMs } from './publish.ts';
import { showsVersion } from './vault.ts';

/** Behind the point of no return: the key may be gone or not, so it is regenerated (again). */
export function retireIsUnfinished({ record }: Observation, policy: Policy, nowMs: EpochMs) {
  const slot = record.slots.find((one) => slotState(one, policy.limits, nowMs) === 'retiring');
  return slot && retire(slot.name, 'unfinished', 'RetireIsUnfinished');
}

/** Without proof the previous slot stays: waiting is safe, retiring is not. */
export function previousMayRetire(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Decision | undefined {
  const { record } = seen;
  const previous = record.slots.find(
    (slot) =>
      slot.name !== record.current?.slot && slotState(slot, policy.limits, nowMs) === 'used',
  );
  if (previous === undefined) return settlingIsOver(record, policy, nowMs);
  // A late publish can have put the previous slot's value back, where the repair of it is set back.
  if (record.current === undefined || !showsVersion(seen, record.current)) return undefined;
  if (!isProvenAlive(record, policy, nowMs)) return undefined;
  const freeAtMs = Math.max(retirableFromMs(previous, seen, policy), heldUntilMs(record, policy));
  if (nowMs >= freeAtMs) return retire(previous.name, 'superseded', 'PreviousMayRetire');
  return wait(Math.min(freeAtMs, recheckAtMs(policy, nowMs)), 'PreviousMayNotRetireYet');
}

function settlingIsOver(record: CredentialRecord, policy: Policy, nowMs: EpochMs) {
  const settling = record.slots.find(
    (slot) => slotState(slot, policy.limits, nowMs) === 'settling',
  );
  return settling && wait(cleanFromMs(settling, policy.limits), 'SlotIsSettling');
}

/** The earliest proof which the policy accepts, behind the fence of rule 4. */
function retirableFromMs(slot: Slot, seen: Observation, policy: Policy): EpochMs {
  const fenceMs =
    slot.publishDeadlineAtMs === undefined
      ? 0
      : landedAfterMs(slot.publishDeadlineAtMs, policy.limits) + 1;
  const expiredMs = slot.maxExpiryAtMs + policy.limits.expiryMarginMs + 1;
  const unusedMs = Math.max(unusedFromMs(slot, seen, policy), pastFromMs(slot, policy));
  return Math.max(fenceMs, Math.min(expiredMs, unusedMs));
}

/** Rule 7: somebody may have made a value on this slot on the day before it was first seen. */
function pastFromMs({ pastKnown, firstSeenAtMs }: Slot, { limits }: Policy): EpochMs {
  return pastKnown ? 0 : firstSeenAtMs + limits.maxTokenLifeMs + limits.expiryMarginMs + 1;
}

/** From when nobody uses the slot's values any more, by the consumers' proof or by the operator's word. */
function unusedFromMs({ supersededAtMs }: Slot, seen: Observation, policy: Policy): EpochMs {
  const { current } = seen.record;
  if (supersededAtMs === undefined || current === undefined || isDeviating(seen.record))
    return Infinity;
  if (policy.retire.when === 'after') {
    return policy.directReaders ? Infinity : supersededAtMs + policy.retire.afterMs;
  }
  if (policy.retire.when === 'expired' || seen.adoption === 'unknown') return Infinity;
  const sinceMs = supersededAtMs + policy.retire.overlapMs;
  const adoptedMs = adoptedFromMs({ sequence: current.sequence, sinceMs }, policy, seen.adoption);
  return Math.max(sinceMs, adoptedMs);
}

/** Evidence by ETag comes without a reconcile of its own, so that it is looked for from time to time. */
function recheckAtMs({ consumers, limits }: Policy, nowMs: EpochMs): EpochMs {
  const silent = consumers.some(({ restartWithinMs }) => restartWithinMs !== undefined);
  return nowMs + (silent ? Math.min(HOUR, limits.maxIdleMs) : limits.maxIdleMs);
}
