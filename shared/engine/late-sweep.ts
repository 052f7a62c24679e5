import { KeyturnError } from '../core/errors.ts';
import { type EpochMs, type Limits, MINUTE } from '../core/limits.ts';
import type { Context } from './context.ts';
import { waitPatiently } from './memory.ts';

/** Has the last sweep been so long ago that its timer must have died? */
export function isLate(lastAtMs: EpochMs | undefined, limits: Limits, nowMs: EpochMs): boolean {
  return nowMs - (lastAtMs ?? 0) > limits.sweepLateMs;
}

/**
 * Timers died on Flex Consumption while HTTP lived on: whoever calls asks for the sweep which is late. Looks once a minute
 * for each instance. A look which fails or hangs changes nothing for the caller and is made again at the next call after
 * that minute.
 */
export function watchSweeps(context: Context): () => Promise<void> {
  let lookedAtMs = -Infinity;
  return async () => {
    const nowMs = context.ports.nowMs();
    if (nowMs - lookedAtMs < MINUTE) return;
    lookedAtMs = nowMs;
    await waitPatiently(askIfLate(context, nowMs));
  };
}

async function askIfLate({ ports, configuration }: Context, nowMs: EpochMs): Promise<void> {
  try {
    const { limits } = await configuration();
    const last = await ports.sweeps.last();
    if (!isLate(last?.atMs, limits, nowMs)) return;
    if (last === undefined) ports.log('info', 'the first sweep is asked for');
    else ports.log('warn', 'the sweep is late: its timer may have died', { code: 'SWEEP_LATE' });
    await ports.queue.put({ v: 1, sweep: true, atMs: nowMs }, 0);
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    ports.log('warn', `cannot tell whether the sweep is late: ${error.message}`, {
      code: error.code,
    });
  }
}
