import { promisify } from 'node:util';
import type { DurationMs, EpochMs } from '../../shared/core/limits.ts';

/**
 * Time. Everything that happens in a run waits here: replies on their way to workers, effects on their way to Azure,
 * people, consumers, timers. The clock jumps from one to the next, so that months pass in a moment.
 */
export interface Scheduler {
  nowMs(): EpochMs;
  at(atMs: EpochMs, act: () => unknown): void;
  after(ms: DurationMs, act: () => unknown): void;
  /** Lets everything happen that is due until then, one at a time. */
  run(untilMs: EpochMs): Promise<void>;
}

/** A tick comes when no promise can go any further, and without the event loop: real time and its timers stay outside. */
const tick = promisify(process.nextTick);

/** More than any run needs: a world which stands still and is busy never ends by itself. */
const MOST_EVENTS = 2_000_000;

export function openScheduler(startAtMs: EpochMs): Scheduler {
  const agenda: { atMs: EpochMs; act: () => unknown }[] = [];
  let nowMs = startAtMs;
  let events = 0;

  const at = (atMs: EpochMs, act: () => unknown) => {
    const dueAtMs = Math.max(nowMs, Math.ceil(atMs));
    const before = agenda.findLastIndex((entry) => entry.atMs <= dueAtMs);
    agenda.splice(before + 1, 0, { atMs: dueAtMs, act });
  };

  return {
    nowMs: () => nowMs,
    at,
    after: (ms, act) => at(nowMs + ms, act),
    async run(untilMs) {
      for (let next = agenda[0]; next && next.atMs <= untilMs; next = agenda[0]) {
        agenda.shift();
        nowMs = next.atMs;
        if ((events += 1) > MOST_EVENTS) throw new RangeError('the simulated world never rests');
        await next.act();
        // All promises which that settled go as far as they can before the next thing happens.
        await tick();
      }
      nowMs = untilMs;
    },
  };
}
