import { join } from 'node:path';
import { Cron } from 'croner';
import { pause, type Listener, type ListenerContext } from './listener.ts';
import type { AppFunction } from './load-app.ts';
import { resolveSettings } from './settings.ts';
import { openStatus, saveStatus, statusAt, type TimerStatus } from './timer-status.ts';

/** Azure keeps no status of a schedule which fires more often: nobody would want what was missed. */
const MIN_MONITORED_MS = 60_000;
/** Node's timers overflow after 24.8 days, so a longer wait is taken in pieces. */
const MAX_PAUSE_MS = 86_400_000;

/**
 * Fires at each occurrence, never while a run is under way; once at the start if an occurrence passed while no
 * host ran.
 * @throws when the schedule is no NCRONTAB expression or its setting is missing
 */
export function listenToTimer(target: AppFunction, context: ListenerContext): Listener {
  const cron = parseSchedule(resolveSettings(target.trigger.schedule ?? '', context.settings));
  const file = join(context.stateDir, 'timers', `${target.name}.json`);
  const monitored = isMonitored(cron, target);

  return async (stopping) => {
    let status = monitored ? await openStatus(file, cron) : undefined;
    const fire = async (isPastDue: boolean) => {
      const firedAt = new Date();
      await run(target, context, { status, isPastDue });
      if (monitored) status = await saveStatus(file, statusAt(cron, firedAt));
    };
    const isPastDue = status !== undefined && Date.now() > Date.parse(status.Next);
    if (isPastDue || target.trigger.runOnStartup) await fire(isPastDue);
    while (await occurs(cron, stopping)) await fire(false);
  };
}

/** NCRONTAB wants day of month *and* day of week to match. */
function parseSchedule(schedule: string): Cron {
  // What looks like a time is a date to the library, and an interval at Azure (dedicated plans only).
  if (schedule.includes(':')) throw new Error(`schedule "${schedule}" is no NCRONTAB expression`);
  return new Cron(schedule, { mode: '5-or-6-parts', timezone: 'UTC', domAndDow: true });
}

function isMonitored(cron: Cron, { trigger }: AppFunction): boolean {
  const [first, second] = cron.nextRuns(2).map(Number);
  if (first === undefined || second === undefined) throw new Error('the schedule never fires');
  return trigger.useMonitor !== false && second - first >= MIN_MONITORED_MS;
}

/** Waits for the next occurrence; false when the host stops first. */
async function occurs(cron: Cron, stopping: AbortSignal): Promise<boolean> {
  const nextAtMs = Number(cron.nextRun());
  while (!stopping.aborted && Date.now() < nextAtMs) {
    await pause(Math.min(nextAtMs - Date.now(), MAX_PAUSE_MS), stopping);
  }
  return !stopping.aborted;
}

/** A failed run is not repeated before its next occurrence, as at Azure. */
async function run(
  target: AppFunction,
  { invoke }: ListenerContext,
  { status, isPastDue }: { status: TimerStatus | undefined; isPastDue: boolean },
): Promise<void> {
  const info = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: status ?? null,
    IsPastDue: isPastDue,
  };
  await invoke(target, { json: JSON.stringify(info) }).catch(() => {});
}
