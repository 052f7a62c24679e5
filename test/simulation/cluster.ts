import type { DurationMs, EpochMs } from '../../shared/core/limits.ts';
import type { Azure } from './azure.ts';
import type { Dice } from './dice.ts';
import type { Front } from './front.ts';
import type { Network } from './network.ts';
import type { ConsumerPlan } from './plan.ts';

/** A value in a consumer's hands. Sequence 0 came from elsewhere than a pull. */
export interface Stored {
  readonly sequence: number;
  readonly fingerprint: string;
  readonly etag?: string;
}

/** A consumer, and what it needs of the world. */
export interface ConsumerParts extends Network {
  readonly plan: ConsumerPlan;
  readonly dice: Dice;
  readonly front: Front;
  readonly azure: Azure;
  readonly calmFromMs: EpochMs;
}

/** What a consumer has and whether it can be heard. */
export interface Cluster {
  stored: Stored | undefined;
  isOffline: boolean;
}

/** Again and again, at random within twice the mean. */
export function every(
  { scheduler, dice }: Pick<ConsumerParts, 'scheduler' | 'dice'>,
  meanMs: DurationMs,
  act: () => unknown,
): void {
  const again = async () => {
    await act();
    scheduler.after(dice.between(1, 2 * meanMs), again);
  };
  scheduler.after(dice.between(1, 2 * meanMs), again);
}
