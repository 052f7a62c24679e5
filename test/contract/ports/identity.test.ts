import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openIdentity } from '../../../shared/azure/identity.ts';
import { openTables } from '../../../shared/azure/tables.ts';

test('a call ends at its timeout though the identity endpoint never answers', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${port}/msi/token`;
  process.env['IDENTITY_HEADER'] = 'test';

  const access = { credential: openIdentity(undefined), nowMs: Date.now, callTimeoutMs: 200 };
  const { records } = openTables({ ...access, url: 'https://127.0.0.1:1/account' });
  await expect(records.read('paris')).rejects.toMatchObject({
    code: 'ERR_UNAVAILABLE',
    remedy: 'retry',
  });
  mute.closeAllConnections();
  mute.close();
});
