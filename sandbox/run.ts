import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIfStale, KEYTURN } from '../scripts/build.ts';
import { retireEarly } from './break.ts';
import type { Authority } from './certificates.ts';
import { type Http, openHttp } from './http.ts';
import { appPart, azuritePart, clusterPart, type PartContext, twinPart } from './parts.ts';
import { type Pause, withSilence } from './pauses.ts';
import { type Prepared, writeJson } from './prepare.ts';
import { type Part, type Processes, superviseProcesses } from './processes.ts';
import { sandboxFile } from './seed.ts';
import type { Screen } from './timeline/screen.ts';
import { openSources, type Sources } from './timeline/sources.ts';
import { summary } from './timeline/summary.ts';
import { costsOf, look, nothingSeen, pictureOf, type Seen, tell } from './timeline/watch.ts';
import { judge, type Verdict } from './verdict/judge.ts';
import { filesOf, type World } from './world.ts';

const LOOK_EVERY_MS = 1_000;

/** More than a part needs to be started again. */
const LAST_LOOKS = 8;

export interface RunPlan {
  readonly world: World;
  readonly screen: Screen;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly earlyRetire: boolean;
}

/** One run of the sandbox, as it goes on. */
interface Run extends RunPlan {
  readonly processes: Processes;
  readonly http: Http;
  readonly sources: Sources;
  readonly seen: Seen;
  readonly storeLostAtMs: number[];
  pauses: readonly Pause[];
}

/**
 * Starts everything, watches until the signal, and stops everything it started. Returns no verdict
 * when the signal came before all parts were up.
 * @throws PartFailed when a part never came up
 */
export async function runSandbox(plan: RunPlan, prepared: Prepared): Promise<Verdict | undefined> {
  const run = await begin(plan, prepared);
  try {
    await Promise.race([startParts(run, prepared), once(plan.signal, 'abort')]);
    if (plan.signal.aborted) return undefined;
    if (plan.earlyRetire) void retireEarly(plan.world, run.http, run.seen);
    await watch(run, prepared.authority);
    return await conclude(run);
  } finally {
    await run.processes.stop();
    await rm(filesOf(plan.world).sandbox, { force: true });
  }
}

async function begin(plan: RunPlan, { authority }: Prepared): Promise<Run> {
  const { world, screen } = plan;
  const http = openHttp(await readFile(authority.caFile, 'utf8'));
  const seen = nothingSeen();
  const storeLostAtMs: number[] = [];
  const processes = superviseProcesses(filesOf(world).logs, (who, how) => {
    const atMs = Date.now();
    if (who === 'azurite') storeLostAtMs.push(atMs);
    const death = { atMs, who, word: 'died', message: `${how}; it is started again` };
    tell(seen, death);
    screen.tell(death);
  });
  const sources = openSources(world, http);
  return { ...plan, processes, http, sources, seen, storeLostAtMs, pauses: [] };
}

/** The app comes last: it needs its build, its storage and Azure. What it costs is counted from there. */
async function startParts(run: Run, prepared: Prepared): Promise<void> {
  const { world, sources, seen } = run;
  const context = { world, authority: prepared.authority };
  await Promise.all([
    ready(run, 'build', buildIfStale()),
    start(run, azuritePart(context)),
    startAzureAndClusters(run, context),
  ]);
  seen.counters.before = await sources.counters();
  await start(run, appPart(context, prepared.seed, KEYTURN.outDir));
}

/** Programs outside find the parts by it: it is there when all are up, and names the processes of now. */
async function publish({ world, processes }: Run, authority: Authority, last: string) {
  const ids = { starter: process.pid, ...processes.ids() };
  const text = JSON.stringify(ids);
  if (text !== last) await writeJson(filesOf(world).sandbox, sandboxFile(world, authority, ids));
  return text;
}

/** Pods which run on from an earlier run call Azure at once. */
async function startAzureAndClusters(run: Run, context: PartContext): Promise<void> {
  await start(run, twinPart(context));
  const parts = run.world.clusters.map((cluster) => clusterPart(context, cluster));
  await Promise.all(parts.map((part) => start(run, part)));
}

function start(run: Run, part: Part): Promise<void> {
  return ready(run, part.name, run.processes.start(part));
}

async function ready({ world, screen }: Run, who: string, started: Promise<void>): Promise<void> {
  await started;
  const atMs = Date.now();
  const seconds = ((atMs - world.runAtMs) / 1_000).toFixed(1);
  screen.tell({ atMs, who, word: 'ready', message: `after ${seconds} s` });
}

async function watch(run: Run, authority: Authority): Promise<void> {
  const { world, sources, seen, screen, signal } = run;
  let lastAtMs = Date.now();
  let published = '';
  while (!signal.aborted) {
    const nowMs = Date.now();
    run.pauses = withSilence(run.pauses, lastAtMs, nowMs);
    lastAtMs = nowMs;
    published = await publish(run, authority, published);
    for (const happening of await look(world, sources, seen)) screen.tell(happening);
    screen.show(pictureOf(world, seen, Date.now()));
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function conclude(run: Run): Promise<Verdict> {
  const { world, seen, screen, pauses, storeLostAtMs } = run;
  const silent = await lastLook(run);
  const nowMs = Date.now();
  const picture = pictureOf(world, seen, nowMs);
  const verdict = judge({
    runAtMs: world.runAtMs,
    nowMs,
    credentials: world.credentials,
    journal: seen.journal,
    clusters: [...seen.clusters.values()],
    costs: costsOf(seen),
    pauses,
    storeLostAtMs,
    silent,
  });
  screen.say(...summary(verdict, picture.credentials));
  return verdict;
}

/** A witness which was just started again gets a moment. Returns who stays silent; Keyturn is no witness. */
async function lastLook({ world, sources, seen }: Run): Promise<readonly string[]> {
  for (let left = LAST_LOOKS; ; left -= 1) {
    await look(world, sources, seen);
    const silent = seen.silent.filter((part) => part !== 'app');
    if (silent.length === 0 || left === 0) return silent;
    await sleep(LOOK_EVERY_MS);
  }
}
