import { sameName } from './credential-id.ts';
import { KINDS } from './kinds.ts';
import type { EpochMs } from './limits.ts';
import type {
  Attempt,
  Closed,
  CredentialRecord,
  Policy,
  Probe,
  PublishCause,
  Slot,
  SlotName,
  Version,
} from './nouns.ts';
import { nextSequence } from './schedule.ts';
import { succeeded } from './setbacks.ts';

/**
 * How a record becomes the next one: one function for each write of the protocol, in the order in which a
 * credential meets them. All of a slot's past lives on the slot, so that a repair can come between (rule 1).
 */

/** What is remembered of a credential of which nothing is known yet. */
export function blankRecord(policy: Policy, nowMs: EpochMs): CredentialRecord {
  return {
    schema: 1,
    id: policy.id,
    kind: policy.kind,
    target: policy.target,
    sequence: 0,
    slots: [],
    setbacks: [],
    repairsAtMs: [],
    deviations: 0,
    dueAtMs: nowMs,
  };
}

/**
 * What is remembered of the policy's target. Of another target's record only the sequence goes on (rule 12): its slots,
 * its current and what was asked are another gateway's, and this one's past is unknown (rule 7).
 */
export function recordFor(
  policy: Policy,
  stored: CredentialRecord | undefined,
  nowMs: EpochMs,
): CredentialRecord {
  if (stored !== undefined && sameName(stored.target, policy.target)) return stored;
  return { ...blankRecord(policy, nowMs), sequence: stored?.sequence ?? 0 };
}

/**
 * A take-over: whatever was known of the slots, somebody may have used them since (rule 7), and a call of which the lost
 * record knew may still be in the air, so that the value which is found is probed again when it has landed (rule 10).
 */
export function identified(
  record: CredentialRecord,
  found: Omit<Version, 'publishedAtMs'> | undefined,
  policy: Policy,
  nowMs: EpochMs,
): CredentialRecord {
  const {
    closed: _,
    current: _current,
    next: _next,
    probe: _probe,
    intent: _intent,
    ...kept
  } = record;
  const slots = KINDS[policy.kind].slots.map((name) => ({
    name,
    firstSeenAtMs: nowMs,
    pastKnown: false,
    maxExpiryAtMs: nowMs + policy.limits.maxTokenLifeMs,
    publishDeadlineAtMs: nowMs + policy.limits.deadlineMs,
  }));
  return {
    ...succeeded(kept, 'identify'),
    slots,
    sequence: Math.max(record.sequence, found?.sequence ?? 0),
    dueAtMs: nowMs,
    ...(found && { current: { ...found, publishedAtMs: nowMs } }),
  };
}

/** The publish intent: books sequence, slot, expiry and deadline before anything is published (rules 1 and 2). */
export function publishBooked(
  record: CredentialRecord,
  attempt: Attempt,
  deadlineAtMs: EpochMs,
): CredentialRecord {
  const slots = changeSlot(record, attempt.slot, (slot) => {
    const { retireDeadlineAtMs: _, retiredAtMs: _r, supersededAtMs: _s, ...used } = slot;
    return {
      ...used,
      maxExpiryAtMs: Math.max(slot.maxExpiryAtMs, attempt.expiryAtMs),
      publishDeadlineAtMs: Math.max(slot.publishDeadlineAtMs ?? 0, deadlineAtMs),
    };
  });
  const intent = { step: 'publish', slot: attempt.slot, deadlineAtMs } as const;
  return {
    ...record,
    slots,
    intent,
    next: attempt,
    sequence: Math.max(record.sequence + 1, attempt.sequence),
    dueAtMs: deadlineAtMs + 1,
  };
}

/** A repair carries the current sequence, so that no consumer restarts for it (rule 12); others count on. */
export function attemptOf(
  record: CredentialRecord,
  step: { cause: PublishCause; slot: SlotName; expiryAtMs: EpochMs; fingerprint: string },
  nowMs: EpochMs,
): Attempt {
  const repaired = step.cause === 'repair' ? record.current?.sequence : undefined;
  const sequence = repaired ?? nextSequence(record.sequence, nowMs);
  const { cause, slot, expiryAtMs, fingerprint } = step;
  return { sequence, slot, cause, startedAtMs: nowMs, expiryAtMs, fingerprint };
}

/** Key Vault shows the attempt as its latest: it is the current version now, and is probed anew (rule 10). */
export function published(
  record: CredentialRecord,
  attempt: Attempt,
  vaultVersion: string,
  nowMs: EpochMs,
): CredentialRecord {
  const { next: _next, intent: _intent, probe: _probe, request, ...kept } = record;
  const { sequence, slot, expiryAtMs, fingerprint, cause } = attempt;
  const repaired = record.current !== undefined && record.current.sequence === sequence;
  const publishedAtMs = repaired ? record.current.publishedAtMs : nowMs;
  const answered = isAnswered(record, cause, slot);
  return {
    ...succeeded(kept, 'publish', 'finish'),
    slots: record.slots.map((one) => superseded(one, slot, nowMs)),
    dueAtMs: nowMs,
    current: { sequence, slot, expiryAtMs, fingerprint, vaultVersion, publishedAtMs },
    repairsAtMs: repaired
      ? [...record.repairsAtMs, nowMs].slice(-MAX_REMEMBERED_REPAIRS)
      : record.repairsAtMs,
    ...(request && !answered && { request }),
  };
}

const MAX_REMEMBERED_REPAIRS = 10;

/** A rotate is answered by its version; a revoke which had to retire first, by the version after it, wherever that is. */
function isAnswered(
  { request, slots }: CredentialRecord,
  cause: PublishCause,
  slot: SlotName,
): boolean {
  if (cause === 'repair') return false;
  if (request?.ask !== 'revoke') return true;
  const leaked = slots.find(({ name }) => name === request.slot);
  const isRetired = (leaked?.retiredAtMs ?? -Infinity) >= request.atMs;
  return isRetired || (cause === 'revoke' && slot === request.slot);
}

/** Overlap and `after` count from the first publish on another slot; later ones do not postpone them. */
function superseded(slot: Slot, current: SlotName, nowMs: EpochMs): Slot {
  if (slot.name !== current) return { ...slot, supersededAtMs: slot.supersededAtMs ?? nowMs };
  const { supersededAtMs: _, ...kept } = slot;
  return kept;
}

/** The retire intent: the point of no return. An attempt on the slot is given up with it (rule 1). */
export function retireBooked(
  record: CredentialRecord,
  name: SlotName,
  deadlineAtMs: EpochMs,
): CredentialRecord {
  const { next, ...kept } = record;
  const slots = changeSlot(record, name, ({ retiredAtMs: _, ...slot }) => ({
    ...slot,
    retireDeadlineAtMs: Math.max(slot.retireDeadlineAtMs ?? 0, deadlineAtMs),
  }));
  return {
    ...kept,
    slots,
    intent: { step: 'retire', slot: name, deadlineAtMs },
    dueAtMs: deadlineAtMs + 1,
    ...(next && next.slot !== name && { next }),
  };
}

/** The key is regenerated: nothing signed before is alive, and from now on the slot's past is known. */
export function retired(
  record: CredentialRecord,
  name: SlotName,
  nowMs: EpochMs,
): CredentialRecord {
  const { intent: _, request, ...kept } = record;
  const slots = changeSlot(record, name, ({ supersededAtMs: _superseded, ...slot }) => ({
    ...slot,
    pastKnown: true,
    maxExpiryAtMs: 0,
    retiredAtMs: nowMs,
  }));
  const killedCurrent = record.current?.slot === name;
  const asked = request?.ask === 'revoke' && request.slot === name;
  const answered = asked && (!killedCurrent || request.withoutNew);
  return {
    ...succeeded(kept, 'retire'),
    slots,
    dueAtMs: nowMs,
    ...(killedCurrent && { probe: { atMs: nowMs, result: 'dead' } as const }),
    ...(request && !answered && { request }),
  };
}

export function probed(
  record: CredentialRecord,
  result: Probe['result'],
  nowMs: EpochMs,
): CredentialRecord {
  return { ...succeeded(record, 'probe'), probe: { atMs: nowMs, result }, dueAtMs: nowMs };
}

/** The issuer contradicted itself. Once may be chance: a person may have regenerated the key between two mints. */
export function deviated(record: CredentialRecord): CredentialRecord {
  return { ...record, deviations: record.deviations + 1 };
}

/** Nothing is done for it any more, but to look once in a while whether it is back. Its history stays. */
export function closed(
  record: CredentialRecord,
  reason: Closed['reason'],
  dueAtMs: EpochMs,
  nowMs: EpochMs,
): CredentialRecord {
  const { request: _, intent: _intent, next: _next, ...kept } = record;
  return { ...kept, setbacks: [], closed: { reason, atMs: nowMs }, dueAtMs };
}

/** Nothing was due: observing went well, and the next look is at `dueAtMs`. */
export function waited(record: CredentialRecord, dueAtMs: EpochMs): CredentialRecord {
  return { ...succeeded(record), dueAtMs };
}

/** The intent is dropped where its call was refused: nothing is in the air. */
export function withoutIntent(record: CredentialRecord): CredentialRecord {
  const { intent: _, ...kept } = record;
  return kept;
}

function changeSlot(
  record: CredentialRecord,
  name: SlotName,
  change: (slot: Slot) => Slot,
): readonly Slot[] {
  return record.slots.map((slot) => (slot.name === name ? change(slot) : slot));
}
