import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Part, type Processes, superviseProcesses } from '../../sandbox/processes.ts';

let directory: string;
let deaths: string[];
let processes: Processes;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-processes-'));
  deaths = [];
  processes = superviseProcesses(directory, (name, how) => deaths.push(`${name} ${how}`));
});
afterEach(async () => {
  await processes.stop();
  await rm(directory, { recursive: true });
});

const LISTENS = 'setInterval(() => undefined, 1_000); console.log("ready", process.pid);';

async function partOf(name: string, source: string): Promise<Part> {
  const program = join(directory, `${name}.mjs`);
  await writeFile(program, source);
  const env = { PATH: process.env['PATH'] ?? '' };
  return { name, program, args: [], env, isReady: (line) => line.startsWith('ready') };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('starts a part again when it dies', async () => {
  await processes.start(await partOf('twin', LISTENS));
  const before = processes.ids()['twin'] ?? 0;
  process.kill(before, 'SIGKILL');
  await vi.waitFor(() => expect(processes.ids()['twin']).not.toBe(before), 5_000);
  expect(deaths).toEqual(['twin was ended by SIGKILL']);
});

it('tells the last lines of a part which never came up', async () => {
  const part = await partOf('app', 'console.error("no such setting"); process.exit(3);');
  await expect(processes.start(part)).rejects.toThrow(/app exited with 3[^]*no such setting/);
  expect(deaths).toEqual([]);
});

it('ends all parts when it is stopped, those too which do not listen', async () => {
  const ending = 'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });';
  await processes.start(await partOf('polite', `${ending}${LISTENS}`));
  await processes.start(await partOf('deaf', `process.on("SIGTERM", () => {});${LISTENS}`));
  const pids = Object.values(processes.ids());
  await processes.stop();
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await readFile(join(directory, 'polite.log'), 'utf8')).toContain('bye');
  expect(deaths).toEqual([]);
});

it('leaves no part behind when the starter is killed', async () => {
  const part = await partOf('deaf', `process.on("SIGTERM", () => {});${LISTENS}`);
  const supervisor = JSON.stringify(join(import.meta.dirname, '../../sandbox/processes.ts'));
  const starter = join(directory, 'starter.mjs');
  await writeFile(
    starter,
    `import { superviseProcesses } from ${supervisor};
    const processes = superviseProcesses(${JSON.stringify(directory)}, () => {});
    await processes.start({ ...${JSON.stringify(part)}, isReady: () => true });
    console.log(processes.ids().deaf);`,
  );
  const child = spawn(process.execPath, [starter], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await once(createInterface({ input: child.stdout }), 'line');
  expect(isAlive(Number(pid))).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(Number(pid))).toBe(false), 10_000);
});
