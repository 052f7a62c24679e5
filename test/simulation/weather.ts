import type { KeyturnError } from '../../shared/core/errors.ts';
import { DAY, MINUTE } from '../../shared/core/limits.ts';
import type { Dice } from './dice.ts';
import { failure, type Fate, misfortune, quick } from './fate.ts';
import type { Note, Place } from './history.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

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
      // Writes at Azure are few, and the ones which matter.
      const isUnlucky = dice.chance((call in NARROW ? 5 : 1) / plan.faultEvery);
      return isCalm() || !isUnlucky ? quick(dice) : misfortune(place, call in NARROW, dice);
    },
  };
}
