import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, isAlive, type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { type Moment, MOMENTS, type OnTheWay } from '../support/moments.ts';
import { type SandboxAzure, sandboxAzure } from '../support/sandbox-azure.ts';
import { type SandboxPeople, sandboxPeople } from '../support/sandbox-keyturn.ts';
import { type SandboxSteps, sandboxSteps } from '../support/sandbox-steps.ts';

const VICTIMS = ['app', 'twin', 'azurite', 'edge-lyon', 'aks-weu'] as const;

/** Long enough that the sandbox itself asks for rotations, retirements and restarts. */
const RUN = 'PT10M30S';

let sandbox: LiveSandbox;
let azure: SandboxAzure;
let people: SandboxPeople;
let steps: SandboxSteps;

beforeAll(() => open({ clusters: 2, args: ['--for', RUN] }), 120_000);
afterAll(() => sandbox.program.stop());

test('after kill -9 of every part after every step, no call is refused and rotation goes on', async () => {
  const cases = MOMENTS.flatMap((moment) => VICTIMS.map((victim) => ({ moment, victim })));
  const { credentials } = sandbox.file();
  for (const [index, { moment, victim }] of cases.entries()) {
    const id = credentials[index % credentials.length] ?? '';
    await stopAt(moment, id, () => sandbox.killAndWait(victim));
    console.log(`${index + 1}/${cases.length} ${victim} was killed after ${moment.after} of ${id}`);
  }
  for (const id of credentials) await rotatesAgain(id);
  expect(await refusals()).toEqual([]);

  const code = await sandbox.program.ended;
  console.log(summary());
  expect(code).toBe(0);
  for (const what of ['rotations', 'retirements', 'pod restarts', 'calls good']) {
    expect(counted(what)).toBeGreaterThan(0);
  }
  expect(counted('calls refused')).toBe(0);
});

test.each(['second mint', 'set secret', 'regenerate'])(
  'after kill -9 of everything at once after %s, a second start goes on',
  async (after) => {
    const moment = MOMENTS.find((one) => one.after === after);
    if (moment === undefined) throw new Error(`There is no moment after ${after}.`);
    await open({ clusters: 2, ...(sandbox && { before: sandbox }) });
    await stopAt(moment, 'contoso--paris', killEverything);
    await open({ clusters: 2, before: sandbox });
    for (const id of sandbox.file().credentials) await rotatesAgain(id);
    expect(await refusals()).toEqual([]);
    const code = await sandbox.program.stop();
    console.log(summary());
    expect(code).toBe(0);
  },
);

async function open(plan: Parameters<typeof openSandbox>[0]): Promise<void> {
  sandbox = await openSandbox(plan);
  azure = sandboxAzure(sandbox);
  people = sandboxPeople(sandbox);
  steps = sandboxSteps(sandbox);
}

/** Asks for the operation, stops Keyturn at the moment, acts, and lets everything go on. */
async function stopAt(moment: Moment, id: string, act: () => Promise<void>): Promise<void> {
  const { sequence, slot } = await steps.adoptedByAll(id);
  const sinceSeq = await azure.lastSeq();
  const way: OnTheWay = { sandbox, azure, people, id, sinceSeq, sequence };
  await moment.hold(way);
  try {
    if (moment.operation === 'revoke') {
      await steps.revoke(id, slot === 'primary' ? 'secondary' : 'primary', 0);
    } else {
      await eventually(`${id} may be rotated`, async () => {
        return (await people.operate(id, 'rotate', { reason: 'a test' })).status === 202;
      });
    }
    await moment.reached(way);
    await act();
  } finally {
    await goOn();
  }
}

/** Whoever was killed meanwhile needs no word. */
async function goOn(): Promise<void> {
  await Promise.allSettled([azure.noFaults()]);
  const { azurite } = sandbox.file().processes;
  if (azurite !== undefined && isAlive(azurite)) process.kill(azurite, 'SIGCONT');
}

async function rotatesAgain(id: string): Promise<void> {
  const before = await steps.adoptedByAll(id);
  await steps.rotated(id);
  expect((await steps.adoptedByAll(id)).sequence).toBeGreaterThan(before.sequence);
}

async function killEverything(): Promise<void> {
  const pids = Object.values(sandbox.file().processes);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually('all are gone', () => !pids.some(isAlive));
}

async function refusals() {
  return (await azure.journal()).filter(({ kind }) => kind === 'gateway-refused');
}

function summary(): string {
  const { lines } = sandbox.program;
  return lines.slice(lines.findLastIndex((line) => line.includes('Summary of'))).join('\n');
}

function counted(what: string): number {
  const [, number = 'NaN'] = new RegExp(`${what} +([\\d,]+)`).exec(summary()) ?? [];
  return Number(number.replaceAll(',', ''));
}
