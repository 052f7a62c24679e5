import autocannon from 'autocannon';
import { residentMegabytes, type Server } from './server.ts';

const CONNECTIONS = 16;
const ROUNDS = 15;
const ROUND_SECONDS = 1;
const WARM_UP_SECONDS = 3;

export const METHOD = `${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${ROUND_SECONDS} s`;

export interface Request {
  readonly path: string;
  readonly headers?: Record<string, string>;
}

/** What is asked for again and again. */
export interface Target {
  readonly name: string;
  readonly server: Server;
  readonly requests: readonly Request[];
  /** Any other status ends the benchmark: a quick refusal must not look like throughput. */
  readonly statuses: readonly number[];
}

interface Burst {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** All bursts of one target, in the order of the rounds. */
export interface Measurement {
  readonly name: string;
  readonly bursts: readonly Burst[];
  readonly megabytes: number;
}

/** Each round runs every target once, so that a busy machine slows all of them alike. */
export async function measure(targets: readonly Target[]): Promise<readonly Measurement[]> {
  const runs = targets.map((target) => ({ target, bursts: [] as Burst[] }));
  for (const { target } of runs) await load(target, { duration: WARM_UP_SECONDS });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { target, bursts } of runs) {
      bursts.push(await load(target, { duration: ROUND_SECONDS }));
    }
  }
  return runs.map(({ target, bursts }) => ({
    name: target.name,
    bursts,
    megabytes: residentMegabytes(target.server),
  }));
}

/** @param length seconds, or a number of requests */
export async function load(
  { name, server, requests, statuses }: Target,
  length: { readonly duration: number } | { readonly amount: number },
): Promise<Burst> {
  const timesMs: number[] = [];
  const unexpected = new Set<number>();
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const options = { url: server.url, requests: [...requests], connections: CONNECTIONS, ...length };
  autocannon(options, (error, result) => (error ? reject(error) : resolve(result))).on(
    'response',
    (_client, status, _bytes, timeMs) => {
      timesMs.push(timeMs);
      if (!statuses.includes(status)) unexpected.add(status);
    },
  );
  const { errors, duration } = await promise;
  if (errors > 0 || unexpected.size > 0) {
    throw new Error(`${name}: ${errors} errors, unexpected status ${[...unexpected].join()}`);
  }
  timesMs.sort((a, b) => a - b);
  const quantile = (share: number) => timesMs[Math.floor(timesMs.length * share)] ?? NaN;
  return {
    requests: timesMs.length,
    perSecond: timesMs.length / duration,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
