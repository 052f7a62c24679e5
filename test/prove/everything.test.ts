import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, isAlive, type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { MOMENTS, stopAt } from '../support/moments.ts';
import { sandboxAzure } from '../support/sandbox-azure.ts';
import { sandboxSteps } from '../support/sandbox-steps.ts';

let sandbox: LiveSandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ clusters: 2 });
}, 120_000);
afterAll(() => sandbox.program.stop());

const STEPS = [
  'first mint',
  'publish intent',
  'set secret',
  'record',
  'retire intent',
  'regenerate',
];

test.each(MOMENTS.filter(({ after }) => STEPS.includes(after)))(
  'after kill -9 of everything at once after $after, the next start goes on where it was',
  async (moment) => {
    await stopAt(moment, { sandbox, id: 'contoso--paris' }, killEverything);
    sandbox = await openSandbox({ clusters: 2, before: sandbox });
    for (const id of sandbox.file().credentials) await sandboxSteps(sandbox).rotatesAgain(id);
    expect(await sandboxAzure(sandbox).refusals()).toEqual([]);
  },
);

test('the last run ends with a good verdict', async () => {
  const code = await sandbox.program.stop();
  console.log(sandbox.program.lines.slice(-20).join('\n'));
  expect(code).toBe(0);
});

async function killEverything(): Promise<void> {
  const pids = Object.values(sandbox.file().processes);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually('all are gone', () => !pids.some(isAlive));
}
