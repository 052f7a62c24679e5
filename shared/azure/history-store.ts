import { odata } from '@azure/data-tables';
import { z } from 'zod';
import { fingerprintOf } from '../core/fingerprint.ts';
import type { HistoryEntry, HistoryStore } from '../ports.ts';
import { parseColumn } from './column.ts';
import { deleteRows, firstRows, type Keys } from './rows.ts';
import { newestFirst, openTable, toKey, type TableOptions } from './table.ts';

interface Row {
  readonly entry: string;
}

const ENTRY: z.ZodType<HistoryEntry> = z.object({
  credential: z.string(),
  atMs: z.number(),
  event: z.string(),
  message: z.string(),
  sequence: z.number().exactOptional(),
  slot: z.string().exactOptional(),
});

/** History as rows of one table, a partition for each credential, the newest row first. */
export function openHistory(options: TableOptions): HistoryStore {
  const table = openTable(options, 'history');
  return {
    append: (entry) =>
      table.idempotent(`append to the history of ${entry.credential}`, async (client, limit) => {
        await client.upsertEntity(toRow(entry), 'Replace', limit);
      }),

    list: (credential, most) =>
      table.idempotent(`read the history of ${credential}`, async (client, limit) => {
        const filter = odata`PartitionKey eq ${toKey(credential)}`;
        const rows = await firstRows<Row>(client, filter, most, limit);
        return rows.map(({ entry }) => parseColumn(ENTRY, entry, `history of ${credential}`));
      }),

    prune: (credential, beforeMs) =>
      table.idempotent(`prune the history of ${credential}`, async (client, limit) => {
        const filter = odata`PartitionKey eq ${toKey(credential)} and RowKey ge ${newestFirst(beforeMs - 1)}`;
        await deleteRows(client, filter, limit);
      }),
  };
}

/** Keyed by what it says, so that an entry which is appended twice is one entry. */
function toRow(entry: HistoryEntry): Keys & Row {
  const text = JSON.stringify(entry);
  const rowKey = `${newestFirst(entry.atMs)}.${fingerprintOf(text)}`;
  return { partitionKey: toKey(entry.credential), rowKey, entry: text };
}
