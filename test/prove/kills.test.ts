import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { MOMENTS, stopAt } from '../support/moments.ts';
import { type SandboxAzure, sandboxAzure } from '../support/sandbox-azure.ts';
import { type SandboxSteps, sandboxSteps } from '../support/sandbox-steps.ts';

const VICTIMS = ['app', 'twin', 'azurite', 'edge-lyon', 'aks-weu'] as const;

/** Long enough that the sandbox itself asks for rotations, retirements and restarts. */
const RUN = 'PT10M30S';

let sandbox: LiveSandbox;
let azure: SandboxAzure;
let steps: SandboxSteps;

beforeAll(async () => {
  sandbox = await openSandbox({ clusters: 2, args: ['--for', RUN] });
  azure = sandboxAzure(sandbox);
  steps = sandboxSteps(sandbox);
}, 120_000);
afterAll(() => sandbox.program.stop());

test('after kill -9 of every part after every step, no call is refused and rotation goes on', async () => {
  const cases = MOMENTS.flatMap((moment) => VICTIMS.map((victim) => ({ moment, victim })));
  const { credentials } = sandbox.file();
  for (const [index, { moment, victim }] of cases.entries()) {
    const id = credentials[index % credentials.length] ?? '';
    await stopAt(moment, { sandbox, id }, () => sandbox.killAndWait(victim));
    console.log(`${index + 1}/${cases.length} ${victim} was killed after ${moment.after} of ${id}`);
  }
  for (const id of credentials) await steps.rotatesAgain(id);
  expect(await azure.refusals()).toEqual([]);

  const code = await sandbox.program.ended;
  console.log(summary());
  expect(code).toBe(0);
  for (const what of ['rotations', 'retirements', 'pod restarts', 'calls good']) {
    expect(counted(what)).toBeGreaterThan(0);
  }
  expect(counted('calls refused')).toBe(0);
});

function summary(): string {
  const { lines } = sandbox.program;
  return lines.slice(lines.findLastIndex((line) => line.includes('Summary of'))).join('\n');
}

function counted(what: string): number {
  const [, number = 'NaN'] = new RegExp(`${what} +([\\d,]+)`).exec(summary()) ?? [];
  return Number(number.replaceAll(',', ''));
}
