import { fingerprintOf } from './fingerprint.ts';
import { landedAfterMs, MINUTE, type DurationMs, type EpochMs, type Limits } from './limits.ts';
import type { CredentialRecord, Policy, Slot, SlotName, Version } from './nouns.ts';

/**
 * The life of a slot, from the instants which the record holds:
 *
 *     publish intent      retire intent       retire result       + FLIGHT + 2 x SKEW
 *          |  used              |  retiring          |  settling           |  clean
 */
export type SlotState = 'used' | 'retiring' | 'settling' | 'clean';

export function slotState(slot: Slot, limits: Limits, nowMs: EpochMs): SlotState {
  if (slot.retireDeadlineAtMs === undefined) return 'used';
  if (slot.retiredAtMs === undefined) return 'retiring';
  return nowMs > landedAfterMs(slot.retireDeadlineAtMs, limits) ? 'clean' : 'settling';
}

/** The first instant at which a settling slot is clean (rule 3: strictly after). */
export function cleanFromMs(slot: Slot, limits: Limits): EpochMs {
  return landedAfterMs(slot.retireDeadlineAtMs ?? 0, limits) + 1;
}

export function slotNamed(record: CredentialRecord, name: SlotName): Slot | undefined {
  return record.slots.find((slot) => slot.name === name);
}

/** When a new version is due: after `renewAt` of the life, earlier by the credential's share of the spread. */
export function renewalAtMs(current: Version, policy: Policy): EpochMs {
  const byExpiry = current.expiryAtMs - policy.lifetimeMs * (1 - policy.renewAt);
  const byAge = current.publishedAtMs + policy.lifetimeMs * policy.renewAt;
  return Math.floor(Math.min(byExpiry, byAge) - spreadMs(policy));
}

/** Up to a tenth of the life, by a hash of the id, so that a fleet does not renew in one minute. */
export function spreadMs(policy: Pick<Policy, 'id' | 'lifetimeMs'>): DurationMs {
  return Math.floor((policy.lifetimeMs / 10) * fractionOf(policy.id));
}

/** A hash of the text as a number from 0 up to 1: names which differ in one digit lie far apart. */
function fractionOf(text: string): number {
  return Number.parseInt(fingerprintOf(text).slice(0, 8), 16) / 2 ** 32;
}

/** When the published value should be minted again (rule 10): at once, after the last publish can have landed, then daily. */
export function probeAtMs(record: CredentialRecord, limits: Limits): EpochMs {
  const { current, probe } = record;
  if (probe === undefined || current === undefined || probe.atMs < current.publishedAtMs) return 0;
  const landedMs = lastPublishDeadlineMs(record) + limits.flightMs;
  return probe.atMs <= landedMs ? landedMs + 1 : probe.atMs + limits.probeEveryMs;
}

function lastPublishDeadlineMs(record: CredentialRecord): EpochMs {
  return Math.max(0, ...record.slots.map((slot) => slot.publishDeadlineAtMs ?? 0));
}

/** Sequences grow even when a record or a secret was lost (rule 12): at least the minutes since 1970. */
export function nextSequence(last: number, nowMs: EpochMs): number {
  return Math.max(last + 1, Math.floor(nowMs / MINUTE));
}

/** A sequence in a tag which nobody can have reached by counting was written by somebody else. */
export function isPlausible(sequence: number, nowMs: EpochMs): boolean {
  return sequence <= Math.floor(nowMs / MINUTE) + 10_000;
}

export function floorMinute(atMs: EpochMs): EpochMs {
  return Math.floor(atMs / MINUTE) * MINUTE;
}
