import { KeyturnError } from '../core/errors.ts';
import type { HistoryEntry, Ports } from '../ports.ts';

/** History is for people: a line which cannot be written is logged, and holds nothing up. */
export async function remember(ports: Ports, entry: Omit<HistoryEntry, 'atMs'>): Promise<void> {
  const { credential, event, message } = entry;
  const level = event === 'setback' ? 'warn' : 'info';
  ports.log(level, `${credential}: ${event}: ${message}`, { credential });
  try {
    await ports.history.append({ ...entry, atMs: ports.nowMs() });
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    ports.log('warn', `${credential}: the history lacks a line`, { credential, code: error.code });
  }
}
