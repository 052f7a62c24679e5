import { KeyturnError } from '../../shared/core/errors.ts';
import { HOUR, MINUTE, PRODUCTION, type DurationMs } from '../../shared/core/limits.ts';
import type { Dice } from './dice.ts';
import type { Place } from './history.ts';

/** What becomes of one call. All delays are drawn, so that workers overtake one another in every way. */
export interface Fate {
  /** The worker is paused before it can send; the deadline is checked after that. */
  readonly sendInMs: DurationMs;
  /** From the check to the effect at Azure. */
  readonly effectInMs: DurationMs;
  readonly replyInMs: DurationMs;
  readonly ends:
    | { readonly as: 'answered' | 'lost' | 'crashed-unsent' | 'crashed-acted' }
    | { readonly as: 'refused'; readonly error: KeyturnError };
}

/** As nearly all calls go: fast, and never two at the same instant. */
export function quick(dice: Dice): Fate {
  return { sendInMs: 0, effectInMs: dice.scaled(1, 2_000), replyInMs: 0, ends: { as: 'answered' } };
}

/** @param isWrite the call changes something at Azure, so that its effect can be as late as FLIGHT */
export function misfortune(place: Place, isWrite: boolean, dice: Dice): Fate {
  const choose = dice.pick(isWrite ? [...MISFORTUNES, late, late, lastMoment] : MISFORTUNES);
  return { ...quick(dice), ...choose(dice, place) };
}

type Misfortune = (dice: Dice, place: Place) => Partial<Fate>;

const { flightMs, callTimeoutMs, deadlineMs } = PRODUCTION;

const MISFORTUNES: readonly Misfortune[] = [
  (dice, place) => ({ ends: { as: 'refused', error: failure(place, dice) } }),
  () => ({ ends: { as: 'lost' } }),
  () => ({ ends: { as: 'crashed-unsent' } }),
  () => ({ ends: { as: 'crashed-acted' } }),
  () => ({ effectInMs: callTimeoutMs }),
  (dice) => ({ sendInMs: dice.scaled(MINUTE, 6 * HOUR) }),
  (dice) => ({ replyInMs: dice.scaled(MINUTE, 6 * HOUR) }),
];

const late: Misfortune = (dice) => ({
  effectInMs: dice.pick([dice.between(1, flightMs), flightMs]),
});

const lastMoment: Misfortune = (dice) => ({
  sendInMs: dice.pick([dice.between(1, deadlineMs), deadlineMs - MINUTE]),
  effectInMs: flightMs,
});

/** What a place which is out of order answers. */
export function failure(place: Place, dice: Dice): KeyturnError {
  if (place === 'storage') return new KeyturnError('ERR_UNAVAILABLE', 'storage does not answer');
  const code = dice.pick(['ERR_UNAVAILABLE', 'ERR_FORBIDDEN', 'ERR_THROTTLED'] as const);
  if (code !== 'ERR_THROTTLED') return new KeyturnError(code, `${place} refuses`);
  const retryAfterMs = dice.between(1, 300) * 1_000;
  return new KeyturnError(code, `${place} limits the rate`, { retryAfterMs });
}
