import { describe, expect, test } from 'vitest';
import { toRetryAfterMs } from '../../../shared/azure/pipeline.ts';
import { POLICY, scriptedAzure } from './suites/scripted-azure.ts';

const azure = scriptedAzure();

const read = () => azure.open().records.read('paris');

describe('a read', () => {
  test('is tried once more when the connection breaks', async () => {
    const absent = { 'odata.error': { code: 'ResourceNotFound', message: { value: 'no' } } };
    azure.script(() => (azure.received().length === 1 ? 'cut' : { status: 404, body: absent }));
    expect(await read()).toBeUndefined();
    expect(azure.received()).toHaveLength(2);
  });

  test.each(['cut', { status: 500 }] as const)('which fails twice is unknown', async (scripted) => {
    azure.script(() => scripted);
    await expect(read()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', remedy: 'retry' });
    expect(azure.received()).toHaveLength(2);
  });

  test.each(['hang', 'stall'] as const)('ends at the call timeout: %s', async (scripted) => {
    azure.script(() => scripted);
    await expect(read()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });

  test('is not repeated while Azure throttles', async () => {
    azure.script(() => ({ status: 429 }));
    await expect(read()).rejects.toMatchObject({ code: 'ERR_THROTTLED', retryAfterMs: 10_000 });
    expect(azure.received()).toHaveLength(1);
  });

  test('which is forbidden names the missing right', async () => {
    azure.script(() => ({ status: 403, body: { error: { code: 'Forbidden' } } }));
    const { issuer, vault } = azure.open();
    await expect(read()).rejects.toMatchObject({ code: 'ERR_FORBIDDEN', remedy: 'blocked' });
    await expect(read()).rejects.toThrow('Storage Table Data Contributor');
    await expect(vault.latest('paris')).rejects.toThrow('secrets/get');
    await expect(issuer.issuedSlots(POLICY)).rejects.toThrow('gateways/read');
  });

  test.each([
    [404, '<html>no such vault</html>'],
    [404, ''],
    [401, ''],
  ])('which a vault answers with %i "%s" tells nothing of the secret', async (status, body) => {
    azure.script(() => ({ status, body }));
    await expect(azure.open().vault.latest('paris')).rejects.toMatchObject({ remedy: 'blocked' });
  });

  test.each([
    ['unknown while the identity endpoint is down', 'CredentialUnavailableError', undefined],
    ['blocked where nobody gave the app an identity', 'AuthenticationError', 400],
  ])('without a token is %s', async (_, name, statusCode) => {
    azure.script(() => ({ status: 200 }));
    const getToken = async () => {
      throw Object.assign(new Error('no token'), { name, statusCode });
    };
    const { records } = azure.open({ credential: { getToken } });
    const code = statusCode === undefined ? 'ERR_UNAVAILABLE' : 'ERR_FORBIDDEN';
    await expect(records.read('paris')).rejects.toMatchObject({ code });
    expect(azure.received()).toEqual([]);
  });
});

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['17', 17_000],
    ['Wed, 18 Nov 2026 11:06:55 GMT', 15_000],
    ['Wed, 18 Nov 2026 11:06:25 GMT', 0],
    ['soon', 10_000],
    [undefined, 10_000],
  ])('%s is %i ms', (header, expectedMs) => {
    expect(toRetryAfterMs(header, Date.parse('2026-11-18T11:06:40Z'))).toBe(expectedMs);
  });
});
