import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { SandboxFile } from '../../sandbox/contract.ts';
import { firstPortInUse } from '../../sandbox/free-ports.ts';
import { makeWorld } from '../../sandbox/world.ts';
import { type Program, startProgram } from './program.ts';

const MAIN = join(import.meta.dirname, '../../sandbox/main.ts');

/** A run of `npm start` in a folder and on ports of its own. */
export interface SandboxRun {
  readonly directory: string;
  readonly program: Program;
  /** `sandbox.json`, once everything is up. */
  file(): Promise<SandboxFile>;
  /** `kill -9` of a part; resolves when it is up again. */
  kill(part: string): Promise<void>;
  remove(): Promise<void>;
}

export async function startSandbox(...args: readonly string[]): Promise<SandboxRun> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-sandbox-'));
  const port = await freeBasePort();
  const program = startProgram([MAIN, '--dir', directory, '--port', String(port), ...args]);
  const path = join(directory, 'sandbox.json');
  const file = () =>
    vi.waitFor(async () => JSON.parse(await readFile(path, 'utf8')) as SandboxFile, 60_000);
  return {
    directory,
    program,
    file,
    async kill(part) {
      const pid = (await file()).processes[part];
      if (pid === undefined) throw new Error(`There is no part ${part}.`);
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(async () => {
        if ((await file()).processes[part] === pid) throw new Error(`${part} is away`);
      }, 20_000);
    },
    async remove() {
      if (existsSync(join(directory, 'lock'))) await program.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function freeBasePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + 100 * Math.floor(Math.random() * 400);
    const { ports } = makeWorld({ directory: '', port, clusters: 8, runAtMs: 0 });
    if ((await firstPortInUse(ports)) === undefined) return port;
  }
}
