import type { ClusterStatus, Counters, JournalEntry } from '../contract.ts';
import { type Costs, costsBetween } from '../verdict/costs.ts';
import { callsOf } from '../verdict/judge.ts';
import type { CredentialPlan, World } from '../world.ts';
import { fromHistory, fromJournal } from './happenings.ts';
import {
  consumersOf,
  type CredentialPicture,
  type Happening,
  livesOf,
  type Picture,
} from './picture.ts';
import type { CredentialStatus, Sources } from './sources.ts';

/** The last that was heard of each part. What is not heard now is not forgotten: unknown is not absent. */
export interface Seen {
  readonly journal: JournalEntry[];
  readonly clusters: Map<string, ClusterStatus>;
  credentials: readonly CredentialStatus[];
  readonly counters: { before: Counters; now: Counters };
  silent: readonly string[];
  happenings: readonly Happening[];
}

const SHOWN = 10;

/** More than all histories together show at a time, so that nothing is told twice. */
const KEPT = 500;

const NO_COUNTERS: Counters = {
  requests: {},
  appRequests: {},
  gatewayCalls: { good: 0, refused: 0 },
};

export function nothingSeen(): Seen {
  return {
    journal: [],
    clusters: new Map(),
    credentials: [],
    counters: { before: NO_COUNTERS, now: NO_COUNTERS },
    silent: [],
    happenings: [],
  };
}

/** Asks every part once, and returns what is new in the log, oldest first. */
export async function look(
  world: World,
  sources: Sources,
  seen: Seen,
): Promise<readonly Happening[]> {
  const news: Happening[] = [];
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    app: () => lookAtApp(world, sources, seen, news),
    azure: () => lookAtTwin(world, sources, seen, news),
    ...Object.fromEntries(
      world.clusters.map(({ id, port }) => [
        id,
        async () => void seen.clusters.set(id, await sources.cluster(port)),
      ]),
    ),
  };
  const answers = await Promise.allSettled(Object.values(parts).map((part) => part()));
  seen.silent = Object.keys(parts).filter((_, index) => answers[index]?.status === 'rejected');
  return remember(seen, news);
}

async function lookAtApp(
  world: World,
  sources: Sources,
  seen: Seen,
  news: Happening[],
): Promise<void> {
  seen.credentials = await sources.credentials();
  const known = world.credentials.filter(({ id }) => seen.credentials.some((one) => one.id === id));
  await Promise.all(
    known.map(async ({ id, gateway }) => {
      const entries = await sources.history(id);
      const latest = entries.filter(({ at }) => Date.parse(at) >= world.runAtMs);
      news.push(...latest.map((entry) => fromHistory(gateway, entry)));
    }),
  );
}

async function lookAtTwin(
  world: World,
  sources: Sources,
  seen: Seen,
  news: Happening[],
): Promise<void> {
  seen.counters.now = await sources.counters();
  const entries = await sources.journal(seen.journal.at(-1)?.seq ?? 0);
  seen.journal.push(...entries);
  const ofThisRun = entries.filter(({ atMs }) => atMs >= world.runAtMs);
  news.push(...ofThisRun.flatMap((entry) => fromJournal(entry) ?? []));
}

/** History is read again and again: only what was not told yet is news. */
function remember(seen: Seen, news: readonly Happening[]): readonly Happening[] {
  const isKnown = ({ atMs, who, word, message }: Happening) =>
    seen.happenings.some(
      (known) =>
        known.atMs === atMs &&
        known.who === who &&
        known.word === word &&
        known.message === message,
    );
  const fresh = news.filter((happening) => !isKnown(happening)).toSorted(byTime);
  for (const happening of fresh) tell(seen, happening);
  return fresh;
}

/** Adds a line to the log. */
export function tell(seen: Seen, happening: Happening): void {
  seen.happenings = [...seen.happenings, happening].toSorted(byTime).slice(-KEPT);
}

function byTime(a: Happening, b: Happening): number {
  return a.atMs - b.atMs;
}

/** One frame of what was seen. Counters are those of this run. */
export function pictureOf(world: World, seen: Seen, nowMs: number): Picture {
  const clusters = [...seen.clusters.values()];
  return {
    nowMs,
    runAtMs: world.runAtMs,
    app: world.urls.app,
    clusters: world.clusters.length,
    credentials: world.credentials.map((plan) => credentialPicture(plan, seen, clusters)),
    events: seen.happenings.slice(-SHOWN),
    calls: callsOf(clusters),
    restarts: clusters.reduce((total, { restarts }) => total + restarts, 0),
    costs: costsOf(seen),
    silent: seen.silent,
  };
}

export function costsOf({ counters }: Seen): Costs {
  return costsBetween(counters.before, counters.now);
}

function credentialPicture(
  plan: CredentialPlan,
  seen: Seen,
  clusters: readonly ClusterStatus[],
): CredentialPicture {
  const status = seen.credentials.find(({ id }) => id === plan.id);
  const { gateway, retire } = plan;
  return {
    gateway,
    retire,
    slots: (['primary', 'secondary'] as const).map((name) => ({
      name,
      lives: livesOf(seen.journal, gateway, name),
      ...stateOf(status, name),
    })),
    consumers: consumersOf(plan, clusters, status?.current?.sequence),
  };
}

function stateOf(status: CredentialStatus | undefined, name: string) {
  if (status?.current?.slot === name) {
    return { state: 'current', sequence: status.current.sequence } as const;
  }
  return { state: status?.slots?.find((slot) => slot.name === name)?.state ?? 'unseen' } as const;
}
