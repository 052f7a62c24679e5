import { exponentialMs, seededRandom } from '../../sandbox/random.ts';
import type { DurationMs } from '../../shared/core/limits.ts';

/** All chance of a run. The same seed throws the same dice. */
export interface Dice {
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** About half of them, and at least one: worlds which lack something go further in what they have. */
  some<T>(from: readonly T[]): readonly T[];
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  /** As `between`, but every order of magnitude is as likely as any other. */
  scaled(least: number, most: number): number;
  /** Until the next of events which are `meanMs` apart on average. */
  waitMs(meanMs: DurationMs): DurationMs;
}

/** @param seed each part of the world has its own dice, so that a change in one part leaves the others' throws alone */
export function diceOf(seed: string): Dice {
  const random = seededRandom(seed);
  const chance = (probability: number) => random() < probability;
  const between = (least: number, most: number) =>
    Math.floor(least + random() * (most - least + 1));
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[between(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
  return {
    between,
    chance,
    pick,
    some(from) {
      const kept = from.filter(() => chance(0.5));
      return kept.length > 0 ? kept : [pick(from)];
    },
    scaled: (least, most) => Math.round(least * (most / least) ** random()),
    waitMs: (meanMs) => Math.ceil(exponentialMs(random, meanMs)),
  };
}
