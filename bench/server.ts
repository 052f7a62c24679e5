import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { basename, dirname } from 'node:path';
import { APP_NODE_OPTIONS, COMPILE_CACHE } from '../sandbox/parts.ts';
import { superviseProcesses } from '../sandbox/processes.ts';

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  NODE_OPTIONS: APP_NODE_OPTIONS,
  NODE_COMPILE_CACHE: COMPILE_CACHE,
};

/** A process which listens. */
export interface Server {
  readonly pid: number;
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/**
 * Starts a program as the sandbox starts the app, with the same options. It says `{"ready":true,"port":N}` in a line, logs
 * into `folder`, and ends with this process.
 */
export async function startServer(
  folder: string,
  program: string,
  args: readonly string[] = [],
): Promise<Server> {
  let port = 0;
  const isReady = (line: string) => {
    if (!line.startsWith('{"ready":true')) return false;
    ({ port } = JSON.parse(line) as { port: number });
    return true;
  };
  const processes = superviseProcesses(folder, endBenchmark);
  const name = basename(dirname(program));
  await processes.start({ name, program, args, env: ENVIRONMENT, isReady });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: processes.ids()[name] ?? NaN,
    stop: processes.stop,
  };
}

/** A process which died and was started again has lost what was measured. */
export function endBenchmark(part: string, how: string): never {
  throw new Error(`${part} ${how}`);
}

export function residentMegabytes({ pid }: Server): number {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Math.round(Number(kilobytes) / 1024);
}

/** What the figures below it depend on. */
export function machine(): string {
  const load = loadavg()[0]?.toFixed(1);
  return `${availableParallelism()} cores, load ${load}, Node ${process.version}, NODE_OPTIONS="${APP_NODE_OPTIONS}"`;
}
