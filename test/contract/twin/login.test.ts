import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  createRemoteJWKSet,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARM, person, VAULT } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

const SUBJECT = 'system:serviceaccount:gateways:keyturn-agent';
const EXCHANGE = 'api://AzureADTokenExchange';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const keys = await generateKeyPair('RS256');
const otherKeys = await generateKeyPair('RS256');

let twin: TestTwin;
let cluster: Server;
let issuer: string;

beforeAll(async () => {
  cluster = createServer();
  cluster.listen(0, '127.0.0.1');
  await once(cluster, 'listening');
  issuer = `https://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
  const federated = [{ issuer, subject: SUBJECT, audience: EXCHANGE }];
  const workload = person(6, 'workload', { federated });
  const people = [person(1, 'app', {}), person(3, 'operator', { roles: ['Keyturn.Operator'] })];
  twin = await startTwin({ identities: [people[0]!, ...people, workload] });
  await publishKeys();
});
afterAll(async () => {
  cluster.close();
  await twin.remove();
});

/** The cluster's discovery document and keys, under the authority which the twin trusts. */
async function publishKeys(): Promise<void> {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'cluster', alg: 'RS256' };
  const { certFile, keyFile } = twin.authority;
  cluster.setSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  cluster.on('request', (request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    const answer = isDiscovery ? { issuer, jwks_uri: `${issuer}/jwks` } : { keys: [jwk] };
    response.end(JSON.stringify(answer));
  });
}

interface Assertion {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string;
  readonly lifeSeconds?: number;
  readonly key?: webcrypto.CryptoKey;
}

function assertion({ lifeSeconds = 600, key = keys.privateKey, ...claims }: Assertion = {}) {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: issuer, sub: SUBJECT, aud: EXCHANGE, ...claims, iat: now })
    .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
    .setExpirationTime(now + lifeSeconds)
    .sign(key);
}

function login(form: Readonly<Record<string, string>>, headers = {}, tenant = twin.seed.tenant) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: `${twin.seed.audience}/.default`,
    ...form,
  });
  return twin.call('POST', `${twin.urls.login}/${tenant}/oauth2/v2.0/token`, { body, headers });
}

async function federatedLogin(given: Assertion = {}, name = 'workload') {
  return login({
    client_id: twin.seed.identities.find(({ displayName }) => displayName === name)?.clientId ?? '',
    client_assertion_type: JWT_BEARER,
    client_assertion: await assertion(given),
  });
}

describe('tokens', () => {
  test('for Azure are v1, from sts.windows.net', async () => {
    for (const [resource, audience] of [
      [ARM, ARM],
      [VAULT, VAULT],
      ['https://storage.azure.com/', 'https://storage.azure.com'],
    ] as const) {
      const claims = decodeJwt(await twin.tokenOf('app', resource));
      expect(claims).toMatchObject({
        aud: audience,
        iss: `https://sts.windows.net/${twin.seed.tenant}/`,
        ver: '1.0',
        tid: twin.seed.tenant,
      });
      expect(claims.oid).toBe(claims.sub);
    }
  });

  test('for Keyturn are v2, with app roles, and verify by the published keys', async () => {
    const token = await twin.tokenOf('operator', twin.seed.audience);
    const url = `${twin.urls.login}/${twin.seed.tenant}/v2.0/.well-known/openid-configuration`;
    const { body } = await twin.call('GET', url);
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(body.jwks_uri)), {
      issuer: body.issuer,
      audience: twin.seed.audience,
    });
    const operator = twin.seed.identities.find(({ displayName }) => displayName === 'operator');
    expect(payload).toMatchObject({
      iss: `${twin.urls.login}/${twin.seed.tenant}/v2.0`,
      azp: operator?.clientId,
      oid: operator?.objectId,
      roles: ['Keyturn.Operator'],
      ver: '2.0',
    });
  });

  test('of both versions verify by the same keys', async () => {
    const url = `${twin.urls.login}/${twin.seed.tenant}/.well-known/openid-configuration`;
    const { body } = await twin.call('GET', url);
    expect(body.issuer).toBe(`https://sts.windows.net/${twin.seed.tenant}/`);
    const keySet = createRemoteJWKSet(new URL(body.jwks_uri));
    const token = await twin.tokenOf('app', ARM);
    await expect(jwtVerify(token, keySet, { issuer: body.issuer })).resolves.toBeDefined();
  });

  test('survive a kill of the twin', async () => {
    const token = await twin.tokenOf('app', VAULT);
    await twin.kill('SIGKILL');
    await twin.start();
    const url = `${twin.urls.vault}/secrets/nothing/?api-version=7.5`;
    expect((await twin.call('GET', url, { token })).status).toBe(403);
  });
});

describe('client secrets', () => {
  test('are taken from the form and from the header', async () => {
    const { clientId, clientSecret = '' } = twin.seed.identities[0];
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const headers = { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    expect((await login({}, headers)).status).toBe(200);
    expect((await login({ client_id: clientId, client_secret: clientSecret })).status).toBe(200);
  });

  test('are refused in the words of Entra', async () => {
    const { clientId, clientSecret = '' } = twin.seed.identities[0];
    const good = { client_id: clientId, client_secret: clientSecret };
    const refused = async (form: Readonly<Record<string, string>>, tenant = twin.seed.tenant) => {
      const { status, body } = await login({ ...good, ...form }, {}, tenant);
      expect(body.error_description).toMatch(new RegExp(`^AADSTS${body.error_codes[0]}: `));
      return [status, body.error, body.error_codes[0]];
    };
    const unknown = await refused({ client_id: 'nobody' });
    expect(await refused({ client_secret: 'wrong' })).toEqual([401, 'invalid_client', 7_000_215]);
    expect(unknown).toEqual([400, 'unauthorized_client', 700_016]);
    expect(await refused({}, 'elsewhere')).toEqual([400, 'invalid_tenant', 90_002]);
    const scope = 'api://nobody/.default';
    expect(await refused({ scope })).toEqual([400, 'invalid_resource', 500_011]);
    expect(await refused({ scope: 'openid' })).toEqual([400, 'invalid_scope', 1_002_012]);
    const grant = await refused({ grant_type: 'password' });
    expect(grant).toEqual([400, 'unsupported_grant_type', 70_003]);
  });
});

describe('federated assertions', () => {
  test('log in as the identity whose record they match', async () => {
    const { status, body } = await federatedLogin();
    expect(status).toBe(200);
    expect(decodeJwt(body.access_token)).toMatchObject({
      azp: person(6, '', {}).clientId,
      azpacr: '2',
    });
  });

  test.each([
    ['another issuer', { iss: 'https://127.0.0.1:1' }, 700_211],
    ['another subject', { sub: `${SUBJECT}-2` }, 700_213],
    ['another audience', { aud: 'api://other' }, 700_212],
    ['a time which is over', { lifeSeconds: -60 }, 700_024],
    ['a signature of somebody else', { key: otherKeys.privateKey }, 50_013],
  ] as const)('are refused for %s', async (_, given, number) => {
    const { status, body } = await federatedLogin(given);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error_codes).toEqual([number]);
  });

  test('are refused for an identity without any record', async () => {
    expect((await federatedLogin({}, 'app')).body.error_codes).toEqual([70_021]);
  });

  test('are refused when they are no tokens', async () => {
    const { clientId: client_id } = twin.seed.identities[0];
    const form = { client_id, client_assertion_type: JWT_BEARER, client_assertion: 'nonsense' };
    expect((await login(form)).body.error_codes).toEqual([50_027]);
  });
});

describe('the managed identity', () => {
  const ask = (query: string, header = 'the header') =>
    twin.call('GET', `${twin.urls.identity}/msi/token?api-version=2019-08-01&${query}`, {
      headers: { 'x-identity-header': header },
    });

  test('is the first identity of the seed', async () => {
    const { body } = await ask(`resource=${encodeURIComponent(ARM)}`);
    expect(decodeJwt(body.access_token).oid).toBe(twin.seed.identities[0].objectId);
    expect(body.expires_on).toMatch(/^\d{10}$/);
  });

  test('needs the header, and a resource which is known', async () => {
    expect((await ask(`resource=${ARM}`, 'guessed')).status).toBe(401);
    expect((await ask('resource=https://elsewhere.example')).status).toBe(400);
  });
});

test('Graph says no in its own words', async () => {
  const url = `${twin.urls.graph}/v1.0/applications`;
  const nobody = await twin.call('GET', url);
  expect([nobody.status, nobody.body.error.code]).toEqual([401, 'InvalidAuthenticationToken']);
  const token = await twin.tokenOf('app', 'https://graph.microsoft.com');
  const known = await twin.call('GET', url, { token });
  expect([known.status, known.body.error.code]).toEqual([404, 'Request_ResourceNotFound']);
});
