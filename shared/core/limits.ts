/**
 * Every duration the protocol rests on, in one place: unit, bound and reason. A model of the protocol
 * was explored with these; docs/architecture.md names the rules.
 */

export type EpochMs = number;
export type DurationMs = number;

const SECOND: DurationMs = 1_000;
export const MINUTE: DurationMs = 60 * SECOND;
export const HOUR: DurationMs = 60 * MINUTE;
export const DAY: DurationMs = 24 * HOUR;

/** Durations which are shorter in the sandbox, where a credential lives for minutes. */
export interface Limits {
  /** The longest a gateway token can live. Azure: 30 days. */
  readonly maxTokenLifeMs: DurationMs;
  /** How far below `maxTokenLifeMs` a request stays, since Azure counts from its own clock. */
  readonly lifeMarginMs: DurationMs;
  /** From the write of an intent to the last instant at which its call may be sent. */
  readonly deadlineMs: DurationMs;
  /** The longest a single call may take. */
  readonly callTimeoutMs: DurationMs;
  /** The longest from a deadline check to the effect at Azure. */
  readonly flightMs: DurationMs;
  /** The largest difference between two clocks which judge the same bound. */
  readonly skewMs: DurationMs;
  /** How long after its expiry a value still counts as alive. */
  readonly expiryMarginMs: DurationMs;
  /** Two values signed by one key are told apart by their minute; nearer than this, the minute below is taken. */
  readonly reuseGuardMs: DurationMs;
  /** Pause between two probes of a published value. */
  readonly probeEveryMs: DurationMs;
  /** A hold ends at the latest this long before the current value expires. */
  readonly holdMarginMs: DurationMs;
  /** The longest a setback passes a step over. */
  readonly maxSetbackMs: DurationMs;
  /** `dueAtMs` is never further ahead. */
  readonly maxIdleMs: DurationMs;
  /** Repairs of one credential within `repairWindowMs`, after which it is blocked. */
  readonly repairWindowMs: DurationMs;
  /** An expected sweep is late after this; then pulls, events and operators ask for one. */
  readonly sweepLateMs: DurationMs;
}

export const PRODUCTION: Limits = {
  maxTokenLifeMs: 30 * DAY,
  lifeMarginMs: HOUR,
  deadlineMs: 2 * MINUTE,
  callTimeoutMs: 30 * SECOND,
  flightMs: 15 * MINUTE,
  skewMs: 5 * MINUTE,
  expiryMarginMs: HOUR,
  reuseGuardMs: HOUR,
  probeEveryMs: DAY,
  holdMarginMs: DAY,
  maxSetbackMs: HOUR,
  maxIdleMs: DAY,
  repairWindowMs: DAY,
  sweepLateMs: 15 * MINUTE,
};

/** Set in host.json too: the platform ends an invocation after it. */
export const FUNCTION_TIMEOUT: DurationMs = 5 * MINUTE;

/** Evidence that did not change is written again after this, so that a consumer which is heard is seen to be heard. */
export const EVIDENCE_EVERY: DurationMs = 60 * MINUTE;

/** A message is parked no longer, because parked messages count as load for the platform's scaler. */
export const MAX_PARKED: DurationMs = 15 * MINUTE;

/** More repairs than this within `repairWindowMs` mean that somebody works against us. */
export const MAX_REPAIRS = 3;

/** History is for people; older entries are deleted. */
export const HISTORY_KEPT: DurationMs = 400 * DAY;

/** A gateway's instance is forgotten so long after its token expired: it died or got another one. */
export const INSTANCES_KEPT: DurationMs = 30 * DAY;

/**
 * The instant after which nothing sent under `deadlineAtMs` can still take effect, judged by any clock
 * (rules 3 and 4). Strictly after it, not at it.
 */
export function landedAfterMs(deadlineAtMs: EpochMs, limits: Limits): EpochMs {
  return deadlineAtMs + limits.flightMs + 2 * limits.skewMs;
}
