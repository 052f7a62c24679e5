import { ERRORS, type Code } from '../errors.ts';
import { KINDS } from '../kinds.ts';
import type { EpochMs } from '../limits.ts';
import type {
  Decision,
  Observation,
  Policy,
  PublishCause,
  RetireCause,
  SlotName,
  Step,
  Trouble,
} from '../nouns.ts';
import { cleanFromMs } from '../schedule.ts';

/** An opinion on what one reconcile saw: a step, or when it would speak; undefined where it has none. Pure. */
export type Check = (seen: Observation, policy: Policy, nowMs: EpochMs) => Decision | undefined;

export function wait(untilMs: EpochMs, reason: string) {
  return { do: 'wait', untilMs, reason } as const;
}

export function stuck(trouble: Trouble, reason: string) {
  return { do: 'setback', trouble, reason } as const;
}

export function blocked(code: Code, detail = ''): Trouble {
  return { code, remedy: `${ERRORS[code][1]} ${detail}`.trim(), blocked: true };
}

export function publishWherePossible(
  seen: Observation,
  policy: Policy,
  why: { cause: PublishCause; reason: string },
  nowMs: EpochMs,
): Decision {
  const slot = KINDS[policy.kind].slotFor(seen.record, policy, nowMs);
  if (slot !== undefined) return publish(seen, policy, { ...why, slot }, nowMs);
  const settledMs = seen.record.slots
    .map((one) => cleanFromMs(one, policy.limits))
    .filter((atMs) => atMs > nowMs);
  return wait(Math.min(nowMs + policy.limits.maxIdleMs, ...settledMs), 'NoSlotIsOpen');
}

export function publish(
  { record }: Observation,
  policy: Policy,
  why: { cause: PublishCause; slot: SlotName; reason: string },
  nowMs: EpochMs,
): Step {
  const expiryAtMs = KINDS[policy.kind].expiryFor(why.slot, record, policy, nowMs);
  return { do: 'publish', ...why, expiryAtMs };
}

export function retire(slot: SlotName, cause: RetireCause, reason: string): Step {
  return { do: 'retire', cause, slot, reason };
}
