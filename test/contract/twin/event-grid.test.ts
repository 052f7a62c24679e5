import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventGridDeserializer, isSystemEvent } from '@azure/eventgrid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventsDue } from '../../../sandbox/twin/gateway/connections.ts';
import { ARM } from '../../support/twin-seed.ts';
import { type Json, startTwin, type TestTwin } from '../../support/twin.ts';

const VERSION = 'api-version=2024-05-01';
const PATIENCE = { timeout: 15_000, interval: 50 };

const name = (happened: string) => `Microsoft.ApiManagement.Gateway${happened}`;
const TYPES = ['Created', 'Updated', 'Deleted', 'TokenNearExpiry', 'TokenExpired'].map(name);

/** What a notification's subject is answered, one after the other, before it is taken. */
const refusalsOf: Record<string, number[]> = {
  '/gateways/retried': [500, 503],
  '/gateways/refused': [400],
  '/gateways/survivor': [503],
};

const attempts: Json[] = [];
const deliveries: Json[] = [];
let handshakes = 0;
let isUp = false;

let host: Server;
let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  host = createServer((request, response) => void receive(request, response));
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

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [event] = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const [status, body] = react(request.headers['aeg-event-type'], event);
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function react(type: unknown, event: Json): readonly [status: number, body: string] {
  if (type === 'SubscriptionValidation') {
    handshakes += 1;
    if (!isUp) return [503, ''];
    return [200, JSON.stringify({ validationResponse: event.data.validationCode })];
  }
  attempts.push(event);
  const refusal = refusalsOf[event.subject]?.shift();
  if (refusal !== undefined) return [refusal, ''];
  deliveries.push(event);
  return [202, ''];
}

function put(gateway: string) {
  const body = { properties: { locationData: { name: 'here' } } };
  const url = `${twin.service}/gateways/${gateway}?${VERSION}`;
  return twin.call('PUT', url, { token: owner, body });
}

function to(subject: string, events: readonly Json[] = deliveries): readonly Json[] {
  return events.filter((event) => event.subject === subject);
}

/** A pod comes with a token which is near its expiry. */
async function connect(instance: string, token: string) {
  const headers = { authorization: `GatewayKey ${token}`, 'x-keyturn-instance': instance };
  const url = `${twin.urls.configuration}/gateways/paris/configuration`;
  expect((await twin.call('GET', url, { headers })).status).toBe(200);
}

async function arrival(...subjects: readonly string[]) {
  const all = () => subjects.every((subject) => to(subject).length > 0);
  await vi.waitFor(() => expect(all()).toBe(true), PATIENCE);
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
    await vi.waitFor(() => expect(handshakes).toBeGreaterThan(2), PATIENCE);
    expect(attempts).toEqual([]);
    isUp = true;
    await control('Created', '/gateways/next');
    await arrival('/gateways/oslo', '/gateways/next');
    expect(attempts).toHaveLength(2);
  });

  test('tells of created and deleted gateways as documented, and of nothing unsubscribed', async () => {
    await put('rome');
    await put('rome');
    const url = `${twin.service}/gateways/rome?${VERSION}`;
    await twin.call('DELETE', url, { token: owner, headers: { 'if-match': '*' } });
    const types = () => new Set(to('/gateways/rome').map(({ eventType }) => eventType));
    const expected = new Set([name('Created'), name('Deleted')]);
    await vi.waitFor(() => expect(types()).toEqual(expected), PATIENCE);
    for (const event of to('/gateways/rome')) {
      const file = event.eventType === name('Created') ? 'created' : 'deleted';
      expect(shape(event)).toEqual(shape(sample(file)));
    }
  });

  test('is tried again after a 500 and a 503, and never after a 400', async () => {
    await control('Created', '/gateways/refused');
    await control('Created', '/gateways/retried');
    await arrival('/gateways/retried');
    const [exactly, withDuplicate] = [3, 4];
    expect([exactly, withDuplicate]).toContain(to('/gateways/retried', attempts).length);
    expect(to('/gateways/refused', attempts)).toHaveLength(1);
  });

  test('happens twice now and then, with the same id', async () => {
    for (let index = 0; index < 10; index += 1) await control('Created', `/gateways/many-${index}`);
    const many = () => deliveries.filter(({ subject }) => subject.includes('many-'));
    await vi.waitFor(() => expect(many().length).toBeGreaterThan(10), PATIENCE);
    expect(new Set(many().map(({ id }) => id)).size).toBe(10);
  });

  test('goes on after a kill of the twin', async () => {
    await control('Created', '/gateways/survivor');
    await twin.kill('SIGKILL');
    await twin.start();
    await arrival('/gateways/survivor');
    expect(to('/gateways/survivor', attempts).length).toBeGreaterThan(1);
  });
});

describe('token events', () => {
  test('come once for each instance and token, over a kill of the twin too', async () => {
    const url = `${twin.service}/gateways/paris/generateToken?${VERSION}`;
    const body = { keyType: 'primary', expiry: new Date(Date.now() + 180_000).toISOString() };
    const { value } = (await twin.call('POST', url, { token: owner, body })).body;
    await connect('pod-1', value);
    await connect('pod-2', value);
    await arrival('/gateways/paris/pod-1', '/gateways/paris/pod-2');
    await twin.kill('SIGKILL');
    await twin.start();
    await connect('pod-1', value);
    await connect('pod-3', value);
    await arrival('/gateways/paris/pod-3');
    expect(new Set(to('/gateways/paris/pod-1').map(({ id }) => id)).size).toBe(1);
    const [event] = to('/gateways/paris/pod-1');
    expect(shape(event)).toEqual(shape(sample('token-near-expiry')));
    expect(event.data.tokenInfo.expiresAtUtc).toMatch(/T\d\d:\d\d:00\.0000000Z$/);
  });

  test("are read by Microsoft's own deserializer", async () => {
    const [delivered] = to('/gateways/paris/pod-1');
    const events = await new EventGridDeserializer().deserializeEventGridEvents({ ...delivered });
    const known = 'Microsoft.ApiManagement.GatewayTokenNearExpiry';
    const near = events.filter((event) => isSystemEvent(known, event));
    // It knows the event's name and leaves its members as they are on the wire.
    expect(near).toMatchObject([{ data: { gatewayInfo: { instanceId: 'pod-1' } } }]);
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
