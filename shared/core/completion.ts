import { adoptedFromMs } from './adoption.ts';
import type { EpochMs } from './limits.ts';
import type { Adoption, CredentialRecord, Policy } from './nouns.ts';
import { slotState } from './schedule.ts';

/** Do the consumers prove now that a slot which is not current any more may be retired (rules 13 and 18)? */
export function adoptionIsComplete(
  record: CredentialRecord,
  policy: Policy,
  adoption: readonly Adoption[],
  nowMs: EpochMs,
): boolean {
  const { current, slots } = record;
  const { retire } = policy;
  if (current === undefined || retire.when !== 'adopted') return false;
  return slots.some((slot) => {
    if (slot.name === current.slot || slotState(slot, policy.limits, nowMs) !== 'used')
      return false;
    const sinceMs = (slot.supersededAtMs ?? Infinity) + retire.overlapMs;
    const claim = { sequence: current.sequence, sinceMs };
    return nowMs >= Math.max(sinceMs, adoptedFromMs(claim, policy, adoption));
  });
}
