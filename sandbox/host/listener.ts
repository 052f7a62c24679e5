import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueOptions } from './host-json.ts';
import type { Invoke } from './invoke.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/**
 * What waits for a timer or a queue and invokes one function. It listens until `stopping` aborts, and resolves
 * when what it began has ended.
 */
export type Listener = (stopping: AbortSignal) => Promise<void>;

export interface ListenerContext {
  readonly invoke: Invoke;
  readonly log: Log;
  readonly settings: Settings;
  readonly stateDir: string;
  readonly queues: QueueOptions;
}

/** Waits `ms`, or until `stopping` aborts, whichever is earlier. */
export async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stopping }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
}
