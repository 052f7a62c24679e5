import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ClusterStatus, SandboxFile } from '../../sandbox/contract.ts';
import { firstPortInUse } from '../../sandbox/free-ports.ts';
import { filesOf, makeWorld } from '../../sandbox/world.ts';
import { trustedAuthority } from './certificates.ts';
import { makeDirectory } from './directory.ts';
import { type Program, startProgram } from './program.ts';
import { getJson } from './sandbox-http.ts';

const START = join(import.meta.dirname, '../../sandbox/start.mjs');

/** With it the starter ends when we do, by whatever death, and its parts with it. */
const LIFELINE = join(import.meta.dirname, '../../sandbox/lifeline.ts');

/** Below the ephemeral ports, and not where other suites look. */
const FIRST_PORT = 10_000;
const PORT_BLOCKS = 200;

export interface SandboxPlan {
  readonly clusters: number;
  /** Goes on where this one was. */
  readonly before?: LiveSandbox;
  /** More of the command line, for instance `--for`. */
  readonly args?: readonly string[];
}

/** What `npm start` starts, in a folder and at ports of its own, which this process can speak to. */
export interface LiveSandbox {
  readonly directory: string;
  readonly port: number;
  readonly files: ReturnType<typeof filesOf>;
  readonly program: Program;
  /** `sandbox.json` as it is now; the processes in it change. */
  readonly file: () => SandboxFile;
  readonly cluster: (id: string) => Promise<ClusterStatus>;
  /** Sends a signal to a part: `app`, `twin`, `azurite`, `starter` or a cluster. */
  readonly signal: (part: string, signal: NodeJS.Signals) => void;
  /** `kill -9`; resolves when another process stands in its place. */
  readonly killAndWait: (part: string) => Promise<void>;
}

/** Resolves when everything answers. */
export async function openSandbox(plan: SandboxPlan): Promise<LiveSandbox> {
  const { before } = plan;
  const directory = before?.directory ?? makeDirectory('live');
  const port = before?.port ?? (await freePort(plan.clusters));
  const files = filesOf({ directory });
  await trustedAuthority(files.certificates);
  const program = startProgram([
    `--import=${LIFELINE}`,
    START,
    `--dir=${directory}`,
    `--port=${port}`,
    `--clusters=${plan.clusters}`,
    ...(plan.args ?? []),
  ]);
  const file = () => JSON.parse(readFileSync(files.sandbox, 'utf8')) as SandboxFile;
  await Promise.race([isUp(file, program), endedEarly(program)]);
  const signal: LiveSandbox['signal'] = (part, name) => process.kill(pidOf(file(), part), name);
  return {
    directory,
    port,
    files,
    program,
    file,
    cluster: async (id) => (await getJson(clusterOf(file(), id).statusUrl)) as ClusterStatus,
    signal,
    killAndWait: async (part) => {
      const killed = pidOf(file(), part);
      signal(part, 'SIGKILL');
      await eventually(`${part} runs again`, () => pidOf(file(), part) !== killed);
    },
  };
}

/** Waits until `look` finds something, and gives it. Until then an error is no answer either. */
export function eventually<T>(what: string, look: () => Promise<T> | T, withinMs = 45_000) {
  const found = async () => {
    const seen = await look();
    if (!seen) throw new Error(`it never came to this: ${what}`);
    return seen;
  };
  return vi.waitFor(found, { timeout: withinMs, interval: 200 });
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // Nobody has this id, or somebody else.
  }
}

export function clusterOf(file: SandboxFile, id: string): SandboxFile['clusters'][number] {
  const found = file.clusters.find((cluster) => cluster.id === id);
  if (found === undefined) throw new Error(`The sandbox has no cluster ${id}.`);
  return found;
}

function pidOf({ processes }: SandboxFile, part: string): number {
  const pid = processes[part];
  // 0 would be a signal to ourselves.
  if (!pid) throw new Error(`The sandbox has no part ${part}.`);
  return pid;
}

/** A file which was left behind by a killed sandbox names another starter. */
async function isUp(file: () => SandboxFile, { pid }: Program): Promise<void> {
  await eventually('the sandbox is up', () => file().processes['starter'] === pid, 110_000);
}

async function endedEarly(program: Program): Promise<never> {
  const code = await program.ended;
  throw new Error(`The sandbox ended with ${code}:\n${program.lines.join('\n')}`);
}

async function freePort(clusters: number): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_BLOCKS) * 20;
    const { ports } = makeWorld({ directory: '', port, clusters, runAtMs: 0 });
    if ((await firstPortInUse(ports)) === undefined) return port;
  }
}
