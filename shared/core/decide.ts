import { adoptedFromMs } from './adoption.ts';
import { ERRORS, type Code } from './errors.ts';
import { KINDS } from './kinds.ts';
import { HOUR, landedAfterMs, MAX_REPAIRS, type EpochMs } from './limits.ts';
import type {
  Attempt,
  CredentialRecord,
  Decision,
  Observation,
  Policy,
  PublishCause,
  RetireCause,
  Slot,
  SlotName,
  Step,
  Trouble,
  Version,
} from './nouns.ts';
import { cleanFromMs, isPlausible, probeAtMs, renewalAtMs, slotState } from './schedule.ts';

/**
 * The protocol: an ordered list of checks over what one reconcile saw. The first which wants something wins; one which
 * wants nothing yet says when it would speak. Pure: the same observation, policy and instant give the same decision.
 *
 *     slot primary    issue-verify-publish-adopt ......... in use .........|retire
 *     slot secondary                       issue-verify-publish-adopt .....|....... in use .......
 *                                          ^ renewal time                  ^ proof that nobody uses the old one
 */
type Check = (seen: Observation, policy: Policy, nowMs: EpochMs) => Decision | undefined;

/** Rule 8 is the order: repairs stand before finishing a retire, or the two wait for each other for ever. */
const CHECKS: readonly Check[] = [
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
];

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
  for (const check of CHECKS) {
    const opinion = check(seen, policy, nowMs);
    if (opinion === undefined) continue;
    yield { check: check.name, opinion: passedOver(opinion, seen.record, nowMs) };
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

function intentIsLive({ record }: Observation, _policy: Policy, nowMs: EpochMs) {
  const { intent } = record;
  if (intent === undefined || nowMs > intent.deadlineAtMs) return undefined;
  return { ...wait(intent.deadlineAtMs + 1, 'IntentIsLive'), stop: true } as const;
}

function issuerIsGone({ record, issuer }: Observation, policy: Policy, nowMs: EpochMs) {
  if (issuer.state === 'unknown') return stuck(issuer.trouble, 'IssuerIsUnknown');
  if (issuer.state === 'present') return undefined;
  if (record.closed === undefined)
    return { do: 'close', why: 'issuer-gone', reason: 'IssuerIsGone' } as const;
  return { ...wait(nowMs + policy.limits.maxIdleMs, 'IssuerIsGone'), stop: true } as const;
}

/** No record, a closed one which is wanted again, or a store which went back in time (rule 7). */
function notYetIdentified(seen: Observation, _policy: Policy, nowMs: EpochMs) {
  const { record, vault } = seen;
  const lost = record.slots.length === 0 || record.closed !== undefined;
  const back = isOurs(seen) && ownSequence(seen, nowMs) > record.sequence;
  if (!lost && !back) return undefined;
  const trouble = vaultTrouble(seen);
  if (trouble !== undefined) return stuck(trouble, 'VaultIsNotReadable');
  const reason =
    vault.state === 'present' ? (back ? 'StoreWentBack' : 'ValueFound') : 'NothingFound';
  return { do: 'identify', reason } as const;
}

function ownSequence({ vault }: Observation, nowMs: EpochMs): number {
  const sequence = vault.state === 'present' ? (vault.tags.sequence ?? 0) : 0;
  return isPlausible(sequence, nowMs) ? sequence : 0;
}

function isOurs({ vault, installation }: Observation): boolean {
  return vault.state === 'present' && vault.tags.installation === installation;
}

/** The slot was fixed when it was asked. Waits for no fence: rule 10 heals what arrives late. */
function revokeIsAsked(seen: Observation, policy: Policy, nowMs: EpochMs): Decision | undefined {
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

function vaultIsNotReadable(seen: Observation) {
  const trouble = vaultTrouble(seen);
  return trouble && stuck(trouble, 'VaultIsNotReadable');
}

function vaultTrouble({ vault, installation }: Observation): Trouble | undefined {
  if (vault.state === 'unknown') return vault.trouble;
  const other = vault.state === 'present' ? vault.tags.installation : undefined;
  if (other === undefined || other === installation) return undefined;
  return blocked('ERR_FOREIGN_INSTALLATION', `It is tagged by "${other}".`);
}

/** Somebody regenerated the key: consumers are cut off at their next restart, so nothing is waited for. */
function currentIsDead(seen: Observation, policy: Policy, nowMs: EpochMs) {
  if (!isDead(seen.record)) return undefined;
  return publishWherePossible(seen, policy, { cause: 'drift', reason: 'CurrentIsDead' }, nowMs);
}

function isDead({ current, probe }: CredentialRecord): boolean {
  return current !== undefined && probe?.result === 'dead';
}

/** Overwritten, disabled or deleted: the same bytes again, which moves neither renewal nor overlap (rule 11). */
function vaultIsNotOurs(seen: Observation, policy: Policy, nowMs: EpochMs): Decision | undefined {
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

function showsVersion({ vault }: Observation, { vaultVersion, fingerprint }: Version): boolean {
  return (
    vault.state === 'present' &&
    vault.version === vaultVersion &&
    vault.fingerprint === fingerprint &&
    vault.formatted
  );
}

/** Key Vault's latest carries this sequence and these bytes, under whatever version id. */
function holds(
  seen: Observation,
  version: Pick<Version | Attempt, 'sequence' | 'fingerprint'>,
): boolean {
  const { vault } = seen;
  if (vault.state !== 'present' || !isOurs(seen) || !vault.formatted) return false;
  return vault.tags.sequence === version.sequence && vault.fingerprint === version.fingerprint;
}

/** Behind the point of no return: the key may be gone or not, so it is regenerated (again). */
function retireIsUnfinished({ record }: Observation, policy: Policy, nowMs: EpochMs) {
  const slot = record.slots.find((one) => slotState(one, policy.limits, nowMs) === 'retiring');
  return slot && retire(slot.name, 'unfinished', 'RetireIsUnfinished');
}

/** Finished only if Key Vault already holds its sequence; else the attempt is decided afresh by later checks. */
function attemptIsUnfinished(seen: Observation): Decision | undefined {
  const { next } = seen.record;
  if (next === undefined || !holds(seen, next)) return undefined;
  return { do: 'finish', slot: next.slot, reason: 'AttemptIsThere' };
}

function operatorAsked(seen: Observation, policy: Policy, nowMs: EpochMs) {
  if (seen.record.request?.ask !== 'rotate') return undefined;
  return publishWherePossible(seen, policy, { cause: 'operator', reason: 'OperatorAsked' }, nowMs);
}

function renewalIsDue(seen: Observation, policy: Policy, nowMs: EpochMs): Decision | undefined {
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
function heldUntilMs({ hold, current }: CredentialRecord, policy: Policy): EpochMs {
  if (hold === undefined) return 0;
  return Math.min(hold.untilMs, (current?.expiryAtMs ?? 0) - policy.limits.holdMarginMs);
}

function probeIsDue({ record }: Observation, policy: Policy, nowMs: EpochMs): Decision | undefined {
  if (record.current === undefined || isDeviating(record)) return undefined;
  const dueAtMs = probeAtMs(record, policy.limits);
  if (nowMs < dueAtMs) return wait(dueAtMs, 'ProbeIsNotDue');
  return { do: 'probe', slot: record.current.slot, reason: 'ProbeIsDue' };
}

/** Twice is a habit: such an issuer's values cannot be recognised, so only their expiry proves anything. */
export function isDeviating({ deviations }: CredentialRecord): boolean {
  return deviations > 1;
}

/** Without proof the previous slot stays: waiting is safe, retiring is not. */
function previousMayRetire(
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
  if (!isProvenAlive(record, policy, nowMs)) return undefined;
  const freeAtMs = Math.max(retirableFromMs(previous, seen, policy), heldUntilMs(record, policy));
  if (nowMs >= freeAtMs) return retire(previous.name, 'superseded', 'PreviousMayRetire');
  return wait(Math.min(freeAtMs, recheckAtMs(policy, nowMs)), 'PreviousMayNotRetireYet');
}

/** Nothing is retired next to a current which was not seen alive after its last publish. */
function isProvenAlive(record: CredentialRecord, policy: Policy, nowMs: EpochMs): boolean {
  if (record.current === undefined || record.current.expiryAtMs <= nowMs) return false;
  if (isDeviating(record)) return true;
  return record.probe?.result === 'alive' && nowMs < probeAtMs(record, policy.limits);
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

function publishWherePossible(
  seen: Observation,
  policy: Policy,
  why: { cause: PublishCause; reason: string },
  nowMs: EpochMs,
): Decision {
  const slot = KINDS[policy.kind].slotFor(seen.record, policy, nowMs);
  if (slot !== undefined) return publish(seen, policy, { ...why, slot }, nowMs);
  const settledMs = seen.record.slots.map((one) => cleanFromMs(one, policy.limits));
  return wait(Math.max(nowMs + 1, Math.min(...settledMs)), 'NoSlotIsOpen');
}

function publish(
  { record }: Observation,
  policy: Policy,
  why: { cause: PublishCause; slot: SlotName; reason: string },
  nowMs: EpochMs,
): Step {
  const expiryAtMs = KINDS[policy.kind].expiryFor(why.slot, record, policy, nowMs);
  return { do: 'publish', ...why, expiryAtMs };
}

function retire(slot: SlotName, cause: RetireCause, reason: string): Step {
  return { do: 'retire', cause, slot, reason };
}

function wait(untilMs: EpochMs, reason: string) {
  return { do: 'wait', untilMs, reason } as const;
}

function stuck(trouble: Trouble, reason: string) {
  return { do: 'setback', trouble, reason } as const;
}

function blocked(code: Code, detail = ''): Trouble {
  return { code, remedy: `${ERRORS[code][1]} ${detail}`.trim(), blocked: true };
}
