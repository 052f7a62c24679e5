import { KINDS } from '../kinds.ts';
import type { EpochMs } from '../limits.ts';
import type { Decision, Observation, Policy } from '../nouns.ts';
import { publish, retire, stuck } from './opinions.ts';
import { vaultTrouble } from './vault.ts';

/** The slot was fixed when it was asked. Waits for no fence: rule 10 heals what arrives late. */
export function revokeIsAsked(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Decision | undefined {
  const { record } = seen;
  const { request } = record;
  if (request?.ask !== 'revoke') return undefined;
  const leaked = record.slots.find(({ name }) => name === request.slot);
  const retired = (leaked?.retiredAtMs ?? -Infinity) >= request.atMs;
  const safe = record.current !== undefined && record.current.slot !== request.slot;
  if (!retired && (safe || request.withoutNew))
    return retire(request.slot, 'revoke', 'RevokeIsAsked');
  const refuge = KINDS[policy.kind].refugeFrom(request.slot, record, policy, nowMs);
  if (refuge === undefined) return retire(request.slot, 'revoke', 'OtherSlotIsRetiring');
  const trouble = vaultTrouble(seen);
  if (trouble !== undefined) return stuck(trouble, 'VaultIsNotReadable');
  return publish(seen, policy, { cause: 'revoke', slot: refuge, reason: 'RevokeIsAsked' }, nowMs);
}
