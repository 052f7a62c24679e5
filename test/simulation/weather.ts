import { KeyturnError } from '../../shared/core/errors.ts';
import { DAY, HOUR, MINUTE, PRODUCTION, type DurationMs } from '../../shared/core/limits.ts';
import type { Dice } from './dice.ts';
import type { Note, Place } from './history.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

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

export interface Weather {
  /** @param call for instance `records.write` */
  fateOf(call: string): Fate;
  isOut(place: Place): boolean;
}

const PLACES: Readonly<Record<string, Place>> = {
  records: 'storage',
  adoptions: 'storage',
  history: 'storage',
  sweeps: 'storage',
  queue: 'storage',
  vault: 'vault',
  issuer: 'arm',
  gateways: 'arm',
};

/** One operation alone can be forbidden while its service answers: a missing right. */
const NARROW: Readonly<Record<string, Place>> = {
  'issuer.retire': 'regenerateKey',
  'vault.publish': 'setSecret',
};

const OUTAGES: readonly Place[] = [
  'storage',
  'vault',
  'arm',
  'regenerateKey',
  'setSecret',
  'timers',
];

export function openWeather(plan: Plan, scheduler: Scheduler, dice: Dice, note: Note): Weather {
  const out = new Map<Place, KeyturnError>();
  const places = dice.some(OUTAGES);
  const isCalm = () => scheduler.nowMs() >= plan.calmFromMs;

  const end = (place: Place) => {
    if (out.delete(place)) note({ what: 'outage', place, isOver: true });
  };
  const begin = () => {
    if (isCalm()) return;
    const place = dice.pick(places);
    if (!out.has(place)) note({ what: 'outage', place, isOver: false });
    out.set(place, failure(place, dice));
    scheduler.after(dice.scaled(5 * MINUTE, 4 * DAY), () => end(place));
    scheduler.after(dice.waitMs(plan.outageEveryMs), begin);
  };
  scheduler.after(dice.waitMs(plan.outageEveryMs), begin);
  scheduler.at(plan.calmFromMs, () => OUTAGES.forEach(end));

  return {
    isOut: (place) => out.has(place),
    fateOf(call) {
      const place = PLACES[call.split('.')[0] ?? ''] ?? 'storage';
      const error = out.get(NARROW[call] ?? place) ?? out.get(place);
      if (error !== undefined) return { ...quick(dice), ends: { as: 'refused', error } };
      return isCalm() ? quick(dice) : fate(call, place, plan, dice);
    },
  };
}

function quick(dice: Dice): Fate {
  return { sendInMs: 0, effectInMs: dice.scaled(1, 2_000), replyInMs: 0, ends: { as: 'answered' } };
}

function fate(call: string, place: Place, { faultEvery }: Plan, dice: Dice): Fate {
  const isWrite = call in NARROW;
  // Writes at Azure are few, and the ones which matter.
  if (!dice.chance((isWrite ? 5 : 1) / faultEvery)) return quick(dice);
  const { flightMs, callTimeoutMs } = PRODUCTION;
  const paused = { ...quick(dice), sendInMs: dice.scaled(MINUTE, 6 * HOUR) };
  return dice.pick<() => Fate>([
    () => ({ ...quick(dice), ends: { as: 'refused', error: failure(place, dice) } }),
    () => ({ ...quick(dice), ends: { as: 'lost' } }),
    () => ({ ...quick(dice), ends: { as: 'crashed-unsent' } }),
    () => ({ ...quick(dice), ends: { as: 'crashed-acted' } }),
    () => ({ ...quick(dice), replyInMs: dice.scaled(MINUTE, 6 * HOUR) }),
    () => paused,
    () => ({
      ...quick(dice),
      effectInMs: isWrite ? dice.pick([dice.between(1, flightMs), flightMs]) : callTimeoutMs,
    }),
    () => ({
      ...paused,
      sendInMs: dice.between(1, PRODUCTION.deadlineMs),
      effectInMs: isWrite ? flightMs : 1,
    }),
  ])();
}

function failure(place: Place, dice: Dice): KeyturnError {
  const code = dice.pick(['ERR_UNAVAILABLE', 'ERR_FORBIDDEN', 'ERR_THROTTLED'] as const);
  if (place === 'storage') return new KeyturnError('ERR_UNAVAILABLE', 'storage does not answer');
  if (code !== 'ERR_THROTTLED') return new KeyturnError(code, `${place} refuses`);
  const retryAfterMs = dice.between(1, 300) * 1_000;
  return new KeyturnError(code, `${place} limits the rate`, { retryAfterMs });
}
