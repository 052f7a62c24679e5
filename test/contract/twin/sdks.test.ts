import { ApiManagementClient } from '@azure/arm-apimanagement';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { ClientSecretCredential, ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintGatewayToken } from '../../../sandbox/twin/mint-gateway-token.ts';
import { type DescribedApi, violations } from '../../support/api-description.ts';
import { identity } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

let twin: TestTwin;

beforeAll(async () => {
  twin = await startTwin({ gateways: ['paris', 'lyon'] });
  process.env['IDENTITY_ENDPOINT'] = `${twin.urls.identity}/msi/token`;
  process.env['IDENTITY_HEADER'] = twin.seed.identityHeader;
});
afterAll(() => twin.remove());

let exchanges = 0;
const found: string[] = [];

/** What the SDK really sends and gets, checked like everything else. */
function checked(api: DescribedApi): PipelinePolicy {
  return {
    name: 'checked',
    sendRequest: async (request, next) => {
      const response = await next(request);
      const json = (text: unknown) =>
        typeof text === 'string' && text !== '' ? JSON.parse(text) : undefined;
      const { method, url } = request;
      const exchange = { method, url, status: response.status, headers: request.headers.toJSON() };
      const bodies = { body: json(request.body), answer: json(response.bodyAsText) };
      exchanges += 1;
      found.push(...violations(api, { ...exchange, ...bodies }));
      return response;
    },
  };
}

function gatewaysAs(credential: ManagedIdentityCredential | ClientSecretCredential) {
  const client = new ApiManagementClient(credential, twin.seed.subscription, {
    endpoint: twin.urls.arm,
    credentialScopes: 'https://management.azure.com/.default',
    additionalPolicies: [{ policy: checked('api-management'), position: 'perRetry' }],
  });
  return client.gateway;
}

function ownerCredential() {
  const { clientId, clientSecret = '' } = identity(twin.seed, 'owner');
  const options = { authorityHost: twin.urls.login, disableInstanceDiscovery: true };
  return new ClientSecretCredential(twin.seed.tenant, clientId, clientSecret, options);
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function secretsAs(credential: ManagedIdentityCredential | ClientSecretCredential) {
  return new SecretClient(twin.urls.vault, credential, {
    disableChallengeResourceVerification: true,
    additionalPolicies: [{ policy: checked('key-vault'), position: 'perRetry' }],
  });
}

describe('@azure/arm-apimanagement', () => {
  test('lists, mints and regenerates as the managed identity', async () => {
    const { resourceGroup, service } = twin.seed;
    const gateways = gatewaysAs(new ManagedIdentityCredential());
    const listed = await collect(gateways.listByService(resourceGroup, service, { top: 1 }));
    expect(listed.map(({ name }) => name)).toEqual(['lyon', 'paris']);
    const expiry = new Date(Date.now() + 180_000);
    const parameters = { keyType: 'primary' as const, expiry };
    const mint = () => gateways.generateToken(resourceGroup, service, 'paris', parameters);
    const keys = await gatewaysAs(ownerCredential()).listKeys(resourceGroup, service, 'paris');
    const { value } = await mint();
    expect(value).toBe(mintGatewayToken('paris', keys.primary ?? '', expiry));
    await gateways.regenerateKey(resourceGroup, service, 'paris', { keyType: 'primary' });
    expect((await mint()).value).not.toBe(value);
  });

  test('reads the refusal of listKeys', async () => {
    const { resourceGroup, service } = twin.seed;
    const gateways = gatewaysAs(new ManagedIdentityCredential());
    await expect(gateways.listKeys(resourceGroup, service, 'paris')).rejects.toMatchObject({
      statusCode: 403,
      code: 'AuthorizationFailed',
    });
  });
});

describe('@azure/keyvault-secrets', () => {
  test('sets, reads, tags and lists after the challenge', async () => {
    const secrets = secretsAs(new ManagedIdentityCredential());
    const expiresOn = new Date(1_900_000_000_000);
    const made = await secrets.setSecret('gateway-paris', 'first', { expiresOn, tags: { n: '1' } });
    await secrets.setSecret('gateway-paris', 'second');
    const version = made.properties.version ?? '';
    expect((await secrets.getSecret('gateway-paris')).value).toBe('second');
    const first = await secrets.getSecret('gateway-paris', { version });
    expect([first.value, first.properties.expiresOn]).toEqual(['first', expiresOn]);
    const tagged = await secrets.updateSecretProperties('gateway-paris', version, {
      tags: { n: '2' },
    });
    expect(tagged.tags).toEqual({ n: '2' });
    const versions = await collect(secrets.listPropertiesOfSecretVersions('gateway-paris'));
    expect(versions).toHaveLength(2);
    const all = await collect(secrets.listPropertiesOfSecrets());
    expect(all.map(({ name }) => name)).toContain('gateway-paris');
  });

  test('tells a disabled version by its code', async () => {
    const secrets = secretsAs(new ManagedIdentityCredential());
    await secrets.setSecret('dark', 'v', { enabled: false });
    await expect(secrets.getSecret('dark')).rejects.toMatchObject({
      statusCode: 403,
      code: 'Forbidden',
    });
  });

  test('polls a delete and a recover to their ends', async () => {
    const secrets = secretsAs(ownerCredential());
    await secrets.setSecret('gone', 'v');
    const polling = { intervalInMs: 5 };
    await (await secrets.beginDeleteSecret('gone', polling)).pollUntilDone();
    await (await secrets.beginRecoverDeletedSecret('gone', polling)).pollUntilDone();
    expect((await secrets.getSecret('gone')).value).toBe('v');
  });
});

test('what the SDKs send and get is as described', () => {
  expect(exchanges).toBeGreaterThan(20);
  expect(found).toEqual([]);
});
