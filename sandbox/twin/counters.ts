import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Counters } from '../contract.ts';

const SAVE_EVERY_MS = 1000;

/** Counts which cost nothing: saved once a second, so a kill loses at most the last one's. */
export interface LiveCounters {
  readonly read: () => Counters;
  readonly countRequest: (operation: string, byApp: boolean) => void;
  readonly countGatewayCall: (outcome: 'good' | 'refused') => void;
  readonly save: () => void;
}

export function openCounters(file: string): LiveCounters {
  const counters = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Mutable)
    : { requests: {}, appRequests: {}, gatewayCalls: { good: 0, refused: 0 } };
  let dirty = false;
  const save = () => {
    if (!dirty) return;
    dirty = false;
    writeFileSync(`${file}.new`, JSON.stringify(counters));
    renameSync(`${file}.new`, file);
  };
  setInterval(save, SAVE_EVERY_MS).unref();
  return {
    read: () => counters,
    save,
    countRequest: (operation, byApp) => {
      dirty = true;
      increment(counters.requests, operation);
      if (byApp) increment(counters.appRequests, operation);
    },
    countGatewayCall: (outcome) => {
      dirty = true;
      increment(counters.gatewayCalls, outcome);
    },
  };
}

interface Mutable {
  readonly requests: Record<string, number>;
  readonly appRequests: Record<string, number>;
  readonly gatewayCalls: Record<'good' | 'refused', number>;
}

function increment(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
