import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
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

/** What ARM asks for where it limits the rate. */
const WAIT_SECONDS = 6;

vi.setConfig({ testTimeout: 60_000 });

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

describe.concurrent('a lost reply', () => {
  // Before there is a fault which could meet the other's first publish.
  beforeAll(async () => {
    await Promise.all([steps.published('basel'), steps.published('turin')]);
  });

  test('to a publish is finished, not repeated', async () => {
    const id = 'contoso--basel';
    const { version } = (await consumer.pull(id)).body;
    const sinceSeq = await azure.lastSeq();
    await azure.fault({ api: 'vault', operation: 'setSecret', times: 1, lostReply: true });
    expect((await steps.rotated(id)).sequence).toBeGreaterThan(version);
    const sets = (await azure.deedsFor('basel', sinceSeq)).filter(
      ({ kind }) => kind === 'secret-set',
    );
    expect(sets).toHaveLength(1);
  });

  test('to a retire is made good, and the current version stays alive', async () => {
    const id = 'contoso--turin';
    await azure.fault({ api: 'arm', operation: 'regenerateKey', times: 1, lostReply: true });
    await steps.revoke(id, 'secondary', 0);
    await steps.slotIs(id, 'secondary', 'settling');
    const retired = (await azure.deedsFor('turin')).flatMap((deed) =>
      deed.kind === 'key-regenerated' ? [deed.slot] : [],
    );
    expect(new Set(retired)).toEqual(new Set(['secondary']));
    expect(await azure.callAsGateway('turin', (await consumer.pull(id)).body.value)).toBe('200');
  });
});

describe('Azure', () => {
  afterEach(() => azure.noFaults());

  test('where ARM limits the rate, nothing is asked again before Retry-After', async () => {
    const id = await steps.published('siena');
    const { version } = (await consumer.pull(id)).body;
    await azure.fault({
      api: 'arm',
      operation: 'generateToken',
      times: 99,
      status: 429,
      retryAfterSeconds: WAIT_SECONDS,
    });
    const before = await mintsAsked();
    await people.operate(id, 'rotate', { reason: 'a test' });
    const throttled = async () => {
      const { setbacks } = await people.status(id);
      return setbacks.find(({ code }: Json) => code === 'ERR_THROTTLED');
    };
    await eventually('siena waits', throttled);
    await sleep(WAIT_SECONDS * 1_000 - 1_000);
    expect(await throttled()).toMatchObject({ count: 1 });
    // The others may have met it too: once each, or twice where its message and the sweep woke two workers for one step.
    const { credentials } = await people.overview();
    expect((await mintsAsked()) - before).toBeLessThanOrEqual(2 * credentials.length);
    await azure.noFaults();
    await pulledSince(id, version);
  });

  test('while Key Vault is down pulls go on from memory, and nothing is rotated', async () => {
    const id = await steps.published('padua');
    const { value, version } = (await consumer.pull(id)).body;
    await azure.fault({ api: 'vault', times: 9_999, status: 503 });
    const sinceSeq = await azure.lastSeq();
    await people.operate(id, 'rotate', { reason: 'a test' });
    await eventually('the outage is told', async () => {
      return (await people.findings(id)).includes('ERR_UNAVAILABLE');
    });
    for (let pulls = 0; pulls < 50; pulls += 1) {
      expect((await consumer.pull(id)).body).toMatchObject({ value, version });
    }
    expect(await azure.deedsFor('padua', sinceSeq)).toEqual([]);
    await azure.noFaults();
    expect((await pulledSince(id, version)).value).not.toBe(value);
  });

  test('while storage stands still pulls go on from memory, and nothing is rotated', async () => {
    const id = await steps.published('lucca');
    const { value, version } = (await consumer.pull(id)).body;
    sandbox.signal('azurite', 'SIGSTOP');
    const sinceSeq = await azure.lastSeq();
    const answers = await Promise.all([
      people.operate(id, 'rotate', { reason: 'a test' }),
      consumer.pull(id),
      consumer.pull(id),
    ]);
    const later = await consumer.pull(id);
    sandbox.signal('azurite', 'SIGCONT');
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(later.body).toMatchObject({ value, version });
    expect(await azure.deedsFor('lucca', sinceSeq)).toEqual([]);
    await steps.rotated(id);
  });
});

/** What a pull gives as soon as it is a later version. */
function pulledSince(id: string, version: number): Promise<Json> {
  return eventually(`${id} has a version after #${version}`, async () => {
    const { body } = await consumer.pull(id);
    return body.version > version && body;
  });
}

async function mintsAsked(): Promise<number> {
  return (await azure.counters()).appRequests['arm generateToken'] ?? 0;
}
