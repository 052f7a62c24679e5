import type { SweepStore } from '../ports.ts';
import { exceptFor } from './answers.ts';
import { openTable, type TableOptions } from './table.ts';

const LAST = { partitionKey: 'sweep', rowKey: 'last' } as const;

/** When the last sweep ended: the only row of its table. */
export function openSweeps(options: TableOptions): SweepStore {
  const table = openTable(options, 'sweeps');
  return {
    last: () =>
      table.idempotent('read the last sweep', async (client, limit) => {
        const row = await client
          .getEntity<{ endedAt: Date }>(LAST.partitionKey, LAST.rowKey, limit)
          .catch(exceptFor('ResourceNotFound'));
        return row?.endedAt.getTime();
      }),
    done: (atMs) =>
      table.idempotent('record the end of a sweep', async (client, limit) => {
        await client.upsertEntity({ ...LAST, endedAt: new Date(atMs) }, 'Replace', limit);
      }),
  };
}
