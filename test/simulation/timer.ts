import { KeyturnError } from '../../shared/core/errors.ts';
import { HOUR, MINUTE, PRODUCTION, type EpochMs } from '../../shared/core/limits.ts';
import type { Context } from '../../shared/engine/context.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { HostParts, Invoke } from './workers.ts';

const TICK_MS = 5 * MINUTE;

/** One sweep in so long proves that nothing was due. */
const REST_MS = 12 * HOUR;

export interface Timer {
  /** Something may be due then: the tick after it is not left out. */
  expectDue(atMs: EpochMs): void;
}

/** The sweep's timer. A sweep which finds nothing changes nothing, so that most ticks at rest are left out. */
export function openTimer(parts: HostParts, invoke: Invoke): Timer {
  const { scheduler, weather } = parts;
  const ticks = new Set<EpochMs>();

  const tick = (atMs: EpochMs) => {
    ticks.delete(atMs);
    if (isSomethingDue(parts)) expectDue(atMs + 1);
    if (!weather.isOut('timers')) invoke({ name: 'sweep', work: sweepOnce, isOver: () => {} });
  };
  const expectDue = (atMs: EpochMs) => {
    const tickAtMs = Math.ceil(Math.max(scheduler.nowMs() + 1, atMs) / TICK_MS) * TICK_MS;
    if (ticks.has(tickAtMs)) return;
    ticks.add(tickAtMs);
    scheduler.at(tickAtMs, () => tick(tickAtMs));
  };
  const rest = () => {
    expectDue(scheduler.nowMs());
    scheduler.after(REST_MS, rest);
  };
  rest();
  return { expectDue };
}

/** A sweep which fails is the platform's business: the next tick tries again. */
export async function sweepOnce(context: Context): Promise<void> {
  try {
    await sweep(context);
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
  }
}

function isSomethingDue({ records, configurations, scheduler }: HostParts): boolean {
  const record = records.peek();
  if (!configurations.wishes().isConfigured) {
    return record !== undefined && record.closed === undefined;
  }
  return (record?.dueAtMs ?? 0) <= scheduler.nowMs() + PRODUCTION.skewMs;
}
