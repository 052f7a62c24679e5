import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type SandboxRun, startSandbox } from '../support/starter.ts';

let run: SandboxRun;
afterEach(() => run.remove());

it('rotates and retires for ten minutes without a refused call, while its parts are killed', async () => {
  run = await startSandbox('--for', 'PT10M');
  for (const part of ['app', 'twin', 'azurite', 'edge-lyon', 'aks-weu']) {
    await sleep(45_000);
    await run.kill(part);
  }
  const code = await run.program.ended;
  expect({ code, lines: run.program.lines.slice(-20) }).toMatchObject({ code: 0 });
});

it('fails when a key is retired early', async () => {
  run = await startSandbox('--for', 'PT1M', '--quiet', '--break', 'early-retire');
  expect(await run.program.ended).toBe(1);
  const lines = run.program.lines.join('\n');
  expect(lines).toMatch(/FAILED: \d+ gateway calls were refused/);
  expect(lines).toContain('owner regenerated the primary key of paris');
});
