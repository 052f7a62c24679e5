import { standings } from './adoption.ts';
import type { EpochMs } from './limits.ts';
import type { Adoption, CredentialRecord, Policy, SlotName } from './nouns.ts';
import { slotNamed } from './schedule.ts';

/**
 * Consumers which may run a version of the slot, and are cut off at their next restart when it is retired. Of a slot which
 * is not current, those which did not prove to run the current version. One which never pulled has none.
 */
export function hurtBy(
  slot: SlotName,
  record: CredentialRecord,
  { policy, adoption }: { readonly policy: Policy; readonly adoption: readonly Adoption[] },
  nowMs: EpochMs,
): readonly string[] {
  const expiredMs = (slotNamed(record, slot)?.maxExpiryAtMs ?? 0) + policy.limits.expiryMarginMs;
  if (nowMs > expiredMs) return [];
  const isCurrent = record.current?.slot === slot;
  return standings(record, policy, adoption, nowMs)
    .filter(({ state }) => state !== 'unseen' && (isCurrent || state !== 'proved'))
    .map(({ consumer }) => consumer);
}
