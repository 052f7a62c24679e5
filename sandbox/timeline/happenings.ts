import type { JournalEntry } from '../contract.ts';
import { APP, SERVICE } from '../world.ts';
import { clock } from './line.ts';
import type { Happening } from './picture.ts';
import type { HistoryEntry } from './sources.ts';

const ISO_INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z/g;

/** A line of Keyturn's history, with the reader's clock. */
export function fromHistory(gateway: string, { at, event, message }: HistoryEntry): Happening {
  const local = message.replace(ISO_INSTANT, (instant) => clock(Date.parse(instant), 'minute'));
  return { atMs: Date.parse(at), who: gateway, word: event, message: local };
}

/** What "Azure" saw and Keyturn did not do: people at work, and refused gateways. */
export function fromJournal(entry: JournalEntry): Happening | undefined {
  const { atMs, by } = entry;
  if (entry.kind === 'gateway-refused') {
    const { gateway, instance, reason } = entry;
    return { atMs, who: gateway, word: 'refused', message: `a call of ${instance}: ${reason}` };
  }
  if (by === APP || by === 'seed' || entry.kind === 'token-minted') return undefined;
  return { atMs, who: gatewayOf(entry), word: 'person', message: `${by}: ${deed(entry)}` };
}

function gatewayOf(entry: JournalEntry): string {
  return 'gateway' in entry ? entry.gateway : entry.secret.replace(`${SERVICE}--`, '');
}

function deed(entry: JournalEntry): string {
  const what = entry.kind.replace('-', ' ');
  return entry.kind === 'key-regenerated' ? `${what}, ${entry.slot}` : what;
}
