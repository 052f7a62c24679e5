import { standings } from '../core/adoption.ts';
import { findings } from '../core/findings.ts';
import type { EpochMs, Limits } from '../core/limits.ts';
import type { Adoption, CredentialRecord, Policy, Slot, Version } from '../core/nouns.ts';
import { renewalAtMs, slotState } from '../core/schedule.ts';
import type { HistoryEntry, InstanceEvidence } from '../ports.ts';

/** What is known of one credential, for people: instants as ISO 8601, and never a value. */
export interface Known {
  readonly id: string;
  /** Undefined where the configuration does not name it any more. */
  readonly policy: Policy | undefined;
  readonly record: CredentialRecord | undefined;
  readonly limits: Limits;
  readonly adoption: readonly Adoption[];
  readonly instances: readonly InstanceEvidence[];
}

export function statusOf(known: Known, nowMs: EpochMs) {
  const { id, policy, record, adoption, instances } = known;
  const seen = record && policy && { record, policy, adoption, nowMs };
  return {
    id,
    target: policy?.target ?? record?.target,
    configured: policy !== undefined,
    ...(policy && { kind: policy.kind, mode: policy.mode, retire: policy.retire.when }),
    ...(record && stateOf(record, known, nowMs)),
    consumers: seen ? standings(record, policy, adoption, nowMs).map(standingOf) : [],
    instances: instances.map(instanceOf),
    findings: seen ? findings(seen) : [],
  };
}

function stateOf(record: CredentialRecord, { policy, limits }: Known, nowMs: EpochMs) {
  const { current, next, probe, request, hold, closed } = record;
  return {
    dueAt: iso(record.dueAtMs),
    current: current && { ...versionOf(current), ...(policy && renewal(current, policy)) },
    next: next && {
      sequence: next.sequence,
      slot: next.slot,
      cause: next.cause,
      startedAt: iso(next.startedAtMs),
      expiresAt: iso(next.expiryAtMs),
    },
    slots: record.slots.map((slot) => slotOf(slot, limits, nowMs)),
    intent: record.intent && {
      step: record.intent.step,
      slot: record.intent.slot,
      deadlineAt: iso(record.intent.deadlineAtMs),
    },
    probe: probe && { result: probe.result, at: iso(probe.atMs) },
    setbacks: record.setbacks.map(({ untilMs, ...setback }) => ({
      ...setback,
      until: iso(untilMs),
    })),
    request: request && { ...withoutAtMs(request), at: iso(request.atMs) },
    hold: hold && { until: iso(hold.untilMs), reason: hold.reason, by: hold.by },
    closed: closed && { reason: closed.reason, at: iso(closed.atMs) },
  };
}

function versionOf({ sequence, slot, fingerprint, vaultVersion, ...version }: Version) {
  return {
    sequence,
    slot,
    fingerprint,
    vaultVersion,
    expiresAt: iso(version.expiryAtMs),
    publishedAt: iso(version.publishedAtMs),
  };
}

function renewal(current: Version, policy: Policy) {
  return { renewsAt: iso(renewalAtMs(current, policy)) };
}

function slotOf(slot: Slot, limits: Limits, nowMs: EpochMs) {
  return {
    name: slot.name,
    state: slotState(slot, limits, nowMs),
    pastKnown: slot.pastKnown,
    firstSeenAt: iso(slot.firstSeenAtMs),
    // 0 stands for no version alive.
    expiresAt: slot.maxExpiryAtMs === 0 ? undefined : iso(slot.maxExpiryAtMs),
    supersededAt: iso(slot.supersededAtMs),
    retiredAt: iso(slot.retiredAtMs),
  };
}

function standingOf({ seenAtMs, ...standing }: ReturnType<typeof standings>[number]) {
  return { ...standing, seenAt: iso(seenAtMs) };
}

function instanceOf({ instance, expiryAtMs, atMs }: InstanceEvidence) {
  return { instance, expiresAt: iso(expiryAtMs), seenAt: iso(atMs) };
}

export function historyLine({ atMs, credential: _, ...entry }: HistoryEntry) {
  return { at: iso(atMs), ...entry };
}

function withoutAtMs<T extends { readonly atMs: EpochMs }>({ atMs: _, ...rest }: T) {
  return rest;
}

/** Undefined members do not appear in JSON. */
export function iso(atMs: EpochMs): string;
export function iso(atMs: EpochMs | undefined): string | undefined;
export function iso(atMs: EpochMs | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}
