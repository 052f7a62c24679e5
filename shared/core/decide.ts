import { intentIsLive, issuerIsGone, notYetIdentified } from './checks/identify.ts';
import { type Check, wait } from './checks/opinions.ts';
import { probeIsDue } from './checks/probe.ts';
import {
  attemptIsUnfinished,
  currentIsDead,
  operatorAsked,
  renewalIsDue,
  vaultIsNotOurs,
} from './checks/publish.ts';
import { previousMayRetire, retireIsUnfinished } from './checks/retire.ts';
import { revokeIsAsked } from './checks/revoke.ts';
import { vaultIsNotReadable } from './checks/vault.ts';
import type { EpochMs } from './limits.ts';
import type { CredentialRecord, Decision, Observation, Policy } from './nouns.ts';

/**
 * The protocol: an ordered list of checks over what one reconcile saw. The first which wants something wins; one which
 * wants nothing yet says when it would speak. Pure: the same observation, policy and instant give the same decision.
 *
 *     slot primary    issue-verify-publish-adopt ......... in use .........|retire
 *     slot secondary                       issue-verify-publish-adopt .....|....... in use .......
 *                                          ^ renewal time                  ^ proof that nobody uses the old one
 *
 * The order is rule 8: repairs stand before finishing a retire, or the two wait for each other for ever.
 */
const CHECKS: Readonly<Record<string, Check>> = {
  intentIsLive,
  issuerIsGone,
  notYetIdentified,
  revokeIsAsked,
  vaultIsNotReadable,
  currentIsDead,
  vaultIsNotOurs,
  retireIsUnfinished,
  attemptIsUnfinished,
  operatorAsked,
  renewalIsDue,
  probeIsDue,
  previousMayRetire,
};

/** What to do next, or until when there is nothing to do: at most `maxIdleMs` ahead (rule 18). */
export function decide(seen: Observation, policy: Policy, nowMs: EpochMs): Decision {
  const idle: Decision = {
    do: 'wait',
    untilMs: nowMs + policy.limits.maxIdleMs,
    reason: 'NothingIsDue',
  };
  let earliest = idle;
  for (const { opinion } of opinions(seen, policy, nowMs)) {
    if (opinion.do !== 'wait' || opinion.stop) return opinion;
    if (opinion.untilMs < earliest.untilMs) earliest = opinion;
  }
  return earliest;
}

/** Every check's opinion in order, for `plan`: why this is next, and what waits behind it. */
export function outlook(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): readonly { check: string; opinion: Decision }[] {
  return [...opinions(seen, policy, nowMs)];
}

function* opinions(
  seen: Observation,
  policy: Policy,
  nowMs: EpochMs,
): Generator<{ check: string; opinion: Decision }> {
  for (const [name, check] of Object.entries(CHECKS)) {
    const opinion = check(seen, policy, nowMs);
    if (opinion === undefined) continue;
    yield { check: name, opinion: passedOver(opinion, seen.record, nowMs) };
  }
}

/** Rule 9: a step which failed lately waits, and later checks speak meanwhile. */
function passedOver(opinion: Decision, record: CredentialRecord, nowMs: EpochMs): Decision {
  if (opinion.do === 'wait' || opinion.do === 'setback') return opinion;
  const slot = 'slot' in opinion ? opinion.slot : '';
  const setback = record.setbacks.find((one) => one.step === opinion.do && one.slot === slot);
  if (setback === undefined || setback.untilMs <= nowMs) return opinion;
  return wait(setback.untilMs, `SetBack:${setback.code}`);
}
