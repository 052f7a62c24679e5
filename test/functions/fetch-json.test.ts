import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fetchJson } from '../../shared/engine/fetch-json.ts';

let server: Server;
afterEach(() => server.close());

async function serving(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

const UNAVAILABLE = { code: 'ERR_KEYS_UNAVAILABLE' };

test('reads a small document', async () => {
  const url = await serving((_, response) => response.end('{"keys":[]}'));
  expect(await fetchJson(url)).toEqual({ keys: [] });
});

test.each([
  ['an error', (_, response) => void response.writeHead(500).end('{}')],
  ['what is not JSON', (_, response) => response.end('<html>')],
  ['a redirect', (_, response) => void response.writeHead(302, { location: '/other' }).end()],
  ['more than 256 KiB', (_, response) => response.end(JSON.stringify('x'.repeat(256 * 1024)))],
  ['a broken connection', (request) => request.socket.destroy()],
] as [string, RequestListener][])('refuses %s', async (_, answer) => {
  await expect(fetchJson(await serving(answer))).rejects.toMatchObject(UNAVAILABLE);
});

test('refuses an issuer which is not there', async () => {
  const url = await serving(() => {});
  server.close();
  await expect(fetchJson(url)).rejects.toMatchObject(UNAVAILABLE);
});
