import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiManagement } from '../../../shared/azure/api-management.ts';
import { openIdentity } from '../../../shared/azure/identity.ts';
import { openKeyVault } from '../../../shared/azure/key-vault.ts';
import type { Access } from '../../../shared/azure/pipeline.ts';
import { gatewayParts } from '../../../shared/core/credential-id.ts';
import { MINUTE } from '../../../shared/core/limits.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { ARM, serviceIdOf, VAULT } from '../../support/twin-seed.ts';
import { startTwin, type Answer, type TestTwin } from '../../support/twin.ts';
import { issuerSuite, type IssuerWorld } from './suites/issuer.ts';
import { testPolicy } from './suites/policy.ts';
import { secretVaultSuite, type SecretVaultWorld } from './suites/secret-vault.ts';

const GATEWAYS = '?api-version=2024-05-01';
const SECRETS = '?api-version=2025-07-01';

let twin: TestTwin;
let vaultWorld: SecretVaultWorld;
let issuerWorld: IssuerWorld;

beforeAll(async () => {
  twin = await startTwin();
  process.env['IDENTITY_ENDPOINT'] = `${twin.urls.identity}/msi/token`;
  process.env['IDENTITY_HEADER'] = twin.seed.identityHeader;
  const access = { credential: openIdentity(undefined), nowMs: Date.now, callTimeoutMs: 10_000 };
  vaultWorld = openVaultWorld(access, await twin.tokenOf('owner', VAULT));
  issuerWorld = openIssuerWorld(access, await twin.tokenOf('owner', ARM));
});

afterAll(() => twin.remove());

secretVaultSuite(() => vaultWorld);
issuerSuite(() => issuerWorld);

describe('the vault', () => {
  const content = {
    value: new Secret('GatewayKey value'),
    contentType: 'text/plain',
    expiresAtMs: 1_796_000_000_000,
    tags: { sequence: 7, slot: 'primary', installation: 'test' },
  };
  const soon = () => Date.now() + MINUTE;

  test('holds what was published though the answer was lost', async () => {
    await twin.fault({ api: 'vault', operation: 'setSecret', times: 1, lostReply: true });
    const { vault } = vaultWorld;
    await expect(vault.publish('lost', content, soon())).rejects.toMatchObject({
      code: 'ERR_REPLY_LOST',
    });
    expect(await vault.latest('lost')).toMatchObject({ tags: content.tags });
    const sets = (await twin.journal()).filter(({ kind }) => kind === 'secret-set');
    expect(sets.filter((entry) => 'secret' in entry && entry.secret === 'lost')).toHaveLength(1);
  });

  test('keeps expiry, content type and tags where everybody sees them', async () => {
    await vaultWorld.vault.publish('shown', content, soon());
    const token = await twin.tokenOf('owner', VAULT);
    const { body } = await twin.call('GET', `${twin.urls.vault}/secrets/shown/${SECRETS}`, {
      token,
    });
    expect(body).toMatchObject({
      contentType: 'text/plain',
      attributes: { exp: 1_796_000_000 },
      tags: {
        'keyturn-sequence': '7',
        'keyturn-slot': 'primary',
        'keyturn-installation': 'test',
      },
    });
  });

  test('is unknown while it answers with faults', async () => {
    await twin.fault({ api: 'vault', operation: 'getSecret', times: 2, status: 503 });
    await expect(vaultWorld.vault.latest('shown')).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
    });
  });
});

describe('API Management', () => {
  const policy = () => testPolicy(`${issuerWorld.service}/gateways/paris`);
  const elsewhere = () => testPolicy(policy().target.replace('/contoso/', '/fabrikam/'));
  const soon = () => Date.now() + MINUTE;

  test('regenerates a key once though the answer is lost', async () => {
    await twin.fault({ api: 'arm', operation: 'regenerateKey', times: 1, lostReply: true });
    await expect(issuerWorld.issuer.retire(policy(), 'primary', soon())).rejects.toMatchObject({
      code: 'ERR_REPLY_LOST',
    });
    const regenerated = (await twin.journal()).filter(
      (entry) => entry.kind === 'key-regenerated' && entry.gateway === 'paris',
    );
    expect(regenerated).toHaveLength(1);
  });

  test('that is missing as a whole is not a missing gateway', async () => {
    const { issuer, gateways } = issuerWorld;
    const missing = { code: 'ERR_NOT_FOUND', remedy: 'blocked' };
    await expect(issuer.issuedSlots(elsewhere())).rejects.toMatchObject(missing);
    await expect(issuer.retire(elsewhere(), 'primary', soon())).rejects.toMatchObject(missing);
    const service = gatewayParts(elsewhere().target)?.service ?? '';
    await expect(gateways.list(service)).rejects.toMatchObject(missing);
  });

  test('is throttled for as long as it asks', async () => {
    const fault = { status: 429, retryAfterSeconds: 3 };
    await twin.fault({ api: 'arm', operation: 'generateToken', times: 1, ...fault });
    const expiryAtMs = Math.ceil(Date.now() / MINUTE) * MINUTE;
    await expect(
      issuerWorld.issuer.bytesOf(policy(), 'primary', expiryAtMs, false),
    ).rejects.toMatchObject({ code: 'ERR_THROTTLED', retryAfterMs: 3_000 });
  });

  test('mints twice for a version, and never lists keys', async () => {
    const before = (await twin.journal()).length;
    const expiryAtMs = Math.ceil(Date.now() / MINUTE) * MINUTE;
    await issuerWorld.issuer.bytesOf(policy(), 'secondary', expiryAtMs, false);
    const minted = (await twin.journal()).slice(before).map(({ kind }) => kind);
    expect(minted).toEqual(['token-minted', 'token-minted']);
    const { body } = await twin.call('GET', `${twin.urls.control}/control/counters`);
    expect(body.requests['arm listKeys']).toBeUndefined();
  });
});

function openVaultWorld(access: Access, token: string): SecretVaultWorld {
  const act = async (method: string, name: string, body?: unknown) => {
    const url = `${twin.urls.vault}/secrets/${name}${SECRETS}`;
    return expectDone(await twin.call(method, url, { token, body }));
  };
  return {
    vault: openKeyVault({ ...access, url: twin.urls.vault }),
    overwrite: (name, value) => act('PUT', name, { value }),
    disable: (name) => act('PATCH', `${name}/`, { attributes: { enabled: false } }),
    delete: (name) => act('DELETE', name),
    // The twin settles by being asked.
    settle: async () => {},
  };
}

function openIssuerWorld(access: Access, token: string): IssuerWorld {
  const credentialScopes = 'https://management.azure.com/.default';
  const act = async (method: string, path: string, body?: unknown) => {
    const headers = { 'if-match': '*' };
    const sent = { token, body, ...(method === 'DELETE' && { headers }) };
    return twin.call(method, `${twin.urls.arm}${path}${GATEWAYS}`, sent);
  };
  const location = { properties: { locationData: { name: 'France' } } };
  return {
    ...openApiManagement({ ...access, endpoint: twin.urls.arm, credentialScopes }),
    service: serviceIdOf(twin.seed),
    create: async (target) => expectDone(await act('PUT', target, location)),
    delete: async (target) => expectDone(await act('DELETE', target)),
    regenerate: async (target, keyType) =>
      expectDone(await act('POST', `${target}/regenerateKey`, { keyType })),
    mint: async (target, keyType, expiryAtMs) => {
      const expiry = new Date(expiryAtMs).toISOString();
      const { body } = await act('POST', `${target}/generateToken`, { keyType, expiry });
      return body.value;
    },
  };
}

function expectDone({ status }: Answer): void {
  expect(status).toBeLessThan(300);
}
