import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { APP_NODE_OPTIONS, COMPILE_CACHE } from '../sandbox/parts.ts';
import { startProgram } from '../test/support/program.ts';

const LIFELINE = join(import.meta.dirname, '../sandbox/lifeline.ts');

/** A process which listens. */
export interface Server {
  readonly pid: number;
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/**
 * Starts a program which says so in its first line: `{"ready":true,"port":N}`. It runs with the options of the app, and
 * ends with this process.
 */
export async function startServer(args: readonly string[]): Promise<Server> {
  const env = { NODE_OPTIONS: APP_NODE_OPTIONS, NODE_COMPILE_CACHE: COMPILE_CACHE };
  const { pid, until, stop } = startProgram([`--import=${LIFELINE}`, ...args], env);
  const ready = await until((line) => line.startsWith('{"ready":true'));
  const { port } = JSON.parse(ready) as { port: number };
  return { pid, url: `http://127.0.0.1:${port}`, stop };
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
