import type { Twin } from '../twin.ts';
import type { Instance } from './connections.ts';

/** One line for each pod and reason, then one a minute: a broken pod calls many times a second. */
const REPEAT_EVERY_MS = 60_000;

export interface Refusals {
  note(caller: Instance, reason: string): void;
  /** The pod's calls are good again: its next refusal is news. */
  end(caller: Instance): void;
}

export function newRefusals(twin: Twin): Refusals {
  const toldAtMs = new Map<string, Map<string, number>>();
  return {
    note: ({ gateway, instance }, reason) => {
      twin.counters.countGatewayCall('refused');
      const key = `${gateway}/${instance}`;
      const told = toldAtMs.get(key) ?? new Map<string, number>();
      toldAtMs.set(key, told);
      if (Date.now() - (told.get(reason) ?? -Infinity) < REPEAT_EVERY_MS) return;
      told.set(reason, Date.now());
      twin.record(instance, { kind: 'gateway-refused', gateway, instance, reason });
    },
    end: ({ gateway, instance }) => void toldAtMs.delete(`${gateway}/${instance}`),
  };
}
