import type { EpochMs } from '../../../shared/core/limits.ts';
import type { History } from '../history.ts';

export interface Violation {
  readonly atMs: EpochMs;
  /** What went wrong, in one sentence. */
  readonly told: string;
}

/** Judges a history by what the world saw. Pure: the same history has the same violations. */
export type Invariant = (history: History) => readonly Violation[];
