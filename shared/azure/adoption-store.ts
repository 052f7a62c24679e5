import { odata } from '@azure/data-tables';
import { z } from 'zod';
import type { EpochMs } from '../core/limits.ts';
import type { Adoption } from '../core/nouns.ts';
import type { AdoptionStore, InstanceEvidence } from '../ports.ts';
import { exceptFor } from './answers.ts';
import { parseColumn } from './column.ts';
import { deleteRows } from './rows.ts';
import { newestFirst, openTable, toKey, type Table, type TableOptions } from './table.ts';

const MOST_INSTANCES = 200;

/** Row keys: `consumer.<id>` and `instance.<newest expiry first>.<name>`; `/` sorts right behind `.`. */
const CONSUMERS = 'consumer.';
const INSTANCES = 'instance.';

/** A consumer's row. Each sort of evidence is its own column, so that merges do not overwrite one another. */
interface ConsumerRow {
  readonly consumer: string;
  readonly firstSeenAt?: Date;
  readonly seenAt: Date;
  readonly fetched?: string;
  readonly report?: string;
}

interface InstanceRow {
  readonly instance: string;
  readonly expiryAt: Date;
  readonly at: Date;
}

const FETCHED: z.ZodType<NonNullable<Adoption['fetched']>> = z.object({
  sequence: z.number(),
  sinceMs: z.number(),
  atMs: z.number(),
});

const REPORT: z.ZodType<NonNullable<Adoption['report']>> = z.object({
  stored: z.number(),
  running: z.array(z.object({ version: z.number(), pods: z.number() })),
  desired: z.number(),
  atMs: z.number(),
});

/** Evidence as rows of one table, a partition for each credential. */
export function openAdoptions(options: TableOptions): AdoptionStore {
  const table = openTable(options, 'adoptions');
  return {
    list: (credential) => listAdoptions(table, credential),

    first: (credential, consumer, atMs) =>
      table.idempotent(`record consumer ${consumer}`, async (client, limit) => {
        const at = new Date(atMs);
        const row = { ...keysOf(credential, consumer), consumer, firstSeenAt: at, seenAt: at };
        await client.createEntity(row, limit).catch(exceptFor('EntityAlreadyExists'));
      }),

    fetched: (credential, consumer, fetched) =>
      merge(table, credential, consumer, { fetched, atMs: fetched.atMs }),

    report: (credential, consumer, report) =>
      merge(table, credential, consumer, { report, atMs: report.atMs }),

    instance: (credential, { instance, expiryAtMs, atMs }) =>
      table.idempotent(`record instance ${instance}`, async (client, limit) => {
        const rowKey = `${INSTANCES}${newestFirst(expiryAtMs)}.${toKey(instance)}`;
        const row = { instance, expiryAt: new Date(expiryAtMs), at: new Date(atMs) };
        const keys = { partitionKey: toKey(credential), rowKey };
        await client.upsertEntity({ ...keys, ...row }, 'Replace', limit);
      }),

    instances: (credential) => listInstances(table, credential),

    prune: (credential, beforeMs) =>
      table.idempotent(`prune instances of ${credential}`, async (client, limit) => {
        const oldest = INSTANCES + newestFirst(beforeMs - 1);
        const filter = odata`PartitionKey eq ${toKey(credential)} and RowKey ge ${oldest} and RowKey lt ${'instance/'}`;
        await deleteRows(client, filter, limit);
      }),
  };
}

function keysOf(credential: string, consumer: string): { partitionKey: string; rowKey: string } {
  return { partitionKey: toKey(credential), rowKey: CONSUMERS + toKey(consumer) };
}

async function merge(
  table: Table,
  credential: string,
  consumer: string,
  evidence: Pick<Adoption, 'fetched' | 'report'> & { readonly atMs: EpochMs },
): Promise<void> {
  const { atMs, ...members } = evidence;
  const columns = Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)]);
  const row = { consumer, seenAt: new Date(atMs), ...Object.fromEntries(columns) };
  await table.idempotent(`record evidence of ${consumer}`, (client, limit) =>
    client.upsertEntity({ ...keysOf(credential, consumer), ...row }, 'Merge', limit),
  );
}

function listAdoptions(table: Table, credential: string): Promise<readonly Adoption[]> {
  const filter = odata`PartitionKey eq ${toKey(credential)} and RowKey ge ${CONSUMERS} and RowKey lt ${'consumer/'}`;
  return table.idempotent(`read evidence about ${credential}`, async (client, limit) => {
    const rows = client.listEntities<ConsumerRow>({ queryOptions: { filter }, ...limit });
    const adoptions: Adoption[] = [];
    for await (const row of rows) adoptions.push(toAdoption(row));
    return adoptions;
  });
}

/** A consumer which reported without having been handed anything here was seen first by what it said. */
function toAdoption({ consumer, firstSeenAt, seenAt, ...row }: ConsumerRow): Adoption {
  const what = `evidence of ${consumer}`;
  const fetched = row.fetched === undefined ? undefined : parseColumn(FETCHED, row.fetched, what);
  const report = row.report === undefined ? undefined : parseColumn(REPORT, row.report, what);
  const seenAtMs = seenAt.getTime();
  const firstHeardAtMs = Math.min(fetched?.sinceMs ?? seenAtMs, report?.atMs ?? seenAtMs);
  return {
    consumer,
    firstSeenAtMs: firstSeenAt?.getTime() ?? firstHeardAtMs,
    seenAtMs,
    ...(fetched && { fetched }),
    ...(report && { report }),
  };
}

function listInstances(table: Table, credential: string): Promise<readonly InstanceEvidence[]> {
  const filter = odata`PartitionKey eq ${toKey(credential)} and RowKey ge ${INSTANCES} and RowKey lt ${'instance/'}`;
  return table.idempotent(`read instances of ${credential}`, async (client, limit) => {
    const instances = new Map<string, InstanceEvidence>();
    for await (const row of client.listEntities<InstanceRow>({
      queryOptions: { filter },
      ...limit,
    })) {
      const evidence = toInstance(row);
      const known = instances.get(row.instance);
      if (known === undefined || known.atMs < evidence.atMs) instances.set(row.instance, evidence);
      if (instances.size === MOST_INSTANCES) break;
    }
    return [...instances.values()];
  });
}

function toInstance({ instance, expiryAt, at }: InstanceRow): InstanceEvidence {
  return { instance, expiryAtMs: expiryAt.getTime(), atMs: at.getTime() };
}
