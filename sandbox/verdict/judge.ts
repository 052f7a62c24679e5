import type { ClusterStatus, JournalEntry } from '../contract.ts';
import { isExplainedByPause, type Pause, pausedMs } from '../pauses.ts';
import { APP, type CredentialPlan, EXPIRY_MARGIN_MS, OVERLAP_MS, TOKEN_LIFE_MS } from '../world.ts';
import type { Costs } from './costs.ts';
import {
  cutOffs,
  publishedVersions,
  regenerationsOf,
  successions,
  type SupersededKey,
  supersededKeys,
} from './versions.ts';

/**
 * A superseded key must be regenerated within this time,
 * - `adopted`: the overlap, and 40 s for reports and the retire; or its last token must have expired by then;
 * - `expired`: the longest life of a token, the margin, and a minute.
 * It counts from the successor, or from when the store may have gone back in time (a start, a death of Azurite): a slot
 * whose past is not known is not retired for the life of a token (rule 7). Time in which the sandbox did not run is added.
 */
export const BOUNDS_MS: Readonly<Record<CredentialPlan['retire'], number>> = {
  adopted: OVERLAP_MS + 40_000,
  expired: TOKEN_LIFE_MS + EXPIRY_MARGIN_MS + 60_000,
};

/** Until then the past of the slots is not known. */
const UNKNOWN_MS = TOKEN_LIFE_MS + EXPIRY_MARGIN_MS;

/** A run as long as this must have seen everything happen. */
const FULL_RUN_MS = 600_000;

/** What a run is judged by. Keyturn's own word is not among it. */
export interface Evidence {
  readonly runAtMs: number;
  readonly nowMs: number;
  readonly credentials: readonly CredentialPlan[];
  readonly journal: readonly JournalEntry[];
  readonly clusters: readonly ClusterStatus[];
  readonly costs: Costs;
  /** The starter's own pauses. */
  readonly pauses: readonly Pause[];
  /** When Azurite died: it loses its last seconds then. */
  readonly storeLostAtMs: readonly number[];
  /** Witnesses which did not answer at the end: the twin, clusters. */
  readonly silent: readonly string[];
}

export interface Verdict {
  readonly lastedMs: number;
  readonly rotations: number;
  readonly retirements: number;
  readonly restarts: number;
  readonly calls: ClusterStatus['calls'];
  readonly costs: Costs;
  /** Empty when the run was good. */
  readonly failures: readonly string[];
}

/** Judges a run. Pure: the same evidence has the same verdict. */
export function judge(evidence: Evidence): Verdict {
  const { clusters, runAtMs, nowMs } = evidence;
  const counted = {
    lastedMs: nowMs - runAtMs,
    rotations: rotations(evidence),
    retirements: regenerationsOf(thisRun(evidence)).filter(({ by }) => by === APP).length,
    restarts: sum(clusters.map(({ restarts }) => restarts)),
    calls: callsOf(clusters),
    costs: evidence.costs,
  };
  const failures = [
    ...evidence.silent.map((part) => `${part} did not answer at the end: what it saw is unknown`),
    ...refusedCalls(evidence, counted.calls),
    ...cutOff(evidence),
    ...overdueKeys(evidence),
    ...missing(counted),
  ];
  return { ...counted, failures };
}

/** Versions of this run which replaced another one. */
function rotations({ journal, runAtMs }: Evidence): number {
  return successions(publishedVersions(journal)).filter(
    ([, { publishedAtMs }]) => publishedAtMs >= runAtMs,
  ).length;
}

function refusedCalls(evidence: Evidence, { refused }: ClusterStatus['calls']): readonly string[] {
  if (refused > 0) return [`${refused} gateway calls were refused`];
  // A cluster that was killed between the answer and its count: the twin remembers.
  const pods = new Set(podsOf(evidence.clusters));
  const pauses = evidence.clusters.flatMap((cluster) => cluster.pauses);
  return thisRun(evidence)
    .filter((entry) => entry.kind === 'gateway-refused')
    .filter((entry) => pods.has(entry.instance) && !isExplainedByPause(entry, pauses))
    .map(({ instance, reason }) => `a call of ${instance} was refused: ${reason}`);
}

function cutOff(evidence: Evidence): readonly string[] {
  return cutOffs(evidence.journal)
    .filter(({ atMs }) => atMs >= evidence.runAtMs)
    .map(
      ({ by, gateway, slot }) =>
        `${by} regenerated the ${slot} key of ${gateway} while its token was the current one`,
    );
}

function overdueKeys(evidence: Evidence): readonly string[] {
  return supersededKeys(evidence.journal)
    .filter((key) => isOverdue(key, evidence))
    .map(({ gateway, slot }) => `the superseded ${slot} key of ${gateway} outlived its bound`);
}

function isOverdue(key: SupersededKey, evidence: Evidence): boolean {
  const endedAtMs = key.regeneratedAtMs ?? evidence.nowMs;
  const lossAtMs = lastLossMs(evidence, endedAtMs);
  const pauseMs = pausedMs(evidence.pauses, key.supersededAtMs, endedAtMs);
  const adoptedByMs = Math.max(
    key.supersededAtMs + BOUNDS_MS.adopted,
    lossAtMs + UNKNOWN_MS + BOUNDS_MS.adopted - OVERLAP_MS,
  );
  const expiredByMs = Math.max(key.supersededAtMs, lossAtMs) + BOUNDS_MS.expired;
  const plan = evidence.credentials.find(({ gateway }) => gateway === key.gateway);
  const livesOn = plan?.retire === 'adopted' && key.expiresAtMs > adoptedByMs + pauseMs;
  return endedAtMs > (livesOn ? adoptedByMs : expiredByMs) + pauseMs;
}

function lastLossMs({ runAtMs, storeLostAtMs }: Evidence, beforeMs: number): number {
  return Math.max(runAtMs, ...storeLostAtMs.filter((atMs) => atMs <= beforeMs));
}

/** Nothing can go wrong where nothing happens. */
function missing(seen: Omit<Verdict, 'failures'>): readonly string[] {
  if (seen.calls.good === 0) return ['no gateway ever got its configuration'];
  if (seen.lastedMs < FULL_RUN_MS) return [];
  return (['rotations', 'retirements', 'restarts'] as const)
    .filter((what) => seen[what] === 0)
    .map((what) => `there were no ${what} in a run of ten minutes or more`);
}

/** Calls of all clusters. */
export function callsOf(clusters: readonly ClusterStatus[]): ClusterStatus['calls'] {
  const total = (count: keyof ClusterStatus['calls']) =>
    sum(clusters.map(({ calls }) => calls[count]));
  return {
    good: total('good'),
    refused: total('refused'),
    afterPause: total('afterPause'),
    unreachable: total('unreachable'),
  };
}

function podsOf(clusters: readonly ClusterStatus[]): readonly string[] {
  return clusters.flatMap(({ gateways }) =>
    gateways.flatMap(({ pods }) => pods.map(({ name }) => name)),
  );
}

function thisRun({ journal, runAtMs }: Evidence): readonly JournalEntry[] {
  return journal.filter(({ atMs }) => atMs >= runAtMs);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
