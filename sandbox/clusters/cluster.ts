import type { ClusterSeed } from '../contract.ts';
import type { StateFile, StoredVersion } from './state.ts';

/** What the parts of one running cluster share. */
export interface Cluster {
  readonly seed: ClusterSeed;
  readonly file: StateFile;
  readonly random: () => number;
}

export type GatewaySeed = ClusterSeed['gateways'][number];

export function storedVersion(cluster: Cluster, credential: string): StoredVersion | undefined {
  return cluster.file.state.stored[credential];
}
