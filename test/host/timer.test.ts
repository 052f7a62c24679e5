import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { TypedData } from '../../sandbox/host/core-module.ts';
import type { ListenerContext } from '../../sandbox/host/listener.ts';
import type { AppFunction } from '../../sandbox/host/load-app.ts';
import { listenToTimer } from '../../sandbox/host/timer-listener.ts';
import { makeDirectory } from '../support/directory.ts';
import { buildFixtureApp, QUIET_SETTINGS, startHostProgram } from '../support/functions-host.ts';

const YEARLY = '0 0 0 1 1 *';
const EACH_SECOND = '* * * * * *';

let stateDir: string;
let statusFile: string;
let stopping: AbortController;

beforeEach(async () => {
  stateDir = makeDirectory('timer');
  statusFile = join(stateDir, 'timers', 'tick.json');
  stopping = new AbortController();
});

/** Listens with `run` in place of the function, until `run` aborts `stopping`. */
async function listen(schedule: string, run: (info: Info) => unknown, options: object = {}) {
  const trigger = { type: 'timerTrigger', direction: 'in', schedule, ...options } as const;
  const target = { name: 'tick', type: 'timerTrigger', trigger } as unknown as AppFunction;
  const invoke = async (_: AppFunction, input: TypedData) => {
    await run(JSON.parse(input.json ?? '') as Info);
    return {};
  };
  const context = { invoke, settings: {}, stateDir } as unknown as ListenerContext;
  await listenToTimer(target, context)(stopping.signal);
}

interface Info {
  readonly IsPastDue: boolean;
  readonly ScheduleStatus: object | null;
}

async function remember(status: object): Promise<void> {
  await mkdir(dirname(statusFile), { recursive: true });
  await writeFile(statusFile, JSON.stringify(status));
}

const MISSED = {
  Last: '2020-01-01T00:00:00.000+00:00',
  Next: '2021-01-01T00:00:00.000+00:00',
  LastUpdated: '2020-01-01T00:00:00.000+00:00',
};

test('runs once at the start when an occurrence was missed, and says so', async () => {
  await remember(MISSED);
  const seen: Info[] = [];
  await listen(YEARLY, (info) => (seen.push(info), stopping.abort()));
  expect(seen).toEqual([
    { Schedule: { AdjustForDST: true }, ScheduleStatus: MISSED, IsPastDue: true },
  ]);
  const { Last, Next } = JSON.parse(await readFile(statusFile, 'utf8'));
  expect(Date.parse(Next)).toBeGreaterThan(Date.now());
  expect(Date.parse(Last)).toBeGreaterThan(Date.parse(MISSED.Next));
});

test.each([
  ['nothing is remembered', undefined],
  ['what is remembered was another schedule', { ...MISSED, Next: '2020-01-02T00:00:00.000+00:00' }],
])('misses nothing when %s', async (_, status) => {
  if (status) await remember(status);
  stopping.abort();
  await listen(YEARLY, () => expect.unreachable());
  const { Last, Next } = JSON.parse(await readFile(statusFile, 'utf8'));
  expect(Last).toBe('0001-01-01T00:00:00+00:00');
  expect(Date.parse(Next)).toBeGreaterThan(Date.now());
});

test('remembers no schedule of less than a minute', async () => {
  await listen(EACH_SECOND, ({ ScheduleStatus }) => {
    expect(ScheduleStatus).toBeNull();
    stopping.abort();
  });
  await expect(readFile(statusFile)).rejects.toThrow('ENOENT');
});

test('runs at the start where the function asks for it', async () => {
  const pastDue: boolean[] = [];
  const run = (info: Info) => (pastDue.push(info.IsPastDue), stopping.abort());
  await listen(YEARLY, run, { runOnStartup: true });
  expect(pastDue).toEqual([false]);
});

test('never overlaps itself, and goes on after a failure', async () => {
  let running = 0;
  let runs = 0;
  await listen(EACH_SECOND, async () => {
    expect(++running).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    running -= 1;
    if (++runs === 2) stopping.abort();
    throw new Error('asked to fail');
  });
  expect(runs).toBe(2);
});

test('takes day of month and day of week together, as NCRONTAB does', async () => {
  const fridayThe13th = '0 0 0 13 * 5';
  stopping.abort();
  await listen(fridayThe13th, () => expect.unreachable());
  const next = new Date(JSON.parse(await readFile(statusFile, 'utf8')).Next);
  expect([next.getUTCDate(), next.getUTCDay()]).toEqual([13, 5]);
});

test('refuses a schedule which never comes', async () => {
  await expect(listen('0 0 0 30 2 *', () => {})).rejects.toThrow('never fires');
});

test('gives the function of a built app what Azure gives it', async () => {
  const appDir = await buildFixtureApp('every-trigger');
  const host = await startHostProgram(appDir, { ...QUIET_SETTINGS, TICK_SCHEDULE: EACH_SECOND });
  onTestFinished(async () => void (await host.stop()));
  const line = await host.until((text) => text.includes('"function":"tick"'));
  expect(JSON.parse(JSON.parse(line).message).input).toEqual({
    schedule: { adjustForDST: true },
    scheduleStatus: null,
    isPastDue: false,
  });
});
