import { z } from 'zod';
import type { SweepStore } from '../ports.ts';
import { exceptFor } from './answers.ts';
import { parseColumn } from './column.ts';
import { openTable, type TableOptions } from './table.ts';

const LAST = { partitionKey: 'sweep', rowKey: 'last' } as const;

const FINDINGS = z
  .array(
    z.object({
      code: z.string(),
      severity: z.enum(['alert', 'warn', 'info']),
      message: z.string(),
      remedy: z.string(),
    }),
  )
  .readonly();

/** The last sweep: the only row of its table. */
export function openSweeps(options: TableOptions): SweepStore {
  const table = openTable(options, 'sweeps');
  return {
    last: () =>
      table.idempotent('read the last sweep', async (client, limit) => {
        const row = await client
          .getEntity<{ endedAt: Date; findings: string }>(LAST.partitionKey, LAST.rowKey, limit)
          .catch(exceptFor('ResourceNotFound'));
        if (row === undefined) return undefined;
        const findings = parseColumn(FINDINGS, row.findings, 'the findings of the last sweep');
        return { atMs: row.endedAt.getTime(), findings };
      }),
    done: ({ atMs, findings }) =>
      table.idempotent('record the end of a sweep', async (client, limit) => {
        const row = { ...LAST, endedAt: new Date(atMs), findings: JSON.stringify(findings) };
        await client.upsertEntity(row, 'Replace', limit);
      }),
  };
}
