import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JWK } from 'jose';
import type { ClusterSeed, ClusterStatus } from '../contract.ts';
import { type Pause, withSilence } from '../pauses.ts';

/** The version a cluster stored, as a Kubernetes secret would hold it: sequence beside the value (rule 15). */
export interface StoredVersion {
  readonly sequence: number;
  readonly value: string;
  readonly etag: string;
}

type Counted<T> = { -readonly [K in keyof T]: T[K] };

/** What survives a crash of the cluster. Counters are of the run `runAtMs`. */
interface ClusterState {
  runAtMs: number;
  issuerKey: JWK | undefined;
  readonly stored: Record<string, StoredVersion>;
  calls: Counted<ClusterStatus['calls']>;
  pulls: Counted<ClusterStatus['pulls']>;
  restarts: number;
  beatAtMs: number;
  pauses: readonly Pause[];
}

export interface StateFile {
  readonly state: ClusterState;
  /** Synchronous, so that what was counted is safe before the next call is made. */
  save(): void;
}

/** Reads a cluster's state, or begins it. Time since the last sign of life counts as a pause. */
export function openState(
  seed: Pick<ClusterSeed, 'stateFile' | 'runAtMs'>,
  nowMs: number,
): StateFile {
  const state = existsSync(seed.stateFile)
    ? (JSON.parse(readFileSync(seed.stateFile, 'utf8')) as ClusterState)
    : begin(nowMs);
  if (state.runAtMs !== seed.runAtMs) Object.assign(state, { runAtMs: seed.runAtMs, ...zero() });
  const file = { state, save: () => replace(seed.stateFile, JSON.stringify(state)) };
  beat(file, nowMs);
  return file;
}

/** A sign of life. What was counted since the last one is saved with it. */
export function beat(file: StateFile, nowMs: number): void {
  file.state.pauses = withSilence(file.state.pauses, file.state.beatAtMs, nowMs);
  file.state.beatAtMs = nowMs;
  file.save();
}

function begin(nowMs: number): ClusterState {
  return {
    runAtMs: 0,
    issuerKey: undefined,
    stored: {},
    beatAtMs: nowMs,
    pauses: [],
    ...zero(),
  };
}

function zero(): Pick<ClusterState, 'calls' | 'pulls' | 'restarts'> {
  return {
    calls: { good: 0, refused: 0, afterPause: 0, unreachable: 0 },
    pulls: { changed: 0, unchanged: 0, failed: 0 },
    restarts: 0,
  };
}

/** The file holds tokens and the issuer's key: nobody else may read it. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
