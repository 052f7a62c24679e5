import type { EpochMs } from '../limits.ts';
import type { Observation, Policy } from '../nouns.ts';
import { stuck, wait } from './opinions.ts';
import { ownSequence, vaultTrouble } from './vault.ts';

export function intentIsLive({ record }: Observation, _policy: Policy, nowMs: EpochMs) {
  const { intent } = record;
  if (intent === undefined || nowMs > intent.deadlineAtMs) return undefined;
  return { ...wait(intent.deadlineAtMs + 1, 'IntentIsLive'), stop: true } as const;
}

export function issuerIsGone({ record, issuer }: Observation, policy: Policy, nowMs: EpochMs) {
  if (issuer.state === 'unknown') return stuck(issuer.trouble, 'IssuerIsUnknown');
  if (issuer.state === 'present') return undefined;
  if (record.closed?.reason !== 'issuer-gone') {
    return { do: 'close', why: 'issuer-gone', reason: 'IssuerIsGone' } as const;
  }
  return { ...wait(nowMs + policy.limits.maxIdleMs, 'IssuerIsGone'), stop: true } as const;
}

/** No record, a closed one which is wanted again, or a store which went back in time (rule 7). */
export function notYetIdentified(seen: Observation, _policy: Policy, nowMs: EpochMs) {
  const { record, vault } = seen;
  const lost = record.slots.length === 0 || record.closed !== undefined;
  const back = ownSequence(seen, nowMs) > record.sequence;
  if (!lost && !back) return undefined;
  const trouble = vaultTrouble(seen);
  if (trouble !== undefined) return stuck(trouble, 'VaultIsNotReadable');
  const reason =
    vault.state === 'present' ? (back ? 'StoreWentBack' : 'ValueFound') : 'NothingFound';
  return { do: 'identify', reason } as const;
}
