import { readdir, stat } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { type SandboxRun, startSandbox } from '../support/starter.ts';

let run: SandboxRun;
afterEach(() => run.remove());

const A_RUN_MS = 90_000;

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it(
  'runs, starts a killed part again, ends with a summary, and leaves nothing',
  async () => {
    run = await startSandbox('--clusters', '1');
    const { processes } = await run.file();
    expect(Object.keys(processes)).toEqual(['starter', 'azurite', 'twin', 'edge-lyon', 'app']);
    expect((await stat(run.directory)).mode & 0o777).toBe(0o700);
    await run.program.until((line) => /paris +adopt +edge-lyon/.test(line));
    await run.kill('twin');
    const pids = Object.values((await run.file()).processes);

    const code = await run.program.stop();
    const failed = run.program.lines.filter((line) => line.includes('FAILED'));
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    const lines = run.program.lines.join('\n');
    expect(lines).toMatch(/twin +died +was ended by SIGKILL; it is started again/);
    expect(lines).toMatch(/calls refused +0\n/);
    expect(lines).toContain('No call was refused, and no superseded key outlived its bound.');
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await readdir(run.directory)).not.toContain('sandbox.json');
  },
  A_RUN_MS,
);

it(
  'leaves nothing behind when the starter is killed',
  async () => {
    run = await startSandbox();
    const { processes } = await run.file();
    process.kill(processes['starter'] ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(Object.values(processes).filter(isAlive)).toEqual([]), 15_000);
  },
  A_RUN_MS,
);
