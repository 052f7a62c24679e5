import { readFile, stat, writeFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Pod, rollOne } from '../../sandbox/clusters/pods.ts';
import { type FakeCluster, makeCluster } from '../support/cluster.ts';

interface Discovery {
  readonly issuer: string;
  readonly jwks_uri: string;
}

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await makeCluster();
  const ca = await readFile(cluster.caFile, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), ca]);
});
afterEach(() => cluster.close());

/** Waits until the cluster's state is so. */
async function becomes(expected: object): Promise<void> {
  await eventually(async () => expect(await cluster.status()).toMatchObject(expected));
}

function eventually(assertion: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 50 });
}

const running = (version: number) => ({
  gateways: [{ stored: version, pods: [{ version }, { version }] }],
});

const reports = () => cluster.azure.calls.filter(({ path }) => path.endsWith('/adoption'));

describe('a cluster', () => {
  it('is an OIDC issuer whose projected tokens verify', async () => {
    await cluster.start();
    const url = `https://127.0.0.1:${cluster.seed.port}`;
    const get = async <T>(path: string) => (await (await fetch(path)).json()) as T;
    const { issuer, jwks_uri } = await get<Discovery>(`${url}/.well-known/openid-configuration`);
    const { token } = await get<{ token: string }>(`${url}/token?audience=api://other`);
    const jwks = await get<JSONWebKeySet>(jwks_uri);
    const keys = createLocalJWKSet(jwks);
    const { payload } = await jwtVerify(token, keys, { issuer, audience: 'api://other' });
    expect(payload).toMatchObject({
      sub: 'system:serviceaccount:gateways:keyturn-agent',
      'kubernetes.io': { namespace: 'gateways', serviceaccount: { name: 'keyturn-agent' } },
    });
    expect(JSON.stringify(jwks)).not.toContain('"d"');
  });

  it('pulls with its own token, starts its pods with the value and reports them', async () => {
    await cluster.start();
    await becomes(running(1));
    await eventually(() =>
      expect(reports().at(-1)?.body).toEqual({
        stored: 1,
        running: [{ version: 1, pods: 2 }],
        desired: 2,
      }),
    );
    const call = cluster.azure.calls.find(({ path }) => path.startsWith('/gateways/paris/'));
    expect(call?.authorization).toBe('GatewayKey paris&1');
  });

  it('exchanges its token at Entra where it logs in there', async () => {
    await cluster.start({ login: 'entra' });
    await becomes(running(1));
    const pull = cluster.azure.calls.find(({ path }) => path === '/v1/credentials/contoso--paris');
    expect(pull?.authorization).toBe('Bearer from-entra');
  });

  it('rolls its pods one at a time after a change', async () => {
    await cluster.start();
    await becomes(running(1));
    cluster.azure.version = 2;
    await becomes(running(2));
    const during = reports().map(({ body }) => body);
    expect(during).toContainEqual({ stored: 2, running: [{ version: 1, pods: 1 }], desired: 2 });
    expect((await cluster.status()).restarts).toBe(0);
  });

  it('refuses a lower sequence than it has (rule 15)', async () => {
    cluster.azure.version = 5;
    await cluster.start();
    await becomes(running(5));
    cluster.azure.version = 4;
    const { pulls } = await cluster.status();
    await eventually(async () =>
      expect((await cluster.status()).pulls.unchanged).toBeGreaterThan(pulls.unchanged + 1),
    );
    expect(await cluster.status()).toMatchObject(running(5));
  });

  it('goes on from its file after a kill, though Keyturn is away', async () => {
    await cluster.start();
    await becomes(running(1));
    await cluster.kill();
    cluster.azure.failWith = 503;
    await cluster.start();
    await becomes({ ...running(1), pulls: { failed: 1 } });
    expect((await stat(cluster.seed.stateFile)).mode & 0o777).toBe(0o600);
  });

  it('counts good, refused and unreachable calls apart, and forgets none when it is killed', async () => {
    await cluster.start();
    await becomes(running(1));
    cluster.azure.judge = () => ({ status: 503 });
    await eventually(async () =>
      expect((await cluster.status()).calls.unreachable).toBeGreaterThan(0),
    );
    let refusals = 0;
    cluster.azure.judge = () =>
      refusals++ < 5 ? { status: 401, reason: 'signature' } : { status: 200 };
    await eventually(() => expect(refusals).toBeGreaterThan(10));
    await cluster.kill();
    await cluster.start();
    expect((await cluster.status()).calls).toMatchObject({ refused: 5, afterPause: 0 });
    await cluster.kill();
    await cluster.start({ runAtMs: 2 });
    expect((await cluster.status()).calls.refused).toBe(0);
  });

  it('counts calls apart which were refused as expired after it did not run', async () => {
    await cluster.start();
    await becomes(running(1));
    await cluster.kill();
    const state = JSON.parse(await readFile(cluster.seed.stateFile, 'utf8'));
    const yesterday = { ...state, beatAtMs: Date.now() - 86_400_000 };
    await writeFile(cluster.seed.stateFile, JSON.stringify(yesterday));
    cluster.azure.judge = () => ({ status: 401, reason: 'expired' });
    await cluster.start();
    await eventually(async () =>
      expect((await cluster.status()).calls.afterPause).toBeGreaterThan(0),
    );
    cluster.azure.judge = () => ({ status: 401, reason: 'signature' });
    await eventually(async () => expect((await cluster.status()).calls.refused).toBeGreaterThan(0));
  });

  it('restarts its pods at random', async () => {
    await cluster.start({ restartEveryMs: 300 });
    await eventually(async () => expect((await cluster.status()).restarts).toBeGreaterThan(1));
  });
});

it('lets the next pod wait until the one before is back', () => {
  const version = (sequence: number) => ({ sequence, value: '', etag: '' });
  const pods: Pod[] = ['a', 'b'].map((name) => ({
    name,
    running: version(1),
    mustRestart: false,
    restartAtMs: 0,
  }));
  const rolling = () => pods.filter(({ mustRestart }) => mustRestart).map(({ name }) => name);
  rollOne(pods, version(2));
  rollOne(pods, version(2));
  expect(rolling()).toEqual(['a']);
  Object.assign(pods[0] ?? {}, { running: version(2), mustRestart: false });
  rollOne(pods, version(2));
  expect(rolling()).toEqual(['b']);
});
