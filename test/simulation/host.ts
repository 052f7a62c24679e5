import type { ReconcileQueue } from '../../shared/ports.ts';
import { openQueue } from './queue.ts';
import { openTimer, type Timer } from './timer.ts';
import { type HostParts, type Invoke, startWorker } from './workers.ts';

/** Azure Functions: a timer, a queue which delivers at least once, and a few workers at the same time. */
export interface Host extends Timer {
  readonly queue: ReconcileQueue;
}

export function openHost(parts: HostParts): Host {
  const invoke: Invoke = (invocation) => startWorker(parts, { ...parts.ports, queue }, invocation);
  const queue = openQueue(parts, invoke);
  return { queue, ...openTimer(parts, invoke) };
}
