import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cron } from 'croner';

const NEVER = '0001-01-01T00:00:00+00:00';

/** What a timer remembers between starts, in the members and the format Azure gives it. */
export interface TimerStatus {
  readonly Last: string;
  readonly Next: string;
  readonly LastUpdated: string;
}

/** The remembered status; a first one where there is none, or where the schedule is another by now. */
export async function openStatus(file: string, cron: Cron): Promise<TimerStatus> {
  const known = existsSync(file)
    ? (JSON.parse(await readFile(file, 'utf8')) as TimerStatus)
    : undefined;
  if (known && known.Next === nextAfter(cron, sinceOf(known))) return known;
  return saveStatus(file, { ...statusAt(cron, new Date()), Last: NEVER });
}

/** The status after a run which began at `firedAt`. */
export function statusAt(cron: Cron, firedAt: Date): TimerStatus {
  const last = toAzureTime(firedAt);
  return { Last: last, Next: nextAfter(cron, firedAt), LastUpdated: last };
}

/** Written aside and renamed, so that a crash leaves the old status or the new one. */
export async function saveStatus(file: string, status: TimerStatus): Promise<TimerStatus> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.next`, JSON.stringify(status));
  await rename(`${file}.next`, file);
  return status;
}

function sinceOf({ Last, LastUpdated }: TimerStatus): Date {
  return new Date(Last === NEVER ? LastUpdated : Last);
}

function nextAfter(cron: Cron, instant: Date): string {
  const next = cron.nextRun(instant);
  return next ? toAzureTime(next) : NEVER;
}

function toAzureTime(instant: Date): string {
  return instant.toISOString().replace('Z', '+00:00');
}
