import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARM } from '../../support/twin-seed.ts';
import { type Json, type Request, startTwin, type TestTwin } from '../../support/twin.ts';

const VERSION = 'api-version=2024-05-01';
const MINUTE_MS = 60_000;

const file = new URL('../../fixtures/recordings/apim-validation-error.json', import.meta.url);
const { body: recorded } = JSON.parse(readFileSync(file, 'utf8')) as { body: Json };

let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  twin = await startTwin({ gateways: ['paris', 'lyon', 'nice'] });
  owner = await twin.tokenOf('owner', ARM);
});
afterAll(() => twin.remove());

function call(method: string, path: string, request: Request = {}) {
  return twin.call(method, `${twin.service}/gateways${path}?${VERSION}`, {
    token: owner,
    ...request,
  });
}

function mint(gateway: string, expiry: string, keyType = 'primary') {
  return call('POST', `/${gateway}/generateToken`, { body: { keyType, expiry } });
}

function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * MINUTE_MS).toISOString();
}

describe('reads', () => {
  test('lists pages which a next link connects, each with the count of all', async () => {
    const seen: string[] = [];
    let url: string | undefined = `${twin.service}/gateways?${VERSION}&$top=1`;
    while (url !== undefined) {
      const { body } = await twin.call('GET', url, { token: owner });
      expect(body.count).toBe(3);
      seen.push(...body.value.map(({ name }: { name: string }) => name));
      url = body.nextLink;
    }
    expect(seen).toEqual(['lyon', 'nice', 'paris']);
  });

  test('refuses to filter rather than list too much', async () => {
    const url = `${twin.service}/gateways?${VERSION}&$filter=name%20eq%20'paris'`;
    expect((await twin.call('GET', url, { token: owner })).status).toBe(400);
  });

  test('answers HEAD with the ETag of GET', async () => {
    const get = await call('GET', '/paris');
    const head = await call('HEAD', '/paris');
    expect(get.headers.get('etag')).toMatch(/^"[A-Za-z0-9+/]{11}="$/);
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
    expect(get.body.properties.heartbeat).toBeNull();
  });

  test('takes an encoded query name and a slash at the end, as the SDKs send them', async () => {
    const url = `${twin.service}/gateways/paris/?api%2Dversion=2024-05-01`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${owner}` } });
    expect(answer.status).toBe(200);
  });

  test('marks every answer with the ids support asks for', async () => {
    const { headers } = await call('GET', '/nowhere');
    for (const name of ['request-id', 'correlation-request-id', 'routing-request-id']) {
      expect(headers.get(`x-ms-${name}`)).toBeTruthy();
    }
  });
});

describe('writes', () => {
  test('creates with 201, replaces with 200, and changes the ETag each time', async () => {
    const body = { properties: { locationData: { name: 'here' }, description: 'first' } };
    const created = await call('PUT', '/rome', { body });
    const replaced = await call('PUT', '/rome', { body });
    expect([created.status, replaced.status]).toEqual([201, 200]);
    expect(created.headers.get('etag')).not.toBe(replaced.headers.get('etag'));
  });

  test('patches and deletes only with the ETag in force', async () => {
    await call('PUT', '/oslo', { body: { properties: { locationData: { name: 'here' } } } });
    const body = { properties: { description: 'patched' } };
    const stale = { 'if-match': '"AAAAAAAAAAA="' };
    expect((await call('PATCH', '/oslo', { body })).status).toBe(400);
    const refused = await call('PATCH', '/oslo', { body, headers: stale });
    expect(refused).toMatchObject({ status: 412, body: { error: { code: 'PreconditionFailed' } } });
    const etag = (await call('GET', '/oslo')).headers.get('etag') ?? '';
    const patched = await call('PATCH', '/oslo', { body, headers: { 'if-match': etag } });
    expect(patched.body.properties).toMatchObject({
      locationData: { name: 'here' },
      description: 'patched',
    });
    expect((await call('DELETE', '/oslo', { headers: stale })).status).toBe(412);
    const any = { 'if-match': '*' };
    expect((await call('DELETE', '/oslo', { headers: any })).status).toBe(200);
    expect((await call('DELETE', '/oslo', { headers: any })).status).toBe(204);
  });

  test('names every wrong field of a body', async () => {
    const { status, body } = await call('PUT', '/bern', {
      body: { properties: { description: 7 } },
    });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'ValidationError',
      details: [{ code: 'ValidationError', target: 'properties.description' }],
    });
  });
});

describe('tokens and keys', () => {
  test('mints the same bytes for the same slot and minute, and others for the other slot', async () => {
    const expiry = inMinutes(3);
    const minute = expiry.slice(0, 16);
    const first = await mint('paris', expiry);
    const again = await mint('paris', `${minute}:00Z`);
    const other = await mint('paris', expiry, 'secondary');
    expect(first.body.value.split('&')[1]).toBe(minute.replace(/[-T:]/g, ''));
    expect(again.body.value).toBe(first.body.value);
    expect(other.body.value).not.toBe(first.body.value);
  });

  test('takes an expiry in the past', async () => {
    expect((await mint('paris', '2020-03-19T23:52:29.4596934Z')).status).toBe(200);
  });

  test('refuses an expiry beyond the longest life, in the shape that was recorded', async () => {
    const { status, body } = await mint('paris', inMinutes(5));
    const [detail] = recorded.error.details;
    const details = [{ ...detail, target: 'expiry', message: expect.any(String) as string }];
    expect(status).toBe(400);
    expect(body).toEqual({ error: { ...recorded.error, details } });
  });

  test('makes other tokens after the key of the slot was regenerated, with a new ETag', async () => {
    const expiry = inMinutes(3);
    const [primary, secondary] = [
      await mint('nice', expiry),
      await mint('nice', expiry, 'secondary'),
    ];
    const before = (await call('GET', '/nice')).headers.get('etag');
    const { status } = await call('POST', '/nice/regenerateKey', { body: { keyType: 'primary' } });
    expect(status).toBe(204);
    expect((await call('GET', '/nice')).headers.get('etag')).not.toBe(before);
    expect((await mint('nice', expiry)).body.value).not.toBe(primary.body.value);
    expect((await mint('nice', expiry, 'secondary')).body.value).toBe(secondary.body.value);
  });

  test('lists both keys, which are 64 bytes each', async () => {
    const { body } = await call('POST', '/lyon/listKeys');
    for (const key of [body.primary, body.secondary]) {
      expect(Buffer.from(key, 'base64')).toHaveLength(64);
    }
  });

  test('writes the journal without any value', async () => {
    const { body } = await mint('lyon', inMinutes(2));
    await call('POST', '/lyon/regenerateKey', { body: { keyType: 'secondary' } });
    const keys = await call('POST', '/lyon/listKeys');
    const journal = JSON.stringify(await twin.journal());
    expect(journal).toContain('"kind":"token-minted"');
    for (const value of [body.value, keys.body.primary, keys.body.secondary]) {
      expect(journal).not.toContain(value);
    }
  });
});

describe('refusals', () => {
  const code = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
    const { status, body } = await twin.call('GET', url, { headers });
    return [status, body.error.code];
  };
  const elsewhere = (from: string, to: string) =>
    `${twin.service.replace(from, to)}/gateways?${VERSION}`;

  test('answers 401 to nobody, to nonsense and to a token for another resource', async () => {
    const url = `${twin.service}/gateways?${VERSION}`;
    const vaultToken = await twin.tokenOf('owner', 'https://vault.azure.net');
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect(await code(url)).toEqual([401, 'AuthenticationFailed']);
    expect(await code(url, bearer('e30.e30.e30'))).toEqual([401, 'InvalidAuthenticationToken']);
    const wrongAudience = [401, 'InvalidAuthenticationTokenAudience'];
    expect(await code(url, bearer(vaultToken))).toEqual(wrongAudience);
  });

  test('tells which part of the resource is not there', async () => {
    const { subscription, resourceGroup, service } = twin.seed;
    const other = '99999999-2222-4333-8444-555555555555';
    const headers = { authorization: `Bearer ${owner}` };
    const missing = async (from: string, to: string) =>
      (await code(elsewhere(from, to), headers))[1];
    expect(await missing(subscription, other)).toBe('SubscriptionNotFound');
    expect(await missing(resourceGroup, 'rg-other')).toBe('ResourceGroupNotFound');
    expect(await missing(`service/${service}`, 'service/other')).toBe('ResourceNotFound');
    const gateway = await call('GET', '/nowhere');
    const error = { code: 'ResourceNotFound', message: 'Gateway not found.', details: null };
    expect(gateway).toMatchObject({ status: 404, body: { error } });
  });

  test('asks for the api-version', async () => {
    const headers = { authorization: `Bearer ${owner}` };
    const url = `${twin.service}/gateways`;
    expect(await code(url, headers)).toEqual([400, 'MissingApiVersionParameter']);
  });
});
