import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ARM, VAULT } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

let twin: TestTwin;

beforeAll(async () => {
  twin = await startTwin();
});
afterEach(async () => {
  await twin.call('DELETE', `${twin.urls.control}/control/faults`);
});
afterAll(() => twin.remove());

async function readGateway() {
  const url = `${twin.service}/gateways/paris?api-version=2024-05-01`;
  return twin.call('GET', url, { token: await twin.tokenOf('app', ARM) });
}

async function regenerate() {
  const url = `${twin.service}/gateways/paris/regenerateKey?api-version=2024-05-01`;
  const request = { token: await twin.tokenOf('app', ARM), body: { keyType: 'secondary' } };
  return twin.call('POST', url, request);
}

async function regenerations(): Promise<number> {
  return (await twin.journal()).filter(({ kind }) => kind === 'key-regenerated').length;
}

describe('a fault', () => {
  test('with a status is answered without acting, as often as asked', async () => {
    const before = await regenerations();
    const fault = { api: 'arm', operation: 'regenerateKey', status: 429, retryAfterSeconds: 7 };
    await twin.fault({ ...fault, times: 2 });
    const first = await regenerate();
    expect(first.status).toBe(429);
    expect(first.headers.get('retry-after')).toBe('7');
    expect((await regenerate()).status).toBe(429);
    expect(await regenerations()).toBe(before);
    expect((await regenerate()).status).toBe(204);
  });

  test('which loses the reply has acted', async () => {
    const before = await regenerations();
    await twin.fault({ api: 'arm', operation: 'regenerateKey', times: 1, lostReply: true });
    await expect(regenerate()).rejects.toThrow('fetch failed');
    expect(await regenerations()).toBe(before + 1);
  });

  test('with a delay lets others pass, and acts in the end', async () => {
    await twin.fault({ api: 'arm', operation: 'regenerateKey', times: 1, delayMs: 1000 });
    const done: string[] = [];
    await Promise.all([
      regenerate().then(({ status }) => done.push(`regenerated ${status}`)),
      readGateway().then(({ status }) => done.push(`read ${status}`)),
    ]);
    expect(done).toEqual(['read 200', 'regenerated 204']);
  });

  test('of one operation leaves the others alone, and one of an api takes them all', async () => {
    await twin.fault({ api: 'arm', operation: 'regenerateKey', times: 1, status: 500 });
    expect((await readGateway()).status).toBe(200);
    await twin.fault({ api: 'arm', times: 1, status: 503 });
    expect((await readGateway()).status).toBe(503);
  });

  test('is not spent by the request which only fetches the challenge', async () => {
    await twin.fault({ api: 'vault', operation: 'getSecret', times: 1, status: 500 });
    const url = `${twin.urls.vault}/secrets/nothing/?api-version=7.5`;
    expect((await twin.call('GET', url)).status).toBe(401);
    const token = await twin.tokenOf('app', VAULT);
    expect((await twin.call('GET', url, { token })).status).toBe(500);
  });

  test('is gone when they are cleared', async () => {
    await twin.fault({ api: 'arm', times: 5, status: 500 });
    await twin.call('DELETE', `${twin.urls.control}/control/faults`);
    expect((await readGateway()).status).toBe(200);
  });

  test('with an unknown member is refused', async () => {
    const body = { api: 'arm', times: 1, statsu: 500 };
    const answer = await twin.call('POST', `${twin.urls.control}/control/faults`, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('statsu');
  });
});

describe('the control API', () => {
  test('counts requests, and apart from them the app’s own', async () => {
    await readGateway();
    const url = `${twin.service}/gateways/paris?api-version=2024-05-01`;
    await twin.call('GET', url, { token: await twin.tokenOf('owner', ARM) });
    const { body } = await twin.call('GET', `${twin.urls.control}/control/counters`);
    const operation = 'arm getGateway';
    expect(body.requests[operation]).toBe(body.appRequests[operation] + 1);
  });

  test('gives the journal from a number on', async () => {
    await regenerate();
    const journal = await twin.journal();
    const since = journal.at(-2)?.seq;
    const url = `${twin.urls.control}/control/journal?since=${since}`;
    expect((await twin.call('GET', url)).body).toEqual(journal.slice(-1));
  });

  test('gives people their tokens, and only them', async () => {
    const person = (path: string) =>
      twin.call('GET', `${twin.urls.control}/control/people/${path}`);
    expect((await person('operator')).body.access_token).toBeTruthy();
    const { body } = await person(`owner?resource=${encodeURIComponent(ARM)}`);
    const url = `${twin.service}/gateways?api-version=2024-05-01`;
    expect((await twin.call('GET', url, { token: body.access_token })).status).toBe(200);
    expect((await person('app')).status).toBe(400);
  });
});
