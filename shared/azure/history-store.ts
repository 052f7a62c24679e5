import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { z } from 'zod';
import { fingerprintOf } from '../core/fingerprint.ts';
import type { HistoryEntry, HistoryStore } from '../ports.ts';
import { exceptFor } from './answers.ts';
import { parseColumn } from './column.ts';
import type { CallLimit } from './pipeline.ts';
import { newestFirst, openTable, toKey, type TableOptions } from './table.ts';

const MOST_PRUNED = 1_000;

/** Azure's bound on the actions of one transaction. */
const TRANSACTION = 100;

interface Row {
  readonly entry: string;
}

interface Keys {
  readonly partitionKey: string;
  readonly rowKey: string;
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
        await deleteRows(client, await firstRows<Keys>(client, filter, MOST_PRUNED, limit), limit);
      }),
  };
}

/** Keyed by what it says, so that an entry which is appended twice is one entry. */
function toRow(entry: HistoryEntry): Keys & Row {
  const text = JSON.stringify(entry);
  const rowKey = `${newestFirst(entry.atMs)}.${fingerprintOf(text)}`;
  return { partitionKey: toKey(entry.credential), rowKey, entry: text };
}

async function firstRows<T extends object>(
  client: TableClient,
  filter: string,
  most: number,
  limit: CallLimit,
): Promise<readonly T[]> {
  const rows: T[] = [];
  if (most <= 0) return rows;
  for await (const row of client.listEntities<T>({ queryOptions: { filter }, ...limit })) {
    rows.push(row);
    if (rows.length === most) break;
  }
  return rows;
}

/** Somebody else pruning at the same time is no error: what is gone is gone. */
async function deleteRows(
  client: TableClient,
  rows: readonly Keys[],
  limit: CallLimit,
): Promise<void> {
  for (let start = 0; start < rows.length; start += TRANSACTION) {
    const some = rows.slice(start, start + TRANSACTION);
    const deletions = some.map(({ partitionKey, rowKey }): TransactionAction => {
      return ['delete', { partitionKey, rowKey }];
    });
    await client.submitTransaction(deletions, limit).catch(exceptFor('ResourceNotFound'));
  }
}
