import { KeyturnError } from '../core/errors.ts';
import type { CredentialRecord } from '../core/nouns.ts';
import type { RecordStore, RecordSummary } from '../ports.ts';
import { answerOf, exceptFor } from './answers.ts';
import { parseRecord } from './record-schema.ts';
import { fromKey, openTable, toKey, type Table, type TableOptions } from './table.ts';

/** One partition, so that the sweep reads a thousand records with one request. */
const PARTITION = 'credential';

/** A record, and beside it the columns which the sweep reads. A row which lost them is due. */
interface Row {
  readonly record: string;
  readonly target?: string;
  readonly dueAt?: Date;
  readonly closed?: boolean;
}

/** Records as rows of one table; the row's ETag is the compare-and-set. */
export function openRecords(options: TableOptions): RecordStore {
  const table = openTable(options, 'credentials');
  return {
    async read(id) {
      const row = await table.idempotent(`read record ${id}`, (client, limit) =>
        client.getEntity<Row>(PARTITION, toKey(id), limit).catch(exceptFor('ResourceNotFound')),
      );
      return row && { value: parseRecord(id, row.record), etag: row.etag };
    },

    write: (record, etag) =>
      table.write(`write record ${record.id}`, async (client, limit) => {
        const row = toRow(record);
        const written =
          etag === undefined
            ? client.createEntity(row, limit)
            : client.updateEntity(row, 'Replace', { etag, ...limit });
        const { etag: after } = await written.catch((error) => throwConflict(error, record.id));
        if (after === undefined)
          throw new KeyturnError('ERR_REPLY_LOST', `record ${record.id}: no ETag`);
        return after;
      }),

    list: () => listRecords(table),
  };
}

function listRecords(table: Table): Promise<readonly RecordSummary[]> {
  return table.idempotent('list records', async (client, limit) => {
    const summaries: RecordSummary[] = [];
    const queryOptions = { select: ['rowKey', 'target', 'dueAt', 'closed'] };
    for await (const row of client.listEntities<Row>({ queryOptions, ...limit })) {
      const { rowKey = '', target = '', dueAt, closed = false } = row;
      summaries.push({ id: fromKey(rowKey), target, dueAtMs: dueAt?.getTime() ?? 0, closed });
    }
    return summaries;
  });
}

function toRow(record: CredentialRecord): Row & { partitionKey: string; rowKey: string } {
  return {
    partitionKey: PARTITION,
    rowKey: toKey(record.id),
    record: JSON.stringify(record),
    target: record.target,
    dueAt: new Date(record.dueAtMs),
    closed: record.closed !== undefined,
  };
}

/** Made by another worker since it was absent, changed since it was read, or removed since. */
function throwConflict(error: unknown, id: string): never {
  const { status, code } = answerOf(error) ?? {};
  const isConflict =
    code === 'EntityAlreadyExists' || code === 'ResourceNotFound' || status === 412;
  if (!isConflict) throw error;
  throw new KeyturnError('ERR_CONFLICT', `record ${id} was changed by another worker`);
}
