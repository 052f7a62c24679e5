import { MINUTE, PRODUCTION, type EpochMs } from '../../shared/core/limits.ts';
import type { Context } from '../../shared/engine/context.ts';
import type { Ports } from '../../shared/ports.ts';
import type { Configurations } from './configurations.ts';
import type { Dice } from './dice.ts';
import { type Network, networkPorts, type Worker } from './network.ts';
import type { Records } from './stores.ts';

export interface HostParts extends Network {
  readonly dice: Dice;
  readonly records: Records;
  readonly configurations: Configurations;
  /** The ports before the network, without the queue, which is the host's. */
  readonly ports: Omit<Ports, 'queue'>;
  readonly calmFromMs: EpochMs;
}

/** An invocation of a function. */
export interface Invocation {
  readonly name: string;
  readonly work: (context: Context) => Promise<void>;
  /** Called once, when it has ended, crashed, or outlived the lock of its message. */
  readonly isOver: (how: 'ended' | 'crashed' | 'unlocked') => void;
}

export type Invoke = (invocation: Invocation) => void;

/** The platform gives a message again when an invocation has not ended in that time. */
export const LOCK_MS = 10 * MINUTE;

/** Starts an invocation. A crashed one never goes on; one which was paused for long goes on beside its successor. */
export function startWorker(parts: HostParts, ports: Ports, invocation: Invocation): void {
  const { scheduler, note } = parts;
  let isWaitedFor = true;
  const over: Invocation['isOver'] = (how) => {
    if (isWaitedFor) invocation.isOver(how);
    isWaitedFor = false;
  };
  const worker = hire(parts, invocation.name, () => over('crashed'));
  scheduler.after(LOCK_MS, () => over('unlocked'));
  invocation.work(contextOf(worker, parts, ports)).then(
    () => over('ended'),
    (error: unknown) => {
      note({ what: 'bug', worker: worker.name, message: String(error) });
      over('ended');
    },
  );
}

function hire({ scheduler, dice }: HostParts, task: string, onCrash: () => void): Worker {
  const { skewMs } = PRODUCTION;
  const offsetMs = dice.pick([-skewMs, dice.between(-skewMs, skewMs), skewMs]);
  return {
    name: `${task}-${dice.between(1_000, 9_999)}`,
    nowMs: () => scheduler.nowMs() + offsetMs,
    isObserving: false,
    isDead: false,
    onCrash,
  };
}

function contextOf(worker: Worker, parts: HostParts, ports: Ports): Context {
  const { dice, configurations } = parts;
  const agoMs = dice.chance(0.1) ? dice.scaled(1, PRODUCTION.flightMs) : dice.between(0, 5_000);
  return {
    ports: networkPorts(ports, worker, parts),
    installation: 'prod',
    async configuration() {
      const seen = configurations.seen(agoMs);
      worker.isObserving = seen.mode === 'observe';
      return seen;
    },
  };
}
