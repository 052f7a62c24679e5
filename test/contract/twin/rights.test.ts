import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Right } from '../../../sandbox/contract.ts';
import { ALL_RIGHTS, APP_RIGHTS, ARM, person, VAULT } from '../../support/twin-seed.ts';
import { type Request, startTwin, type TestTwin } from '../../support/twin.ts';

/** One request for each right; what it is answered when it is allowed does not matter here. */
const REQUESTS: Readonly<
  Record<Right, readonly [method: string, path: string, request?: Request]>
> = {
  'gateways/read': ['GET', '/gateways/paris'],
  'gateways/write': ['PUT', '/gateways/paris', { body: { properties: {} } }],
  'gateways/delete': ['DELETE', '/gateways/nowhere', { headers: { 'if-match': '*' } }],
  'gateways/generateToken': [
    'POST',
    '/gateways/paris/generateToken',
    { body: { keyType: 'primary', expiry: '2020-03-19T23:52:00Z' } },
  ],
  'gateways/regenerateKey': [
    'POST',
    '/gateways/paris/regenerateKey',
    { body: { keyType: 'secondary' } },
  ],
  'gateways/listKeys': ['POST', '/gateways/paris/listKeys'],
  'secrets/get': ['GET', '/secrets/nothing/'],
  'secrets/list': ['GET', '/secrets'],
  'secrets/set': ['PUT', '/secrets/something', { body: { value: 'v' } }],
  'secrets/update': ['PATCH', '/secrets/nothing/', { body: { tags: {} } }],
  'secrets/delete': ['DELETE', '/secrets/nothing'],
  'secrets/recover': ['POST', '/deletedsecrets/nothing/recover'],
  'secrets/purge': ['DELETE', '/deletedsecrets/nothing'],
};

let twin: TestTwin;

/** One identity for each right, with every other right. */
const LACKING = ALL_RIGHTS.map((right, index) =>
  person(5, `all but ${right}`, {
    clientId: `lacking-${index}`,
    objectId: `lacking-${index}`,
    rights: ALL_RIGHTS.filter((other) => other !== right),
  }),
);

beforeAll(async () => {
  const app = person(1, 'app', { rights: APP_RIGHTS });
  const owner = person(2, 'owner', { rights: ALL_RIGHTS });
  twin = await startTwin({ identities: [app, owner, ...LACKING] });
});
afterAll(() => twin.remove());

async function ask(name: string, right: Right) {
  const [method, path, request] = REQUESTS[right];
  const isVault = right.startsWith('secrets/');
  const base = isVault ? twin.urls.vault : twin.service;
  const token = await twin.tokenOf(name, isVault ? VAULT : ARM);
  const version = isVault ? '7.5' : '2024-05-01';
  return twin.call(method, `${base}${path}?api-version=${version}`, { token, ...request });
}

describe.each(ALL_RIGHTS)('%s', (right) => {
  test('is enough to be let in', async () => {
    expect((await ask('owner', right)).status).not.toBe(403);
  });

  test('cannot be made up for by all the other rights', async () => {
    const { status, body } = await ask(`all but ${right}`, right);
    expect(status).toBe(403);
    expect(body.error.code).toBe(
      right.startsWith('secrets/') ? 'Forbidden' : 'AuthorizationFailed',
    );
  });
});

describe('the app', () => {
  test.each(ALL_RIGHTS.filter((right) => !APP_RIGHTS.includes(right)))(
    'may not %s',
    async (right) => {
      expect((await ask('app', right)).status).toBe(403);
    },
  );

  test('is told which action on which scope was refused', async () => {
    const { body } = await ask('app', 'gateways/listKeys');
    expect(body.error.message).toContain(
      "'Microsoft.ApiManagement/service/gateways/listKeys/action'",
    );
    expect(body.error.message).toContain(`${new URL(twin.service).pathname}/gateways/paris'`);
    const vault = await ask('app', 'secrets/purge');
    expect(vault.body.error.innererror.code).toBe('ForbiddenByRbac');
    expect(vault.body.error.message).toContain("'Microsoft.KeyVault/vaults/secrets/purge/action'");
  });
});
