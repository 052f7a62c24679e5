import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type QueueClient,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from '@azure/storage-queue';
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeWorld } from '../../sandbox/world.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY } from '../support/azurite.ts';
import { clusterOf, eventually, type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { type SandboxAzure, sandboxAzure } from '../support/sandbox-azure.ts';
import { send } from '../support/sandbox-http.ts';
import {
  projectedToken,
  type SandboxConsumer,
  sandboxConsumer,
  type SandboxPeople,
  sandboxPeople,
} from '../support/sandbox-keyturn.ts';

vi.setConfig({ testTimeout: 60_000 });

const PARIS = 'contoso--paris';

let sandbox: LiveSandbox;
let azure: SandboxAzure;
let people: SandboxPeople;
let lyon: SandboxConsumer;

beforeAll(async () => {
  sandbox = await openSandbox({ clusters: 2 });
  azure = sandboxAzure(sandbox);
  people = sandboxPeople(sandbox);
  lyon = sandboxConsumer(sandbox, 'edge-lyon');
  await eventually('paris is published', async () => (await lyon.pull(PARIS)).status === 200);
}, 120_000);
afterAll(() => sandbox.program.stop());

const HOUR_AGO = Math.floor(Date.now() / 1_000) - 3_600;
const IN_AN_HOUR = HOUR_AGO + 7_200;

const WRONG_TOKENS = {
  'without a signature': async () => unsigned(''),
  'of alg none with a signature': async () => unsigned('c2ln'),
  "signed with HS256 by the issuer's public key": async () =>
    signed({ alg: 'HS256' }, {}, Buffer.from(JSON.stringify(publicPart(issuerKey())))),
  'for another audience': () => projectedToken(sandbox, 'edge-lyon', { audience: 'api://other' }),
  'of an issuer which nobody configured': () => signed({}, { iss: 'https://oidc.example/other' }),
  'which has expired': () => signed({}, { iat: HOUR_AGO, exp: HOUR_AGO + 60 }),
  'which is not valid yet': () => signed({}, { nbf: IN_AN_HOUR, exp: IN_AN_HOUR + 60 }),
  'whose key id nobody knows': () => signed({ kid: 'another' }),
};

describe('a token', () => {
  test.each(Object.entries(WRONG_TOKENS))('%s is refused, and not logged', async (_, make) => {
    const token = await make();
    const answer = await pullWith(token);
    expect(answer).toMatchObject({ status: 401, body: { code: 'ERR_UNAUTHENTICATED' } });
    const [, payload = ''] = token.split('.');
    expect(appLog()).not.toContain(payload);
  });

  test('over the size limit is refused before anybody reads it', async () => {
    const answer = await pullWith(await signed({}, { groups: 'g'.repeat(10_000) }));
    expect(answer).toMatchObject({ status: 401, body: { code: 'ERR_UNAUTHENTICATED' } });
  });

  test('of another service account of the cluster is refused', async () => {
    const subject = 'system:serviceaccount:gateways:somebody-else';
    const answer = await pullWith(await projectedToken(sandbox, 'edge-lyon', { subject }));
    expect(answer).toMatchObject({ status: 403, body: { code: 'ERR_ACCESS' } });
  });

  test('which is good is not refused', async () => {
    expect(await pullWith(await signed())).toMatchObject({ status: 200 });
  });

  test('does not tell whether a credential is of another cluster or of nobody', async () => {
    const [theirs, nobodys] = [
      await lyon.pull('contoso--berlin'),
      await lyon.pull('contoso--rome'),
    ];
    expect(theirs.status).toBe(403);
    expect([nobodys.status, nobodys.text]).toEqual([theirs.status, theirs.text]);
    const names = ({ headers }: typeof theirs) => [...headers.keys()];
    expect(names(nobodys)).toEqual(names(theirs));
  });

  test('of a consumer reads no status and operates nothing', async () => {
    const { app } = sandbox.file();
    const token = await lyon.token();
    expect(await send('GET', `${app}/v1/status`, { token })).toMatchObject({ status: 403 });
    const rotate = `${app}/v1/operations/${PARIS}/rotate`;
    const body = { reason: 'a test' };
    expect(await send('POST', rotate, { token, body })).toMatchObject({ status: 403 });
  });
});

test('poisoned, foreign and old messages are dropped with a line each, and change nothing', async () => {
  const queues = queueService();
  const queue = queues.getQueueClient('keyturn-reconcile');
  const sinceSeq = await azure.lastSeq();
  const before = droppedLines();
  const atMs = Date.now();
  const messages = [
    'no JSON at all',
    Buffer.from('{"v":1}').toString('base64'),
    JSON.stringify({ v: 2, reconcile: PARIS, atMs }),
    JSON.stringify({ v: 1, reconcile: '../../other', atMs }),
    JSON.stringify({ v: 1, reconcile: PARIS, atMs: atMs - 25 * 3_600_000 }),
    JSON.stringify({ rotate: PARIS, now: true }),
    'x'.repeat(40_000),
  ];
  for (const message of messages) await queue.sendMessage(message);
  await queue.sendMessage(JSON.stringify({ v: 1, reconcile: 'contoso--rome', atMs }));

  await eventually('all are dropped', () => droppedLines() >= before + messages.length);
  await eventually(
    'none is left',
    async () => !(await texts(queue)).some((text) => messages.includes(text)),
  );
  expect(await texts(queues.getQueueClient('keyturn-reconcile-poison'))).toEqual([]);
  expect(await azure.deedsFor('rome', sinceSeq)).toEqual([]);
  expect(await azure.deedsFor('paris', sinceSeq)).not.toContainEqual(
    expect.objectContaining({ kind: 'secret-set' }),
  );
});

describe('a configuration', () => {
  const WRONG = `
    mode: sleep
    vault: not a URL
    colour: green
    consumers: [{ id: edge-lyon, issuer: "https://oidc.example" }]
    gatewayTokens: [{ gateway: paris, consumers: [nobody], retire: never }]`;
  const PROBLEMS = [
    'mode',
    'vault',
    'colour',
    'identity',
    'consumers[0]',
    'gatewayTokens[0].service',
  ];
  let good: string;
  beforeAll(() => {
    good = readFileSync(sandbox.files.configuration, 'utf8');
  });

  test('which becomes wrong is told with every problem, and the last good one stays in force', async () => {
    await writeFile(sandbox.files.configuration, WRONG);
    const { problem } = await eventually('the problem is told', async () => {
      const { configuration } = await people.overview();
      return configuration.problem && configuration;
    });
    for (const path of PROBLEMS) expect(problem).toContain(`- ${path}: `);
    expect((await lyon.pull(PARIS)).status).toBe(200);
    const { sequence } = (await people.status(PARIS)).current;
    await people.operate(PARIS, 'rotate', { reason: 'a test' });
    await eventually('paris is rotated', async () => {
      return (await people.status(PARIS)).current.sequence > sequence;
    });
  });

  test('which is wrong at the start starts nothing, until it is mended', async () => {
    const sinceSeq = await azure.lastSeq();
    await sandbox.killAndWait('app');
    const answer = await eventually('the app answers', () => lyon.pull(PARIS));
    expect(answer).toMatchObject({ status: 503, body: { code: 'ERR_CONFIG' } });
    await eventually('every problem is in the log', () => {
      const lines = appLog().slice(appLog().lastIndexOf('{"ready":true'));
      return PROBLEMS.every((path) => lines.includes(`- ${path}: `));
    });
    for (const gateway of ['paris', 'lyon', 'berlin']) {
      expect(await azure.deedsFor(gateway, sinceSeq)).toEqual([]);
    }

    await writeFile(sandbox.files.configuration, good);
    await eventually('the app goes on', async () => (await lyon.pull(PARIS)).status === 200);
    expect((await people.overview()).configuration.problem).toBeUndefined();
  });
});

function pullWith(token: string) {
  return send('GET', `${sandbox.file().app}/v1/credentials/${PARIS}`, { token });
}

/** The private key with which the cluster's issuer signs. */
function issuerKey(): JWK {
  const file = sandbox.files.clusterState('edge-lyon');
  return (JSON.parse(readFileSync(file, 'utf8')) as { issuerKey: JWK }).issuerKey;
}

function publicPart({ kty, n, e }: JWK) {
  return { kty, n, e };
}

function claims(): JWTPayload {
  const { audience } = sandbox.file();
  const { issuer } = clusterOf(sandbox.file(), 'edge-lyon');
  const subject = 'system:serviceaccount:gateways:keyturn-agent';
  return { iss: issuer, sub: subject, aud: audience, exp: IN_AN_HOUR };
}

/** A token as the cluster's issuer would sign it, but for what is given. */
async function signed(
  header: { readonly alg?: string; readonly kid?: string } = {},
  more: JWTPayload = {},
  secret?: Uint8Array,
): Promise<string> {
  const jwk = issuerKey();
  const key = secret ?? (await importJWK(jwk, 'RS256'));
  return new SignJWT({ ...claims(), ...more })
    .setProtectedHeader({ alg: 'RS256', ...(jwk.kid && { kid: jwk.kid }), ...header })
    .sign(key);
}

function unsigned(signature: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims())}.${signature}`;
}

function queueService(): QueueServiceClient {
  const port = Number(new URL(sandbox.file().app).port);
  const { urls } = makeWorld({ directory: '', port, clusters: 2, runAtMs: 0 });
  return new QueueServiceClient(
    `${urls.queue}/${AZURITE_ACCOUNT}`,
    new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY),
  );
}

async function texts(queue: QueueClient): Promise<readonly string[]> {
  const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems.map(({ messageText }) => messageText);
}

function droppedLines(): number {
  return appLog().split('message dropped: ').length - 1;
}

function appLog(): string {
  return readFileSync(join(sandbox.files.logs, 'app.log'), 'utf8');
}
