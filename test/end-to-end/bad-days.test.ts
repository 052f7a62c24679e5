import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually, type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { type SandboxAzure, sandboxAzure } from '../support/sandbox-azure.ts';
import type { Json } from '../support/sandbox-http.ts';
import {
  type SandboxConsumer,
  sandboxConsumer,
  type SandboxPeople,
  sandboxPeople,
} from '../support/sandbox-keyturn.ts';
import { type SandboxSteps, sandboxSteps } from '../support/sandbox-steps.ts';

vi.setConfig({ testTimeout: 60_000, maxConcurrency: 10 });

/** Each test has a gateway of its own, which Keyturn discovers, and is its consumer. */
let sandbox: LiveSandbox;
let azure: SandboxAzure;
let people: SandboxPeople;
let steps: SandboxSteps;
let consumer: SandboxConsumer;

beforeAll(async () => {
  sandbox = await openSandbox({ clusters: 1 });
  azure = sandboxAzure(sandbox);
  people = sandboxPeople(sandbox);
  steps = sandboxSteps(sandbox);
  consumer = sandboxConsumer(sandbox, 'edge-lyon');
}, 120_000);
afterAll(() => sandbox.program.stop());

describe.concurrent('people', () => {
  test('a token made in the portal before is taken over, and its slot is left alone', async () => {
    const [id, old] = await withoutKeyturn(async () => {
      const made = await azure.createGateway('porto');
      const token = await azure.makeToken('porto', 'secondary', inMinutes(3));
      await azure.setSecret(made, `GatewayKey ${token}`);
      return [made, `GatewayKey ${token}`];
    });
    const taken = await steps.current(id);
    expect(taken).toMatchObject({ slot: 'secondary' });
    expect((await consumer.pull(id)).body.value).toBe(old);

    await steps.rotated(id);
    expect(await steps.current(id)).toMatchObject({ slot: 'secondary' });
    const { value } = await pulledSince(id, taken.sequence);
    expect(await azure.callAsGateway('porto', value)).toBe('200');
    expect(await azure.callAsGateway('porto', old)).toBe('200');
    expect(kinds(await azure.deedsFor('porto'))).not.toContain('key-regenerated');
  });

  test('a key which somebody regenerates is noticed, and a new version is published', async () => {
    const id = await steps.published('genoa');
    const dead = (await consumer.pull(id)).body;
    await azure.regenerateKey('genoa', 'primary');
    await eventually('genoa has a living version', async () => {
      return (await steps.current(id)).sequence > dead.version;
    });
    const { value } = await pulledSince(id, dead.version);
    expect(await azure.callAsGateway('genoa', dead.value)).toBe('401 signature');
    expect(await azure.callAsGateway('genoa', value)).toBe('200');
    expect(kinds(await azure.deedsFor('genoa'))).not.toContain('key-regenerated');
    expect(await people.findings(id)).not.toContain('CURRENT_DEAD');
  });

  const harms = {
    overwritten: (id: string) => azure.setSecret(id, 'GatewayKey of somebody else'),
    disabled: (id: string) => azure.updateSecret(id, { attributes: { enabled: false } }),
    deleted: (id: string) => azure.deleteSecret(id),
  };
  for (const [harm, act] of Object.entries(harms)) {
    test(`a secret which is ${harm} is repaired with the same bytes, and no consumer notices`, async () => {
      const id = await steps.published(harm);
      const before = (await consumer.pull(id)).body;
      await act(id);
      const repaired = await eventually(`${id} is repaired`, async () => {
        const { body } = await azure.secret(id);
        return body.value === before.value && body;
      });
      expect(repaired.tags).toMatchObject({ 'keyturn-sequence': String(before.version) });
      await eventually('the repair is told', async () => {
        return (await people.findings(id)).includes('SECRET_REPAIRED');
      });
      expect((await consumer.pull(id)).body).toMatchObject({
        version: before.version,
        value: before.value,
      });
    });
  }

  test('a key regenerated and a secret written at once lead to a new version', async () => {
    const id = await steps.published('naples');
    const dead = (await consumer.pull(id)).body;
    await azure.regenerateKey('naples', 'primary');
    await azure.setSecret(id, 'GatewayKey of somebody else');
    const { value } = await pulledSince(id, dead.version);
    expect(await azure.callAsGateway('naples', value)).toBe('200');
    expect((await azure.secret(id)).body.value).toBe(value);
  });

  test("another installation's secret blocks the credential until somebody mends it", async () => {
    const id = await steps.published('malaga');
    const ours = (await azure.secret(id)).body;
    await azure.updateSecret(id, { tags: { ...ours.tags, 'keyturn-installation': 'another' } });
    await eventually('malaga is blocked', async () => {
      return (await people.findings(id)).includes('ERR_FOREIGN_INSTALLATION');
    });
    const sinceSeq = await azure.lastSeq();
    expect(await people.operate(id, 'rotate', { reason: 'a test' })).toMatchObject({ status: 202 });
    await looked(id);
    expect(await azure.deedsFor('malaga', sinceSeq)).toEqual([]);

    await azure.updateSecret(id, { tags: ours.tags });
    await eventually('malaga goes on', async () => {
      return !(await people.findings(id)).includes('ERR_FOREIGN_INSTALLATION');
    });
    const { value } = await pulledSince(id, Number(ours.tags['keyturn-sequence']));
    expect(await azure.callAsGateway('malaga', value)).toBe('200');
  });

  test('a gateway which is deleted is let go, and its pods come back when it is created again', async () => {
    const id = 'contoso--berlin';
    const { sequence } = await steps.current(id);
    await azure.deleteGateway('berlin');
    await eventually('berlin is closed', async () => {
      return (await people.findings(id)).includes('GATEWAY_GONE');
    });
    await eventually('pulls are told', async () => (await consumer.pull(id)).status === 410);
    expect((await people.history(id)).length).toBeGreaterThan(1);

    await azure.createGateway('berlin');
    const { value, version } = await pulledSince(id, sequence);
    expect(await azure.callAsGateway('berlin', value)).toBe('200');
    await eventually('the pods of berlin run the new version', async () => {
      const { gateways } = await sandbox.cluster('edge-lyon');
      const pods = gateways.find(({ name }) => name === 'berlin')?.pods ?? [];
      return pods.every((pod) => pod.version === version);
    });
  });

  test('a hold keeps to its bound, stops no repair, and ends when it is released', async () => {
    const id = await steps.published('toledo');
    const before = (await consumer.pull(id)).body;
    const hold = (length: string) => people.operate(id, 'hold', { for: length, reason: 'a test' });
    expect(await hold('PT1H')).toMatchObject({ status: 409, body: { code: 'ERR_NOT_ALLOWED' } });
    expect(await hold('PT1M')).toMatchObject({ status: 202 });
    expect(await people.findings(id)).toContain('HELD');
    await azure.updateSecret(id, { attributes: { enabled: false } });
    await eventually('toledo is repaired', async () => {
      return (await azure.secret(id)).body.value === before.value;
    });
    expect(await people.operate(id, 'release')).toMatchObject({ status: 202 });
    expect(await people.findings(id)).not.toContain('HELD');
  });

  test('a revoke while the other slot still settles publishes there before it kills', async () => {
    const id = await steps.published('ghent');
    await steps.revoke(id, 'secondary', 0);
    await steps.slotIs(id, 'secondary', 'settling');
    const leaked = (await consumer.pull(id)).body;
    const sinceSeq = await azure.lastSeq();
    const asked = { slot: 'primary', reason: 'a test' };
    expect(await people.operate(id, 'revoke', asked)).toMatchObject({
      status: 409,
      body: { code: 'ERR_CONFIRMATION', hurt: ['edge-lyon'], confirm: 1 },
    });
    await steps.revoke(id, 'primary', 1);
    const { value } = await pulledSince(id, leaked.version);
    await eventually('the leaked value is dead', async () => {
      return (await azure.callAsGateway('ghent', leaked.value)) === '401 signature';
    });
    expect(await azure.callAsGateway('ghent', value)).toBe('200');
    const deeds = (await azure.deedsFor('ghent', sinceSeq)).map(({ kind }) => kind);
    expect(deeds.indexOf('secret-set')).toBeLessThan(deeds.indexOf('key-regenerated'));
  });
});

function kinds(deeds: Awaited<ReturnType<SandboxAzure['deedsFor']>>): readonly string[] {
  return deeds.map(({ kind }) => kind);
}

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

/** What happens before Keyturn is there to see it. */
async function withoutKeyturn<T>(act: () => Promise<T>): Promise<T> {
  sandbox.signal('app', 'SIGSTOP');
  try {
    return await act();
  } finally {
    sandbox.signal('app', 'SIGCONT');
  }
}

/** What a pull gives as soon as it is a later version. */
function pulledSince(id: string, version: number): Promise<Json> {
  return eventually(`${id} has a version after #${version}`, async () => {
    const { body } = await consumer.pull(id);
    return body.version > version && body;
  });
}

/** A reconcile which was asked for has come and gone. */
async function looked(id: string): Promise<void> {
  const askedAtMs = Date.now();
  await eventually(`${id} was looked at`, async () => {
    return Date.parse((await people.status(id)).dueAt) > askedAtMs;
  });
}
