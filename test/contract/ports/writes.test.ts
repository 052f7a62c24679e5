import { describe, expect, test } from 'vitest';
import { PRODUCTION } from '../../../shared/core/limits.ts';
import {
  CALL_TIMEOUT_MS,
  type Clients,
  DEADLINE_AT_MS,
  NOW_MS,
  publish,
  retire,
  scriptedAzure,
  testToken,
  write,
} from './suites/scripted-azure.ts';

const azure = scriptedAzure();

type Act = (clients: Clients) => Promise<unknown>;

/** The first call to a vault is sent twice: without its body, and again after the challenge. */
const WRITES: readonly (readonly [string, Act, sends: number])[] = [
  ['a record', write, 1],
  ['a secret', publish, 2],
  ['a regenerated key', retire, 1],
];

describe('a write', () => {
  test.each(WRITES)('of %s whose answer is lost is not repeated', async (_, act, sends) => {
    azure.script(() => 'cut');
    await expect(act(azure.open())).rejects.toMatchObject({
      code: 'ERR_REPLY_LOST',
      remedy: 'reobserve',
    });
    expect(azure.received()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s which is not answered in time is lost', async (_, act, sends) => {
    azure.script(() => 'hang');
    await expect(act(azure.open())).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
    expect(azure.received()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s which is answered by a fault is lost', async (_, act, sends) => {
    for (const status of [503, 408]) {
      azure.script(() => ({ status, headers: { 'retry-after': '1' } }));
      await expect(act(azure.open())).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
      expect(azure.received()).toHaveLength(sends);
    }
  });

  test.each(WRITES)('of %s is throttled for as long as Azure asks', async (_, act, sends) => {
    azure.script(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    await expect(act(azure.open())).rejects.toMatchObject({
      code: 'ERR_THROTTLED',
      retryAfterMs: 7_000,
    });
    expect(azure.received()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s which Azure is too busy for is made again', async (_, act, sends) => {
    azure.script(() => ({ status: 409, body: { error: { code: 'Conflict', message: 'busy' } } }));
    await expect(act(azure.open())).rejects.toMatchObject({ code: 'ERR_BUSY', remedy: 'retry' });
    expect(azure.received()).toHaveLength(sends);
  });

  test.each(WRITES)('of %s to a closed port was never sent', async (_, act) => {
    await expect(act(await azure.openClosed())).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      remedy: 'retry',
    });
  });
});

describe('a deadline', () => {
  const held: readonly (readonly [string, Act])[] = [
    ['a secret', publish],
    ['a regenerated key', retire],
  ];

  test.each(held)('lets %s be sent a millisecond before it', async (_, act) => {
    azure.script(() => 'cut');
    await expect(act(sendingAt(DEADLINE_AT_MS - 1))).rejects.toMatchObject({
      code: 'ERR_REPLY_LOST',
    });
  });

  test.each(held)('lets nothing of %s be sent when it has come', async (_, act) => {
    azure.script(() => ({ status: 200 }));
    await expect(act(sendingAt(DEADLINE_AT_MS))).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
      remedy: 'reobserve',
    });
    expect(azure.received()).toEqual([]);
  });

  test.each(held)('ends a call for %s, however long a call may take', async (_, act) => {
    azure.script(() => 'hang');
    const nowMs = () => DEADLINE_AT_MS - CALL_TIMEOUT_MS;
    const patient = azure.open({ nowMs, callTimeoutMs: PRODUCTION.flightMs });
    await expect(act(patient)).rejects.toMatchObject({ code: 'ERR_REPLY_LOST' });
  });

  test('which passes while the token is fetched lets no key be regenerated', async () => {
    azure.script(() => ({ status: 204 }));
    await expect(retire(withLateToken())).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(azure.received()).toEqual([]);
  });

  test('which passes between challenge and replay lets no value be sent', async () => {
    azure.script(() => ({ status: 200 }));
    await expect(publish(withLateToken())).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(azure.received().map(({ body }) => body)).toEqual(['']);
  });

  /** Clients whose clock is early when a call begins and shows this right before a send. */
  function sendingAt(sendAtMs: number): Clients {
    let looks = 0;
    return azure.open({ nowMs: () => (looks++ === 0 ? NOW_MS : sendAtMs) });
  }

  /** Clients whose token comes only when the deadline has passed. */
  function withLateToken(): Clients {
    let nowMs = NOW_MS;
    const getToken = async () => {
      nowMs = DEADLINE_AT_MS;
      return testToken();
    };
    return azure.open({ nowMs: () => nowMs, credential: { getToken } });
  }
});
