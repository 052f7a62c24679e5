import { afterEach, expect, it } from 'vitest';
import { type SandboxRun, startSandbox } from '../support/starter.ts';

let run: SandboxRun;
afterEach(() => run.remove());

it('fails when a key is retired early', async () => {
  run = await startSandbox('--for', 'PT1M', '--quiet', '--break', 'early-retire');
  expect(await run.program.ended).toBe(1);
  const lines = run.program.lines.join('\n');
  expect(lines).toMatch(/FAILED: \d+ gateway calls were refused/);
  expect(lines).toContain('owner regenerated the primary key of paris');
});
