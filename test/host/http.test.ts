import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildFixtureApp,
  QUIET_SETTINGS,
  startHostProgram,
  type HostProgram,
} from '../support/functions-host.ts';

let host: HostProgram;

beforeAll(async () => {
  host = await startHostProgram(await buildFixtureApp('every-trigger'), QUIET_SETTINGS);
});
afterAll(() => host.stop());

const get = (path: string, init?: RequestInit) => fetch(`${host.url}/${path}`, init);
const echo = async (path: string, init?: RequestInit) =>
  (await (await get(path, init)).json()) as { params: object; query: object; body: string };

test('loads every function of the built app', () => {
  expect(host.functions).toHaveLength(13);
});

test('gives a function its route parameters decoded, its query and its headers', async () => {
  expect(await echo('v1/echo/a%20b?x=1&x=2', { headers: { 'x-told': 'yes' } })).toEqual({
    method: 'GET',
    params: { id: 'a b' },
    query: { x: '2' },
    header: 'yes',
    body: '',
  });
});

test('matches paths in any case, and keeps the case of parameters', async () => {
  expect((await echo('V1/ECHO/Paris')).params).toEqual({ id: 'Paris' });
});

test('takes route parameters as long as a URL can be', async () => {
  const id = 'x'.repeat(2000);
  expect((await echo(`v1/echo/${id}`)).params).toEqual({ id });
});

test('matches optional and catch-all parameters with and without their segment', async () => {
  expect((await echo('optional')).params).toEqual({});
  expect((await echo('optional/one')).params).toEqual({ id: 'one' });
  expect((await echo('files')).params).toEqual({});
  expect((await echo('files/a/b.txt')).params).toEqual({ rest: 'a/b.txt' });
});

test('passes a body on as it came', async () => {
  const body = 'é\u0000 {"half": ';
  expect((await echo('v1/echo/x', { method: 'POST', body })).body).toBe(body);
});

test('answers 413 to a body longer than Azure takes', async () => {
  const { request } = await import('node:http');
  const status = await new Promise((resolve, reject) => {
    const headers = { 'content-length': String(104_857_601) };
    const sent = request(`${host.url}/v1/echo/x`, { method: 'POST', headers }, (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on('error', reject).flushHeaders();
  });
  expect(status).toBe(413);
});

test.each([
  ['an unknown path', 'nowhere', 'GET'],
  ['a method which is not listed', 'greet', 'DELETE'],
  ['HEAD, which is not part of GET', 'greet', 'HEAD'],
])('answers 404 to %s, as Azure does', async (_, path, method) => {
  expect((await get(path, { method })).status).toBe(404);
});

test('keeps the headers of a 304 and gives it no body', async () => {
  const response = await get('unchanged');
  expect([response.status, response.headers.get('etag')]).toEqual([304, '"1"']);
});

test('answers 204 for a function which returns nothing', async () => {
  expect((await get('silent', { method: 'POST' })).status).toBe(204);
});

test('answers 500 without a body for a function which throws, and logs which one', async () => {
  const response = await get('fail');
  expect([response.status, await response.text()]).toEqual([500, '']);
  const line = await host.until((text) => text.includes('"function":"fail"'));
  expect(JSON.parse(line)).toMatchObject({
    atMs: expect.any(Number),
    level: 'error',
    invocationId: expect.any(String),
    message: expect.stringContaining('asked to fail'),
  });
});

test('counts a function over its time as failed and goes on', async () => {
  expect((await get('stuck')).status).toBe(500);
  await host.until((text) => text.includes('"function":"stuck"') && text.includes('timed out'));
  expect((await get('greet')).status).toBe(200);
});

test('refuses a function which is registered after the start', async () => {
  expect((await get('late', { method: 'POST' })).status).toBe(500);
  await host.until((text) => text.includes('only be registered during app startup'));
});

test('lets a hook replace what a function returned', async () => {
  expect((await get('greet')).headers.get('x-hook')).toBe('after');
});
