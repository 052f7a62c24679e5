import { DAY, HOUR, MINUTE, type DurationMs, type EpochMs } from '../../shared/core/limits.ts';
import { type Dice, diceOf } from './dice.ts';

const SERVICE =
  '/subscriptions/s/resourceGroups/r/providers/Microsoft.ApiManagement/service/contoso';
export const TARGET = `${SERVICE}/gateways/paris`;
export const ID = 'contoso--paris';

/** Long enough for every bound to be over: a slot of unknown past waits 30 days and an hour, and two days for slack. */
const CALM_MS: DurationMs = 35 * DAY;

/** How a consumer gets its value, and its pods the new one. */
export interface ConsumerPlan {
  readonly id: string;
  /** `direct` reads Key Vault without Keyturn knowing. */
  readonly reads: 'pull' | 'direct';
  readonly pods: number;
  /** At rest. */
  readonly pollEveryMs: DurationMs;
  /** While a version is young. */
  readonly pollWithinMs: DurationMs;
  /** Pods restart at random with this mean. */
  readonly restartEveryMs: DurationMs;
  /** Rolls its pods one by one with this pause after a change, or waits for random restarts. */
  readonly rollEveryMs: DurationMs | undefined;
  /** Keeps its word that no pod is older than this after a store; only its ETag is evidence then. */
  readonly restartWithinMs: DurationMs | undefined;
  readonly reports: boolean;
}

/** What a seed stands for: the credential, its consumers, and how rough the time will be. */
export interface Plan {
  readonly seed: string;
  readonly startAtMs: EpochMs;
  readonly calmFromMs: EpochMs;
  readonly endAtMs: EpochMs;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly consumers: readonly ConsumerPlan[];
  /** The slot of a token made in the portal, which was in Key Vault and in use before Keyturn came; or Keyturn has been there for long. */
  readonly past: 'primary' | 'secondary' | 'nothing' | 'known';
  /** One call in so many goes wrong. */
  readonly faultEvery: number;
  readonly personEveryMs: DurationMs;
  readonly outageEveryMs: DurationMs;
}

/** @param stormMs how long faults and people last; calm follows, in which everything has to heal. */
export function planOf(seed: string, stormMs: DurationMs): Plan {
  const dice = diceOf(`${seed}/plan`);
  const startAtMs = Date.UTC(2027, 0, 1) + dice.between(0, DAY);
  const calmFromMs = startAtMs + stormMs;
  const isHasty = dice.chance(0.4);
  const directReaders = !isHasty && dice.chance(0.4);
  const consumers = ['lyon', 'nice', ...(directReaders ? ['direct'] : [])]
    .map((id) => consumerOf(id, dice))
    .map((consumer) => (isHasty ? hasty(consumer) : consumer));
  return {
    seed,
    startAtMs,
    calmFromMs,
    endAtMs: calmFromMs + CALM_MS,
    entry: { ...entryOf(directReaders, dice), ...(isHasty ? HASTY : retireOf(dice)) },
    consumers,
    past: isHasty ? 'known' : dice.pick(['nothing', 'primary', 'secondary', 'known']),
    faultEvery: dice.pick([15, 40, 200]),
    personEveryMs: dice.pick([8 * HOUR, DAY, 4 * DAY]),
    outageEveryMs: dice.pick([2 * DAY, 6 * DAY, 20 * DAY]),
  };
}

/** Adopts in a minute, so that slots change while calls to them are still in the air. */
function hasty(consumer: ConsumerPlan): ConsumerPlan {
  return {
    ...consumer,
    restartWithinMs: undefined,
    rollEveryMs: 5_000,
    pollWithinMs: 10_000,
    reports: true,
  };
}

const HASTY = { retire: 'adopted', overlap: 'PT1M' };

function entryOf(directReaders: boolean, dice: Dice) {
  return {
    service: SERVICE,
    gateway: 'paris',
    secret: ID,
    lifetime: dice.pick(['P2D', 'P4D', 'P7D', 'P15D', 'P29D']),
    format: dice.pick(['gateway-key', 'raw']),
    directReaders,
  };
}

function retireOf(dice: Dice) {
  return dice.pick([
    { retire: 'expired' },
    { retire: { after: dice.pick(['P1D', 'P3D', 'P7D']) } },
    { retire: 'adopted', overlap: dice.pick(['PT1M', 'PT1H', 'P1D']) },
  ]);
}

function consumerOf(id: string, dice: Dice): ConsumerPlan {
  const promises = dice.chance(0.25);
  const restartWithinMs = promises ? dice.pick([30 * MINUTE, 4 * HOUR]) : undefined;
  return {
    id,
    reads: id === 'direct' ? 'direct' : 'pull',
    pods: dice.between(1, 3),
    pollEveryMs: dice.pick([2 * HOUR, 10 * HOUR]),
    pollWithinMs: 5 * MINUTE,
    restartEveryMs: dice.pick([12 * HOUR, 3 * DAY]),
    rollEveryMs: promises || dice.chance(0.2) ? undefined : dice.scaled(10_000, 5 * HOUR),
    restartWithinMs,
    reports: !promises && id !== 'direct',
  };
}
