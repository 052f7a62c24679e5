import { MAX_PARKED } from '../../shared/core/limits.ts';
import type { Context } from '../../shared/engine/context.ts';
import { reconcile } from '../../shared/engine/reconcile.ts';
import type { Message, ReconcileQueue } from '../../shared/ports.ts';
import { sweepOnce } from './timer.ts';
import { type HostParts, type Invocation, type Invoke, LOCK_MS } from './workers.ts';

const MOST_WORKERS = 3;

/** A storage queue and its trigger: a message comes late, twice, or again after a crash. */
export function openQueue(parts: HostParts, invoke: Invoke): ReconcileQueue {
  const { scheduler, dice, note, calmFromMs } = parts;
  let running = 0;
  let depth = 0;

  const count = (messages: number) => {
    depth += messages;
    note({ what: 'queued', depth });
  };
  const deliver = (message: Message): void => {
    if (running >= MOST_WORKERS) return scheduler.after(10_000, () => deliver(message));
    running += 1;
    const isOver: Invocation['isOver'] = (how) => {
      running -= 1;
      const comesAgain = how !== 'ended' && dice.chance(0.8);
      if (comesAgain) scheduler.after(LOCK_MS, () => deliver(message));
      else count(-1);
    };
    invoke({ name: 'reconcile', work: (context) => take(context, message), isOver });
  };

  return {
    async put(message, delayMs) {
      const copies = scheduler.nowMs() < calmFromMs && dice.chance(0.03) ? 2 : 1;
      count(copies);
      const visibleInMs = Math.min(Math.ceil(delayMs / 1_000) * 1_000, MAX_PARKED);
      for (let copy = 0; copy < copies; copy += 1) {
        scheduler.after(visibleInMs + dice.scaled(1, 30_000), () => deliver(message));
      }
    },
  };
}

function take(context: Context, message: Message): Promise<void> {
  return 'reconcile' in message ? reconcile(context, message) : sweepOnce(context);
}
