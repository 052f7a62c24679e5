import type { Counters } from '../contract.ts';

/** What Keyturn asked of Azure. */
export interface Costs {
  /** Calls which ARM counts as writes: minting, and regenerating a key. */
  readonly writes: number;
  readonly vaultReads: number;
}

/** Requests of the app between two readings of the twin's counters. */
export function costsBetween(before: Counters, after: Counters): Costs {
  const count = (operation: RegExp) =>
    Object.entries(after.appRequests)
      .filter(([name]) => operation.test(name))
      .reduce((total, [name, made]) => total + made - (before.appRequests[name] ?? 0), 0);
  return { writes: count(/^arm (generateToken|regenerateKey)$/), vaultReads: count(/^vault get/) };
}
