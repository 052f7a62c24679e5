import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventsDue } from '../../../sandbox/twin/gateway/connections.ts';
import { ARM } from '../../support/twin-seed.ts';
import { type Json, startTwin, type TestTwin } from '../../support/twin.ts';

const VERSION = 'api-version=2024-05-01';
const PATIENCE = { timeout: 15_000, interval: 50 };

const name = (happened: string) => `Microsoft.ApiManagement.Gateway${happened}`;
const TYPES = ['Created', 'Updated', 'Deleted', 'TokenNearExpiry', 'TokenExpired'].map(name);

interface Delivery {
  readonly type: string | undefined;
  readonly events: readonly Json[];
}

/** A host which refuses the first handshake, and notifications as often as a test says. */
const deliveries: Delivery[] = [];
let handshakes = 0;
let failuresLeft = 0;
let failWith = 500;

let host: Server;
let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  host = createServer((request, response) => {
    void (async () => {
      const chunks = await request.toArray();
      const events = JSON.parse(Buffer.concat(chunks).toString());
      const type = request.headers['aeg-event-type'] as string | undefined;
      const [status, body] = react(type, events);
      if (type === 'Notification' && status < 300) deliveries.push({ type, events });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    })();
  });
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/runtime/webhooks/EventGrid?functionName=on-gateway-event`;
  twin = await startTwin({
    subscriptions: [{ url, eventTypes: TYPES.filter((type) => type !== name('Updated')) }],
    nearExpiryMs: 600_000,
  });
  owner = await twin.tokenOf('owner', ARM);
});
afterAll(async () => {
  host.closeAllConnections();
  host.close();
  await twin.remove();
});

function react(type: string | undefined, [event]: readonly Json[]): [number, string] {
  if (type === 'SubscriptionValidation') {
    handshakes += 1;
    if (handshakes === 1) return [503, ''];
    return [200, JSON.stringify({ validationResponse: event.data.validationCode })];
  }
  if (failuresLeft === 0) return [202, ''];
  failuresLeft -= 1;
  return [failWith, ''];
}

function put(gateway: string) {
  const body = { properties: { locationData: { name: 'here' } } };
  const url = `${twin.service}/gateways/${gateway}?${VERSION}`;
  return twin.call('PUT', url, { token: owner, body });
}

function delivered(subject: string) {
  return deliveries
    .map(({ events: [event] }) => event)
    .filter((event) => event.subject === subject);
}

function sample(file: string) {
  const url = new URL(`../../fixtures/events/apim-gateway-${file}.json`, import.meta.url);
  const content = JSON.parse(readFileSync(url, 'utf8'));
  return content.eventGridSchema?.[0] ?? content;
}

/** The names and kinds of members, to any depth. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape(member)]));
}

function control(eventType: string, subject: string) {
  const body = { eventType: name(eventType), subject, data: {} };
  return twin.call('POST', `${twin.urls.control}/control/events`, { body });
}

describe('delivery', () => {
  test('begins after a handshake which is tried until the host answers it', async () => {
    await put('oslo');
    await vi.waitFor(() => expect(delivered('/gateways/oslo')).toHaveLength(1), PATIENCE);
    expect(handshakes).toBe(2);
  });

  test('tells of created and deleted gateways as documented, and of nothing unsubscribed', async () => {
    await put('rome');
    await put('rome');
    const url = `${twin.service}/gateways/rome?${VERSION}`;
    await twin.call('DELETE', url, { token: owner, headers: { 'if-match': '*' } });
    const types = () => new Set(delivered('/gateways/rome').map(({ eventType }) => eventType));
    const expected = new Set([name('Created'), name('Deleted')]);
    await vi.waitFor(() => expect(types()).toEqual(expected), PATIENCE);
    for (const event of delivered('/gateways/rome')) {
      const file = event.eventType === name('Created') ? 'created' : 'deleted';
      expect(shape(event)).toEqual(shape(sample(file)));
    }
  });

  test('is tried again after a 500, and ends at a 400', async () => {
    failWith = 500;
    failuresLeft = 2;
    await control('Created', '/gateways/retried');
    await vi.waitFor(
      () => expect(delivered('/gateways/retried').length).toBeGreaterThan(0),
      PATIENCE,
    );
    failWith = 400;
    failuresLeft = 1;
    await control('Created', '/gateways/refused');
    await control('Created', '/gateways/after');
    await vi.waitFor(
      () => expect(delivered('/gateways/after').length).toBeGreaterThan(0),
      PATIENCE,
    );
    expect(
      delivered('/gateways/refused').length + delivered('/gateways/after').length,
    ).toBeLessThan(4);
  });

  test('happens twice now and then, with the same id', async () => {
    for (let index = 0; index < 10; index += 1) await control('Created', `/gateways/many-${index}`);
    const ids = () => deliveries.map(({ events: [event] }) => event.id as string);
    const arrived = () =>
      deliveries.filter(({ events: [e] }) => e.subject.includes('many-')).length;
    await vi.waitFor(() => expect(arrived()).toBeGreaterThanOrEqual(11), PATIENCE);
    expect(new Set(ids()).size).toBeLessThan(ids().length);
  });

  test('goes on after a kill of the twin', async () => {
    failWith = 503;
    failuresLeft = 1;
    await control('Created', '/gateways/survivor');
    await twin.kill('SIGKILL');
    await twin.start();
    await vi.waitFor(
      () => expect(delivered('/gateways/survivor').length).toBeGreaterThan(0),
      PATIENCE,
    );
  });
});

describe('token events', () => {
  test('come once for each instance and token', async () => {
    const url = `${twin.service}/gateways/paris/generateToken?${VERSION}`;
    const body = { keyType: 'primary', expiry: new Date(Date.now() + 180_000).toISOString() };
    const { value } = (await twin.call('POST', url, { token: owner, body })).body;
    const connect = async (instance: string) => {
      const headers = { authorization: `GatewayKey ${value}`, 'x-keyturn-instance': instance };
      const endpoint = `${twin.urls.configuration}/gateways/paris/configuration`;
      await twin.call('GET', endpoint, { headers });
    };
    for (const instance of ['pod-1', 'pod-2', 'pod-1']) await connect(instance);
    const both = () => ['pod-1', 'pod-2'].map((pod) => delivered(`/gateways/paris/${pod}`));
    await vi.waitFor(
      () => expect(both().every((events) => events.length > 0)).toBe(true),
      PATIENCE,
    );
    for (const [event] of both()) {
      expect(shape(event)).toEqual(shape(sample('token-near-expiry')));
      expect(event.data.tokenInfo.expiresAtUtc).toMatch(/T\d\d:\d\d:00\.0000000Z$/);
    }
    for (const events of both()) expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  });

  test('tell first that the expiry is near and then that it is there', () => {
    const expiresAtMs = Date.UTC(2026, 10, 23, 12, 4);
    const connection = { gateway: 'paris', instance: 'pod-1', expiresAtMs };
    const types = (nowMs: number) =>
      eventsDue(connection, 60_000, nowMs).map(({ eventType }) => eventType);
    expect(types(expiresAtMs - 60_001)).toEqual([]);
    expect(types(expiresAtMs - 60_000)).toEqual([name('TokenNearExpiry')]);
    expect(types(expiresAtMs - 1)).toEqual([name('TokenNearExpiry')]);
    const [, expired] = eventsDue(connection, 60_000, expiresAtMs);
    expect(shape(expired?.data)).toEqual(shape(sample('token-expired').data));
  });
});
