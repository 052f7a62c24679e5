import { describe, expect, it } from 'vitest';
import { readGatewayEvent } from '../../../shared/azure/gateway-events.ts';
import { memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const TARGET = `${SERVICE}/gateways/paris`;
const EXPIRY = '2026-12-01T08:56:00.0000000Z';

const near = {
  id: '1',
  topic: SERVICE,
  subject: '/gateways/paris/pod-1',
  eventType: 'Microsoft.ApiManagement.GatewayTokenNearExpiry',
  eventTime: '2026-11-24T08:56:00Z',
  dataVersion: '1',
  data: {
    gatewayInfo: { gatewayId: 'paris', instanceId: 'pod-1' },
    tokenInfo: { expiresAtUtc: EXPIRY },
  },
};

const cloudEvent = {
  Source: SERVICE,
  Subject: '/gateways/paris/pod-1',
  Type: 'Microsoft.ApiManagement.GatewayTokenExpired',
  Time: '2026-12-01T08:56:10Z',
  specVersion: 1,
  Data: {
    GatewayInfo: { GatewayId: TARGET, 'InstanceId ': 'pod-1' },
    TokenInfo: { ExpiredAtUtc: EXPIRY },
  },
};

describe('an event about a gateway', () => {
  it.each([
    ['of Event Grid', near, 'token-near-expiry'],
    ['of CloudEvents, misspelt as Azure does', cloudEvent, 'token-expired'],
  ])('%s tells which instance runs which token', (_, event, type) => {
    expect(readGatewayEvent(event)).toEqual({
      type,
      target: TARGET,
      instance: { name: 'pod-1', expiryAtMs: Date.parse('2026-12-01T08:56:00Z') },
    });
  });

  it('tells which gateway was created or deleted', () => {
    const event = { topic: SERVICE, subject: '/gateways/paris', data: { resourceUri: TARGET } };
    const read = (name: string) =>
      readGatewayEvent({ ...event, eventType: `Microsoft.ApiManagement.${name}` });
    expect(read('GatewayCreated')).toEqual({ type: 'created', target: TARGET });
    expect(read('gatewayDELETED')).toEqual({ type: 'deleted', target: TARGET });
  });

  it.each([
    undefined,
    null,
    'text',
    {},
    { ...near, eventType: 'Microsoft.ApiManagement.GatewayAPIAdded' },
    { ...near, eventType: 'Contoso.ApiManagement.GatewayCreated' },
    { ...near, subject: '/apis/x', data: {} },
  ])('is not %j', (event) => {
    expect(readGatewayEvent(event)).toBeUndefined();
  });

  it('without a readable expiry is still a request to look', () => {
    const event = { ...near, data: { ...near.data, tokenInfo: { expiresAtUtc: 'soon' } } };
    expect(readGatewayEvent(event)).toEqual({ type: 'token-near-expiry', target: TARGET });
  });
});

describe('when an event comes', () => {
  it('the instance is remembered and the credential is due now', async () => {
    const { app, ports, clock, settle, reconciles, world } = memoryApp();
    world.gateways.create(TARGET);
    await settle(PARIS);
    clock.nowMs += 1_000;
    await app.receive(near);
    expect(await ports.adoptions.instances(PARIS)).toMatchObject([{ instance: 'pod-1' }]);
    expect((await ports.records.read(PARIS))?.value.dueAtMs).toBe(clock.nowMs);
    expect(reconciles()).toEqual([PARIS]);
  });

  it('nothing is published or retired by it', async () => {
    const { app, settle, world } = memoryApp();
    world.gateways.create(TARGET);
    await settle(PARIS);
    const before = world.calls.length;
    await app.receive(near);
    const after = world.calls
      .slice(before)
      .filter((call) => /^(vault|issuer|gateways)\./.test(call));
    expect(after).toEqual([]);
  });

  it('a fleet of instances asks for one look in a minute', async () => {
    const { app, clock, ports, reconciles, settle, world } = memoryApp();
    world.gateways.create(TARGET);
    await settle(PARIS);
    for (const instanceId of ['pod-1', 'pod-2', 'pod-3']) {
      const gatewayInfo = { gatewayId: 'paris', instanceId };
      await app.receive({ ...near, data: { ...near.data, gatewayInfo } });
    }
    expect(reconciles()).toEqual([PARIS]);
    expect(await ports.adoptions.instances(PARIS)).toHaveLength(3);
    clock.nowMs += 60_000;
    await app.receive(near);
    expect(reconciles()).toHaveLength(2);
  });

  it('a gateway which is deleted and created again within a minute is looked at both times', async () => {
    const { app, reconciles, settle, world } = memoryApp();
    world.gateways.create(TARGET);
    await settle(PARIS);
    const told = (name: string) =>
      app.receive({
        ...near,
        eventType: `Microsoft.ApiManagement.${name}`,
        subject: '/gateways/paris',
        data: { resourceUri: TARGET },
      });
    await told('GatewayDeleted');
    await told('GatewayCreated');
    await told('GatewayDeleted');
    expect(reconciles()).toEqual([PARIS, PARIS, PARIS]);
  });

  it('a created gateway which "*" covers is looked at', async () => {
    const { app, reconciles } = memoryApp();
    const created = { eventType: 'Microsoft.ApiManagement.GatewayCreated', topic: SERVICE };
    await app.receive({ ...created, subject: '/gateways/oslo', data: {} });
    expect(reconciles()).toEqual(['contoso--oslo']);
  });

  it('about anything else it is a line in the log, and success', async () => {
    const { app, reconciles, world } = memoryApp();
    await app.receive({ ...near, topic: `${SERVICE}2` });
    await app.receive({ eventType: 'Microsoft.KeyVault.SecretNearExpiry' });
    expect(reconciles()).toEqual([]);
    const ignored = world.lines.filter(({ message }) => message.startsWith('event ignored: '));
    expect(ignored.map(({ level }) => level)).toEqual(['info', 'info']);
  });
});
