import { exponentialMs, seededRandom } from '../../sandbox/random.ts';
import type { DurationMs } from '../../shared/core/limits.ts';

/** All chance of a run. The same seed throws the same dice. */
export interface Dice {
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
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
  const between = (least: number, most: number) =>
    Math.floor(least + random() * (most - least + 1));
  return {
    between,
    chance: (probability) => random() < probability,
    pick(from) {
      const picked = from[between(0, from.length - 1)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    scaled: (least, most) => Math.round(least * (most / least) ** random()),
    waitMs: (meanMs) => Math.ceil(exponentialMs(random, meanMs)),
  };
}
