import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { QueueClient } from '@azure/storage-queue';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConfigSource } from '../../../shared/azure/config-source.ts';
import { openIdentity } from '../../../shared/azure/identity.ts';
import type { Access } from '../../../shared/azure/pipeline.ts';
import { openReconcileQueue } from '../../../shared/azure/queue.ts';
import { openTables } from '../../../shared/azure/tables.ts';
import { startAzurite, type Azurite } from '../../support/azurite.ts';
import { trustedAuthority } from '../../support/certificates.ts';
import { startIdentityEndpoint, type IdentityEndpoint } from '../../support/identity-endpoint.ts';
import { adoptionStoreSuite } from './suites/adoption-store.ts';
import { historyStoreSuite } from './suites/history-store.ts';
import { reconcileQueueSuite } from './suites/reconcile-queue.ts';
import { recordStoreSuite } from './suites/record-store.ts';
import { emptyRecord } from './suites/record.ts';
import { sweepStoreSuite } from './suites/sweep-store.ts';

let directory: string;
let identityEndpoint: IdentityEndpoint;
let azurite: Azurite;
let access: Access;
let tables: ReturnType<typeof openTables>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'keyturn-storage-'));
  identityEndpoint = await startIdentityEndpoint();
  Object.assign(process.env, identityEndpoint.settings);
  azurite = await startAzurite(await trustedAuthority(directory));
  access = { credential: openIdentity(undefined), nowMs: Date.now, callTimeoutMs: 10_000 };
  tables = openTables({ ...access, url: azurite.tableUrl });
});

afterAll(async () => {
  await azurite.stop();
  await identityEndpoint.stop();
  rmSync(directory, { recursive: true });
});

recordStoreSuite(() => tables.records);
adoptionStoreSuite(() => tables.adoptions);
historyStoreSuite(() => tables.history);
sweepStoreSuite(() => tables.sweeps);
reconcileQueueSuite(() => ({
  queue: openReconcileQueue({ ...access, url: azurite.queueUrl, name: 'reconcile' }),
  async visible() {
    const { receivedMessageItems } = await rawQueue().receiveMessages({ numberOfMessages: 32 });
    return receivedMessageItems.map(({ messageText }) => JSON.parse(messageText));
  },
}));

describe('the record table', () => {
  test('leaves a record alone which a newer release wrote', async () => {
    await putRecord('newer', { ...emptyRecord('newer'), schema: 2, brandNew: true });
    await expect(tables.records.read('newer')).rejects.toMatchObject({
      code: 'ERR_SCHEMA_NEWER',
      remedy: 'blocked',
    });
  });

  test.each([
    ['not JSON', '{'],
    ['another shape', JSON.stringify({ ...emptyRecord('broken'), slots: 'none' })],
    ['a member nobody knows', JSON.stringify({ ...emptyRecord('broken'), surprise: 1 })],
  ])('never takes a record for absent which is %s', async (_, record) => {
    await rawTable().upsertEntity({ partitionKey: 'credential', rowKey: 'broken', record });
    const read = tables.records.read('broken');
    await expect(read).rejects.toMatchObject({ code: 'ERR_BUG' });
    await expect(read).rejects.toThrow('record broken');
  });

  test('lists a record which lost its columns as due', async () => {
    await rawTable().upsertEntity({ partitionKey: 'credential', rowKey: 'bare' });
    expect(await tables.records.list()).toContainEqual({
      id: 'bare',
      target: '',
      dueAtMs: 0,
      closed: false,
    });
  });

  test('lists more records than one page holds', async () => {
    const count = 1_005;
    for (let start = 0; start < count; start += 100) {
      const rows = Array.from({ length: Math.min(100, count - start) }, (_, index) => {
        const id = `page-${start + index}`;
        return ['create', { partitionKey: 'credential', rowKey: id }] as [
          'create',
          { partitionKey: string; rowKey: string },
        ];
      });
      await rawTable().submitTransaction(rows);
    }
    const pages = (await tables.records.list()).filter(({ id }) => id.startsWith('page-'));
    expect(pages).toHaveLength(count);
  });
});

describe('a configuration in a blob', () => {
  test('is read with its ETag, told unchanged, read again when it changed, and missed', async () => {
    const container = `${azurite.blobUrl}/config`;
    await new ContainerClient(container, access.credential).createIfNotExists();
    const blob = new BlockBlobClient(`${container}/keyturn.yaml`, access.credential);
    const source = openConfigSource(`${container}/keyturn.yaml`, access);
    await expect(source.read(undefined)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });

    await upload(blob, 'mode: observe');
    const first = await source.read(undefined);
    expect(first).toMatchObject({ text: 'mode: observe' });
    const etag = first === 'unchanged' ? undefined : first.etag;
    expect(await source.read(etag)).toBe('unchanged');
    await upload(blob, 'mode: rotate');
    expect(await source.read(etag)).toMatchObject({ text: 'mode: rotate' });
  });
});

async function putRecord(rowKey: string, record: object): Promise<void> {
  await rawTable().upsertEntity({
    partitionKey: 'credential',
    rowKey,
    record: JSON.stringify(record),
  });
}

function rawTable(): TableClient {
  return new TableClient(azurite.tableUrl, 'credentials', access.credential);
}

function rawQueue(): QueueClient {
  return new QueueClient(`${azurite.queueUrl}/reconcile`, access.credential);
}

async function upload(blob: BlockBlobClient, text: string): Promise<void> {
  await blob.upload(text, Buffer.byteLength(text));
}
