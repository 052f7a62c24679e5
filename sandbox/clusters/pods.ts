import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isExplainedByPause } from '../pauses.ts';
import { exponentialMs } from '../random.ts';
import { type Cluster, type GatewaySeed, storedVersion } from './cluster.ts';
import type { StoredVersion } from './state.ts';

/** How long a pod is away while it restarts. */
const RESTART_MS = 400;

const CALL_TIMEOUT_MS = 5_000;

/** A gateway container: it reads its token at start and never again. */
export interface Pod {
  readonly name: string;
  /** Undefined until there is a value to start with. */
  running?: StoredVersion;
  mustRestart: boolean;
  restartAtMs: number;
}

/** The pods of one gateway, each of which runs until the cluster ends. */
export function startPods(cluster: Cluster, gateway: GatewaySeed): readonly Pod[] {
  const pods = Array.from({ length: gateway.pods }, (_, index) => ({
    name: `${gateway.name}-${cluster.seed.id}-${index}`,
    mustRestart: false,
    restartAtMs: nextRestartAtMs(cluster),
  }));
  for (const pod of pods) void runPod(cluster, gateway, pod);
  return pods;
}

/** One at a time, as a rolling update does: the next pod has to wait until the one before is back. */
export function rollOne(pods: readonly Pod[], stored: StoredVersion | undefined): void {
  if (!stored || pods.some((pod) => pod.mustRestart)) return;
  const old = pods.find((pod) => pod.running && pod.running.sequence !== stored.sequence);
  if (old) old.mustRestart = true;
}

/** A call in progress ends before a restart, so that no call is made with a value the pod has left behind. */
async function runPod(cluster: Cluster, gateway: GatewaySeed, pod: Pod): Promise<void> {
  for (;;) {
    if (pod.mustRestart || Date.now() >= pod.restartAtMs) await restart(cluster, pod);
    const stored = storedVersion(cluster, gateway.credential);
    if (!pod.running && stored) pod.running = stored;
    pod.mustRestart = false;
    if (pod.running) await callConfiguration(cluster, gateway.name, pod);
    await sleep(cluster.seed.callEveryMs);
  }
}

async function restart(cluster: Cluster, pod: Pod): Promise<void> {
  if (!pod.mustRestart) cluster.file.state.restarts += 1;
  delete pod.running;
  pod.restartAtMs = nextRestartAtMs(cluster);
  await sleep(RESTART_MS);
}

async function callConfiguration(cluster: Cluster, gateway: string, pod: Pod): Promise<void> {
  const response = await fetch(
    `${cluster.seed.urls.configuration}/gateways/${gateway}/configuration`,
    {
      headers: { authorization: pod.running?.value ?? '', 'x-keyturn-instance': pod.name },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    },
  ).catch(() => undefined); // Nobody answered in time: that is the outcome which is counted.
  const body = await response?.text().catch(() => '');
  count(cluster, response?.status, body ?? '');
}

function count({ file }: Cluster, status: number | undefined, body: string): void {
  const { calls, pauses } = file.state;
  if (status === undefined || status === 429 || status >= 500) calls.unreachable += 1;
  else if (status < 300) calls.good += 1;
  else {
    const refusal = { reason: reasonOf(body), atMs: Date.now() };
    calls[isExplainedByPause(refusal, pauses) ? 'afterPause' : 'refused'] += 1;
    file.save();
  }
}

const Refusal = z.object({ reason: z.string() });

/** A refusal without a readable reason is none which a pause could explain. */
function reasonOf(body: string): string {
  try {
    return Refusal.parse(JSON.parse(body)).reason;
  } catch {
    return 'unknown';
  }
}

function nextRestartAtMs({ random, seed }: Cluster): number {
  return Date.now() + exponentialMs(random, seed.restartEveryMs);
}
