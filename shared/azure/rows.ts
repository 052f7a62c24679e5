import type { TableClient, TransactionAction } from '@azure/data-tables';
import { exceptFor } from './answers.ts';
import type { CallLimit } from './pipeline.ts';

const MOST_DELETED = 1_000;

/** Azure's bound on the actions of one transaction. */
const TRANSACTION = 100;

export interface Keys {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/** The first rows of a query, in the order of their keys. */
export async function firstRows<T extends object>(
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

/** Deletes rows of one partition, at most a thousand a call. Somebody else deleting at the same time is no error. */
export async function deleteRows(
  client: TableClient,
  filter: string,
  limit: CallLimit,
): Promise<void> {
  const rows = await firstRows<Keys>(client, filter, MOST_DELETED, limit);
  for (let start = 0; start < rows.length; start += TRANSACTION) {
    const some = rows.slice(start, start + TRANSACTION);
    const deletions = some.map(({ partitionKey, rowKey }): TransactionAction => {
      return ['delete', { partitionKey, rowKey }];
    });
    await client.submitTransaction(deletions, limit).catch(exceptFor('ResourceNotFound'));
  }
}
