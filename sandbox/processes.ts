import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program of the sandbox. */
export interface Part {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Does this line of standard output say that it is up? */
  readonly isReady: (line: string) => boolean;
}

/** Keeps parts running until they are stopped. */
export interface Processes {
  /** Resolves when the part is up; from then on it is started again whenever it dies. @throws PartFailed */
  start(part: Part): Promise<void>;
  /** Ends all of them, the last started first. */
  stop(): Promise<void>;
  /** Process ids by name. */
  ids(): Readonly<Record<string, number>>;
}

const READY_WITHIN_MS = 60_000;
const FIRST_BACKOFF_MS = 300;
const LONGEST_BACKOFF_MS = 10_000;

/** A part which ran this long did not die of its start, and its back-off begins anew. */
const STEADY_MS = 30_000;

const STOP_WITHIN_MS = 6_000;
const LAST_LINES = 15;

const LIFELINE = new URL('lifeline.ts', import.meta.url).href;

/** A part never came up. The message ends with the last lines of its log. */
export class PartFailed extends Error {}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Running {
  readonly part: Part;
  readonly log: WriteStream;
  child: Child;
  startedAtMs: number;
  deaths: number;
}

/** @param onDeath told when a part died and will be started again */
export function superviseProcesses(
  logDir: string,
  onDeath: (part: string, how: string) => void,
): Processes {
  const all: Running[] = [];
  let stopping = false;

  const keepAlive = async (running: Running): Promise<void> => {
    for (;;) {
      const how = await death(running.child);
      if (stopping) return;
      onDeath(running.part.name, how);
      await sleep(backoffMs(running));
      if (stopping) return;
      restart(running);
    }
  };

  return {
    async start(part) {
      if (stopping) return;
      const logFile = join(logDir, `${part.name}.log`);
      const log = createWriteStream(logFile, { mode: 0o600 });
      const running = { part, log, child: launch(part, log), startedAtMs: Date.now(), deaths: 0 };
      all.push(running);
      const outcome = await Promise.race([readiness(running), failure(running.child)]);
      if (outcome !== 'ready') throw new PartFailed(await lastWords(running, logFile, outcome));
      void keepAlive(running);
    },
    async stop() {
      stopping = true;
      for (const running of all.toReversed()) await end(running.child);
    },
    ids: () =>
      Object.fromEntries(all.map(({ part, child }) => [part.name, child.pid ?? 0] as const)),
  };
}

/** A group of its own keeps the terminal's Ctrl-C away from it: the starter ends its parts in order. */
function launch(part: Part, log: WriteStream): Child {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', `--import=${LIFELINE}`, part.program, ...part.args],
    { env: part.env, stdio: ['pipe', 'pipe', 'pipe'], detached: process.platform !== 'win32' },
  );
  child.stdin.on('error', () => undefined); // It only ever closes, with the child.
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
}

function restart(running: Running): void {
  running.child = launch(running.part, running.log);
  running.startedAtMs = Date.now();
}

async function readiness({ part, child }: Running): Promise<'ready'> {
  const { promise, resolve } = Promise.withResolvers<'ready'>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (part.isReady(line)) resolve('ready');
  });
  return promise;
}

async function failure(child: Child): Promise<string> {
  const late = sleep(READY_WITHIN_MS, `was not up after ${READY_WITHIN_MS / 1_000} s`, {
    ref: false,
  });
  return Promise.race([death(child), late]);
}

async function death(child: Child): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ? `was ended by ${child.signalCode}` : `exited with ${child.exitCode}`;
}

function backoffMs(running: Running): number {
  const steady = Date.now() - running.startedAtMs > STEADY_MS;
  running.deaths = steady ? 0 : running.deaths + 1;
  return Math.min(FIRST_BACKOFF_MS * 2 ** running.deaths, LONGEST_BACKOFF_MS);
}

async function lastWords({ part }: Running, logFile: string, how: string): Promise<string> {
  await sleep(100); // What it wrote last is still on its way to the log.
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  return [`${part.name} ${how}. Its last lines (${logFile}):`, ...lines].join('\n  ');
}

async function end(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const exited = once(child, 'exit');
  if ((await Promise.race([exited, sleep(STOP_WITHIN_MS, 'late')])) === 'late') {
    child.kill('SIGKILL');
    await exited;
  }
}
