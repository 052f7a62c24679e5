import { KeyturnError } from '../core/errors.ts';
import type { Log } from '../ports.ts';

/**
 * Runs what a queue message asks for. What cannot be done now is complete all the same, because the next sweep finds it
 * again; only a bug is thrown, since the platform takes a message that throws five times for poison.
 */
export async function leaveToSweep(
  log: Log,
  what: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    log('warn', `${what}: left to the next sweep: ${error.message}`, { code: error.code });
  }
}
