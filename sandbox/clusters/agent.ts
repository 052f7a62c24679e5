import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, type GatewaySeed, storedVersion } from './cluster.ts';
import { type AdoptionReport, type Keyturn, KeyturnRefusal } from './keyturn.ts';
import { type Pod, rollOne } from './pods.ts';

/** Bounds of `pollAfterSeconds` and of `Retry-After`, which we obey within reason. */
const SHORTEST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 30_000;

const FIRST_SETBACK_MS = 500;
const LONGEST_SETBACK_MS = 5_000;

/** A report is repeated this often, changed or not: only those after the end of the overlap count (rule 13). */
const REPORT_EVERY_MS = 10_000;

/** Pause between two looks at what the pods run. */
const LOOK_EVERY_MS = 250;

/** One credential and the pods which run on it. */
export interface Workload {
  readonly gateway: GatewaySeed;
  readonly pods: readonly Pod[];
}

/**
 * The stand-in for the cluster's agent. It keeps the consumer's contract: pulls when it is told to, never goes back to
 * a lower sequence (rule 15), restarts the pods after a change, and reports what they run.
 */
export function startAgent(cluster: Cluster, keyturn: Keyturn, workload: Workload): void {
  void pullForEver(cluster, keyturn, workload.gateway.credential);
  void reportForEver(cluster, keyturn, workload);
}

async function pullForEver(cluster: Cluster, keyturn: Keyturn, credential: string): Promise<void> {
  let setbacks = 0;
  for (;;) {
    try {
      const pollAfterMs = await pull(cluster, keyturn, credential);
      setbacks = 0;
      await sleep(within(pollAfterMs, SHORTEST_POLL_MS, LONGEST_POLL_MS));
    } catch (error) {
      cluster.file.state.pulls.failed += 1;
      await sleep(setbackMs(`pull ${credential}`, error, (setbacks += 1)));
    }
  }
}

/** Returns when to ask again. */
async function pull(cluster: Cluster, keyturn: Keyturn, credential: string): Promise<number> {
  const { state } = cluster.file;
  const stored = storedVersion(cluster, credential);
  const { version, pollAfterMs } = await keyturn.pull(credential, stored?.etag);
  const isNewer = version && version.sequence > (stored?.sequence ?? 0);
  state.pulls[isNewer ? 'changed' : 'unchanged'] += 1;
  if (isNewer) {
    state.stored[credential] = version;
    cluster.file.save();
  }
  return pollAfterMs;
}

async function reportForEver(
  cluster: Cluster,
  keyturn: Keyturn,
  workload: Workload,
): Promise<void> {
  let last = { text: '', atMs: 0 };
  let setbacks = 0;
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const stored = storedVersion(cluster, workload.gateway.credential);
    rollOne(workload.pods, stored);
    if (!stored) continue;
    const report = adoptionOf(workload.pods, stored.sequence);
    const text = JSON.stringify(report);
    if (text === last.text && Date.now() < last.atMs + REPORT_EVERY_MS) continue;
    try {
      await keyturn.reportAdoption(workload.gateway.credential, report);
      last = { text, atMs: Date.now() };
      setbacks = 0;
    } catch (error) {
      const what = `report ${workload.gateway.credential}`;
      await sleep(setbackMs(what, error, (setbacks += 1)));
    }
  }
}

/** What the pods run. A pod which is restarting runs nothing, and is desired all the same. */
function adoptionOf(pods: readonly Pod[], stored: number): AdoptionReport {
  const counts = new Map<number, number>();
  for (const { running } of pods) {
    if (running) counts.set(running.sequence, (counts.get(running.sequence) ?? 0) + 1);
  }
  const running = [...counts].map(([version, count]) => ({ version, pods: count }));
  return { stored, running, desired: pods.length };
}

/** Doubles with each setback in a row, unless Keyturn named a time. The app being away is nothing to die of. */
function setbackMs(what: string, error: unknown, setbacks: number): number {
  console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  const wishMs = error instanceof KeyturnRefusal ? error.retryAfterMs : undefined;
  const growingMs = FIRST_SETBACK_MS * 2 ** Math.min(setbacks - 1, 10);
  return within(wishMs ?? growingMs, FIRST_SETBACK_MS, LONGEST_SETBACK_MS);
}

function within(ms: number, leastMs: number, mostMs: number): number {
  return Math.min(Math.max(ms, leastMs), mostMs);
}
