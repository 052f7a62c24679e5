import { execFileSync } from 'node:child_process';
import autocannon from 'autocannon';
import { startProgram } from '../test/support/program.ts';

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 1;
const ROUND_SECONDS = 3;
const ROUNDS = 3;
/** For the smallest instance: what lives is some 30 MB, and without a bound V8 lets garbage grow to ten times that. */
const NODE_OPTIONS = '--max-semi-space-size=4 --max-old-space-size=128';

/** A process which listens, and says so in its first line: `{"ready":true,"port":N}`. */
export interface Server {
  readonly pid: number;
  readonly url: string;
  readonly stop: () => Promise<number | null>;
}

/** What is asked for again and again. */
export interface Target {
  readonly name: string;
  readonly server: Server;
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Any other status ends the benchmark: a quick refusal must not look like throughput. */
  readonly status: number;
}

/** Medians of the rounds, and the process's memory before and after them. */
export interface Measurement {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly megabytesAtRest: number;
  readonly megabytesAfter: number;
}

type Round = Pick<Measurement, 'perSecond' | 'p50Ms' | 'p99Ms'>;

export async function startServer(args: readonly string[]): Promise<Server> {
  const { pid, until, stop } = startProgram(args, { NODE_OPTIONS });
  const ready = await until((line) => line.startsWith('{"ready":true'));
  const { port } = JSON.parse(ready) as { port: number };
  return { pid, url: `http://127.0.0.1:${port}`, stop };
}

/** Each round runs every target once, so that a busy machine slows all of them alike. */
export async function measure(targets: readonly Target[]): Promise<readonly Measurement[]> {
  const runs = targets.map((target) => ({
    target,
    megabytesAtRest: residentMegabytes(target.server),
    rounds: [] as Round[],
  }));
  for (const { target } of runs) await run(target, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { target, rounds } of runs) rounds.push(await run(target, ROUND_SECONDS));
  }
  return runs.map(({ target, megabytesAtRest, rounds }) => ({
    name: target.name,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    megabytesAtRest,
    megabytesAfter: residentMegabytes(target.server),
  }));
}

async function run(target: Target, seconds: number): Promise<Round> {
  const timesMs: number[] = [];
  const unexpected = new Set<number>();
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const { server, path, headers = {} } = target;
  const options = { url: server.url + path, headers, connections: CONNECTIONS, duration: seconds };
  autocannon(options, (error, result) => (error ? reject(error) : resolve(result))).on(
    'response',
    (_client, status, _bytes, timeMs) => {
      timesMs.push(timeMs);
      if (status !== target.status) unexpected.add(status);
    },
  );
  const { errors, duration } = await promise;
  if (errors > 0 || unexpected.size > 0) {
    throw new Error(
      `${target.name}: ${errors} errors, unexpected status ${[...unexpected].join()}`,
    );
  }
  timesMs.sort((a, b) => a - b);
  const quantile = (share: number) => timesMs[Math.floor(timesMs.length * share)] ?? NaN;
  return { perSecond: timesMs.length / duration, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function residentMegabytes({ pid }: Server): number {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) / 1024;
}
