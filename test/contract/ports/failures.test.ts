import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openApiManagement } from '../../../shared/azure/api-management.ts';
import { openKeyVault } from '../../../shared/azure/key-vault.ts';
import { type Access, toRetryAfterMs } from '../../../shared/azure/pipeline.ts';
import { openReconcileQueue } from '../../../shared/azure/queue.ts';
import { openTables } from '../../../shared/azure/tables.ts';
import { PRODUCTION } from '../../../shared/core/limits.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { Issuer, RecordStore, SecretVault } from '../../../shared/ports.ts';
import type { Authority } from '../../../sandbox/certificates.ts';
import { trustedAuthority } from '../../support/certificates.ts';
import {
  startScriptedServer,
  type Received,
  type Scripted,
  type ScriptedServer,
} from '../../support/scripted-server.ts';
import { testPolicy } from './suites/policy.ts';
import { emptyRecord } from './suites/record.ts';

const TIMEOUT_MS = 300;
const VALUE = 'GatewayKey paris&202612010000&c2VjcmV0LXZhbHVl';
const TARGET =
  '/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/r/providers/Microsoft.ApiManagement/service/contoso/gateways/paris';
const DEADLINE_AT_MS = 1_795_000_060_000;
const POLICY = testPolicy(TARGET);

let directory: string;
let authority: Authority;
let server: ScriptedServer;
let nowMs: number;
let access: Access;
let vault: SecretVault;
let records: RecordStore;
let issuer: Issuer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'keyturn-failures-'));
  authority = await trustedAuthority(directory);
  server = await startScriptedServer(authority);
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  nowMs = 1_795_000_000_000;
  const credential = {
    getToken: async () => ({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  access = { credential, nowMs: () => nowMs, callTimeoutMs: TIMEOUT_MS };
  open();
});

/** Fresh clients, which have met no challenge and made no table yet. */
function open(url = server.url): void {
  vault = openKeyVault({ ...access, url });
  ({ records } = openTables({ ...access, url }));
  const credentialScopes = 'https://management.azure.com/.default';
  ({ issuer } = openApiManagement({ ...access, endpoint: url, credentialScopes }));
}

/** The server makes tables and asks Key Vault's clients for a token, and answers the rest as scripted. */
function script(respond: (request: Received) => Scripted): void {
  server.script((request) => {
    if (request.url.pathname === '/Tables') return { status: 204 };
    if (isChallenged(request)) return CHALLENGE;
    return respond(request);
  });
}

const CHALLENGE: Scripted = {
  status: 401,
  headers: {
    'www-authenticate':
      'Bearer authorization="https://login.example/tenant", resource="https://vault.azure.net"',
  },
};

function isChallenged({ url, body }: Received): boolean {
  const first = server.received.filter((one) => one.url.pathname.startsWith('/secrets'));
  return url.pathname.startsWith('/secrets') && body === '' && first.length === 1;
}

function rest(): readonly Received[] {
  return server.received.filter(({ url }) => url.pathname !== '/Tables');
}

function publish(deadlineAtMs = nowMs + 60_000): Promise<string> {
  const tags = { sequence: 7, slot: 'primary', installation: 'test' };
  const content = { value: new Secret(VALUE), contentType: 'text/plain', expiresAtMs: 0, tags };
  return vault.publish('paris', content, deadlineAtMs);
}

const write = () => records.write(emptyRecord('paris'), 'W/"1"');
const read = () => records.read('paris');
const retire = (deadlineAtMs = nowMs + 60_000) => issuer.retire(POLICY, 'primary', deadlineAtMs);

const WRITES: readonly (readonly [string, () => Promise<unknown>, number])[] = [
  ['a record', write, 1],
  ['a secret', publish, 2],
  ['a regenerated key', retire, 1],
];

describe('a write', () => {
  test.each(WRITES)('of %s whose answer is lost is not repeated', async (_, act, sends) => {
    script(() => 'cut');
    await expect(act()).rejects.toMatchObject({ code: 'ERR_REPLY_LOST', remedy: 'reobserve' });
    expect(rest()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s which is not answered in time is lost', async (_, act, sends) => {
    script(() => 'hang');
    await expect(act()).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
    expect(rest()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s which is answered by a fault is lost', async (_, act, sends) => {
    for (const status of [503, 408]) {
      script(() => ({ status, headers: { 'retry-after': '1' } }));
      await expect(act()).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
      expect(rest()).toHaveLength(sends);
    }
  });

  test.each(WRITES)('of %s is throttled for as long as Azure asks', async (_, act, sends) => {
    script(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    await expect(act()).rejects.toMatchObject({
      code: 'ERR_THROTTLED',
      retryAfterMs: 7_000,
    });
    expect(rest()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s to a closed port was never sent', async (_, act) => {
    const gone = await startScriptedServer(authority);
    await gone.stop();
    open(gone.url);
    await expect(act()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', remedy: 'retry' });
  });
});

describe('a deadline', () => {
  const held: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a secret', () => publish(DEADLINE_AT_MS)],
    ['a regenerated key', () => retire(DEADLINE_AT_MS)],
  ];

  test.each(held)('lets %s be sent a millisecond before it', async (_, act) => {
    script(() => 'cut');
    sendAt(DEADLINE_AT_MS - 1);
    await expect(act()).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
  });

  test.each(held)('lets nothing of %s be sent when it has come', async (_, act) => {
    script(() => ({ status: 200 }));
    sendAt(DEADLINE_AT_MS);
    await expect(act()).rejects.toMatchObject({ code: 'ERR_DEADLINE', remedy: 'reobserve' });
    expect(server.received).toEqual([]);
  });

  test.each(held)('ends a call for %s, however long a call may take', async (_, act) => {
    script(() => 'hang');
    nowMs = DEADLINE_AT_MS - TIMEOUT_MS;
    access = { ...access, callTimeoutMs: PRODUCTION.flightMs };
    open();
    await expect(act()).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
  });

  /** A clock which is early when the call begins and shows this right before a send. */
  function sendAt(sendAtMs: number): void {
    let looks = 0;
    access = { ...access, nowMs: () => (looks++ === 0 ? sendAtMs - 60_000 : sendAtMs) };
    open();
  }

  test('which passes while the token is fetched lets no key be regenerated', async () => {
    script(() => ({ status: 204 }));
    access = { ...access, credential: { getToken: async () => lateToken() } };
    open();
    await expect(retire()).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(server.received).toEqual([]);
  });

  test('which passes between challenge and replay lets no value be sent', async () => {
    script(() => ({ status: 200 }));
    access = { ...access, credential: { getToken: async () => lateToken() } };
    open();
    await expect(publish()).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(server.received.map(({ body }) => body)).toEqual(['']);
  });

  function lateToken() {
    nowMs += PRODUCTION.deadlineMs;
    return { token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 };
  }
});

describe('a read', () => {
  test('is tried once more when the connection breaks', async () => {
    script(() => (rest().length === 1 ? 'cut' : { status: 404, body: NO_ENTITY }));
    expect(await read()).toBeUndefined();
    expect(rest()).toHaveLength(2);
  });

  test.each(['cut', { status: 500 }] as const)('which fails twice is unknown', async (scripted) => {
    script(() => scripted);
    await expect(read()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', remedy: 'retry' });
    expect(rest()).toHaveLength(2);
  });

  test.each(['hang', 'stall'] as const)('ends at the call timeout: %s', async (scripted) => {
    script(() => scripted);
    await expect(read()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });

  test('is not repeated while Azure throttles', async () => {
    script(() => ({ status: 429 }));
    await expect(read()).rejects.toMatchObject({ code: 'ERR_THROTTLED', retryAfterMs: 10_000 });
    expect(rest()).toHaveLength(1);
  });

  test('which is forbidden names the missing right', async () => {
    script(() => ({ status: 403, body: { error: { code: 'Forbidden' } } }));
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
    script(() => ({ status, body }));
    await expect(vault.latest('paris')).rejects.toMatchObject({ remedy: 'blocked' });
  });

  test('without a token is unknown while the identity endpoint is down, and blocked without an identity', async () => {
    const fail = (name: string, statusCode?: number) => async () => {
      throw Object.assign(new Error('no token'), { name, statusCode });
    };
    script(() => ({ status: 200 }));
    for (const [getToken, code] of [
      [fail('CredentialUnavailableError'), 'ERR_UNAVAILABLE'],
      [fail('AuthenticationError', 400), 'ERR_FORBIDDEN'],
    ] as const) {
      access = { ...access, credential: { getToken } };
      open();
      await expect(read()).rejects.toMatchObject({ code });
      expect(rest()).toEqual([]);
    }
  });
});

describe('a gateway which is not found', () => {
  const gatewayNotFound = { error: { code: 'ResourceNotFound', message: 'Gateway not found.' } };
  const isList = ({ url }: Received) => url.pathname.endsWith('/gateways');

  test('is gone where its service lists the others', async () => {
    script((request) =>
      isList(request)
        ? { status: 200, body: { value: [] } }
        : { status: 404, body: gatewayNotFound },
    );
    expect(await issuer.issuedSlots(POLICY)).toBeUndefined();
  });

  test.each([
    [
      'as Resource Manager says it',
      { error: { code: 'ResourceNotFound', message: 'The Resource' } },
    ],
    ['as the service says it', { code: 'ServiceNotFound', message: 'Api service does not exist' }],
  ])('is unknown where its service is gone: %s', async (_, body) => {
    script(() => ({ status: 404, body }));
    await expect(issuer.issuedSlots(POLICY)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(retire()).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  test('is unknown where its service does not answer', async () => {
    script((request) =>
      isList(request) ? { status: 500 } : { status: 404, body: gatewayNotFound },
    );
    await expect(issuer.issuedSlots(POLICY)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });
});

describe('an issuer which contradicts itself', () => {
  const expiryAtMs = Date.parse('2026-12-01T00:00:00Z');
  const mint = (trusting: boolean) => issuer.bytesOf(POLICY, 'primary', expiryAtMs, trusting);
  const minting = (token: (mints: number) => string) =>
    script(() => ({ status: 200, body: { value: token(rest().length) } }));

  test('is believed only by who trusts it', async () => {
    minting((mints) => `paris&202612010000&c2ln${mints}`);
    await expect(mint(false)).rejects.toMatchObject({ code: 'ERR_DEVIATION' });
    expect((await mint(true)).value.reveal()).toMatch(/^paris&202612010000&/);
  });

  test('cannot tell whether a version is alive', async () => {
    minting((mints) => `paris&202612010000&c2ln${mints}`);
    const version = { slot: 'primary', expiryAtMs, fingerprint: '0123456789abcdef' };
    expect(await issuer.isAlive(POLICY, version)).toBe('deviates');
    minting(() => 'paris&202612010000&c2ln');
    expect(await issuer.isAlive(POLICY, version)).toBe('dead');
  });

  test.each(['lyon&202612010000&c2ln', 'paris&202612010001&c2ln', 'nonsense', ''])(
    'may not name another gateway or minute: %s',
    async (value) => {
      minting(() => value);
      await expect(mint(true)).rejects.toMatchObject({ code: 'ERR_TOKEN_SHAPE' });
    },
  );
});

describe('a value', () => {
  const echo = { error: { code: VALUE, message: VALUE, innererror: { code: VALUE } } };

  test.each<[string, Scripted]>([
    ['refused with an echo', { status: 400, body: echo }],
    ['conflicting with an echo', { status: 409, body: echo }],
    ['a fault with an echo', { status: 500, body: echo, headers: { 'x-ms-request-id': VALUE } }],
    ['answered by what is not JSON', { status: 200, body: VALUE }],
    ['throttled', { status: 429, headers: { 'retry-after': VALUE } }],
    ['cut off', 'cut'],
    ['never answered', 'hang'],
  ])('is in no error: %s', async (_, scripted) => {
    script(() => scripted);
    const error = await publish().catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'KeyturnError' });
    expect(server.received.at(-1)?.body).toContain(VALUE);
    const told = [
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error),
      error.stack,
    ];
    for (const text of [...told, String(error), String(error.cause)]) {
      expect(text).not.toContain('c2VjcmV0');
    }
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

describe('a message', () => {
  test.each([
    [-5_000, '0'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [9_000_000, '900'],
  ])('delayed by %i ms is hidden for %s s and kept for an hour', async (delayMs, seconds) => {
    server.script(() => ({ status: 201 }));
    const queue = openReconcileQueue({
      ...access,
      url: `${server.url}/account`,
      name: 'reconcile',
    });
    await queue.put({ v: 1, sweep: true, atMs: nowMs }, delayMs).catch(() => undefined);
    const put = server.received.find(({ method }) => method === 'POST');
    expect(put?.url.searchParams.get('visibilitytimeout')).toBe(seconds);
    expect(put?.url.searchParams.get('messagettl')).toBe('3600');
  });
});

const NO_ENTITY = { 'odata.error': { code: 'ResourceNotFound', message: { value: 'no' } } };
