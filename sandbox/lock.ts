import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';

const BEAT_EVERY_MS = 2_000;

/** Who gave no sign of life for so long is gone, and its process id may be another program's by now. */
export const LONGEST_SILENCE_MS = 20_000;

/**
 * Takes a state folder for this process. Returns the id of a living process which has it already: two sandboxes would
 * overwrite one another's files.
 */
export function lock(file: string): number | undefined {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(readFileSync(file, 'utf8'));
    const silentMs = Date.now() - statSync(file).mtimeMs;
    if (owner !== process.pid && silentMs < LONGEST_SILENCE_MS && isAlive(owner)) return owner;
    writeFileSync(file, String(process.pid));
  }
  setInterval(() => beat(file), BEAT_EVERY_MS).unref();
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}

function beat(file: string): void {
  const now = new Date();
  utimesSync(file, now, now);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
