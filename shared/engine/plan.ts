import { decide, outlook } from '../core/decide.ts';
import { hurtBy } from '../core/hurt.ts';
import type { CredentialRecord, Decision, Policy } from '../core/nouns.ts';
import { recordFor } from '../core/transitions.ts';
import type { Context } from './context.ts';
import { json, type Reply } from './http.ts';
import { observe } from './observe.ts';
import { iso } from './status-view.ts';

/** What the next reconcile would do and why, what waits behind it, and who would be hurt. Reads, and changes nothing. */
export async function planReply(
  context: Context,
  policy: Policy,
  stored: CredentialRecord | undefined,
): Promise<Reply> {
  const nowMs = context.ports.nowMs();
  const record = recordFor(policy, stored, nowMs);
  const seen = await observe(context, policy, record);
  const decision = decide(seen, policy, nowMs);
  const { adoption } = seen;
  const retires = decision.do === 'retire' && adoption !== 'unknown';
  return json(200, {
    id: policy.id,
    mode: policy.mode,
    would: inWords(decision),
    why: decision.reason,
    at: iso(decision.do === 'wait' ? decision.untilMs : nowMs),
    checks: outlook(seen, policy, nowMs).map(({ check, opinion }) => ({
      check,
      would: inWords(opinion),
      why: opinion.reason,
    })),
    hurt: retires ? hurtBy(decision.slot, record, { policy, adoption }, nowMs) : [],
    adoption: adoption === 'unknown' ? 'unknown' : 'known',
  });
}

function inWords(decision: Decision): string {
  switch (decision.do) {
    case 'wait':
      return `wait until ${iso(decision.untilMs)}`;
    case 'setback':
      return `nothing: ${decision.trouble.code}. ${decision.trouble.remedy}`;
    case 'publish':
      return `publish (${decision.cause}) on ${decision.slot}, expiring ${iso(decision.expiryAtMs)}`;
    case 'retire':
      return `retire ${decision.slot} (${decision.cause})`;
    case 'finish':
      return `record what was published on ${decision.slot}`;
    case 'probe':
      return `probe the value on ${decision.slot}`;
    case 'identify':
      return 'identify what Key Vault holds';
    case 'close':
      return `close: ${decision.why}`;
  }
}
