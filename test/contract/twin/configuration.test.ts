import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkToken } from '../../../sandbox/twin/gateway/configuration.ts';
import { mintGatewayToken } from '../../../sandbox/twin/mint-gateway-token.ts';
import { emptyState } from '../../../sandbox/twin/state.ts';
import { ARM } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

const VERSION = 'api-version=2024-05-01';

let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  twin = await startTwin({ gateways: ['paris', 'lyon'] });
  owner = await twin.tokenOf('owner', ARM);
});
afterAll(() => twin.remove());

function act(gateway: string, action: string, body: object) {
  const url = `${twin.service}/gateways/${gateway}/${action}?${VERSION}`;
  return twin.call('POST', url, { token: owner, body });
}

async function mint(gateway: string, keyType: string, lifeMs = 180_000): Promise<string> {
  const expiry = new Date(Date.now() + lifeMs).toISOString();
  return (await act(gateway, 'generateToken', { keyType, expiry })).body.value;
}

function connect(gateway: string, token: string, instance = 'pod-1') {
  const headers = { authorization: `GatewayKey ${token}`, 'x-keyturn-instance': instance };
  return twin.call('GET', `${twin.urls.configuration}/gateways/${gateway}/configuration`, {
    headers,
  });
}

async function refusals() {
  return (await twin.journal()).filter((entry) => entry.kind === 'gateway-refused');
}

describe('a gateway', () => {
  test('is let in with a token of either slot until the slot is regenerated', async () => {
    const [primary, secondary] = [await mint('lyon', 'primary'), await mint('lyon', 'secondary')];
    expect((await connect('lyon', primary)).status).toBe(200);
    expect((await connect('lyon', secondary)).status).toBe(200);
    await act('lyon', 'regenerateKey', { keyType: 'primary' });
    expect(await connect('lyon', primary)).toMatchObject({
      status: 401,
      body: { reason: 'signature' },
    });
    expect((await connect('lyon', secondary)).status).toBe(200);
  });

  test('is told why it is refused', async () => {
    const token = await mint('paris', 'primary');
    const reason = async (gateway: string, given: string) =>
      (await connect(gateway, given)).body.reason;
    expect(await reason('paris', await mint('paris', 'primary', -120_000))).toBe('expired');
    expect(await reason('paris', `${token.slice(0, -4)}AA==`)).toBe('signature');
    expect(await reason('paris', 'nonsense')).toBe('malformed');
    expect(await reason('lyon', token)).toBe('gateway mismatch');
    expect(await reason('oslo', token.replace('paris', 'oslo'))).toBe('unknown gateway');
  });

  test('is journaled once for each reason, and again after it was let in', async () => {
    const told = async () => (await refusals()).filter(({ instance }) => instance === 'pod-7');
    for (const bad of ['nonsense', 'nonsense', 'paris&299911231204&x']) {
      await connect('paris', bad, 'pod-7');
    }
    expect((await told()).map(({ reason }) => reason)).toEqual(['malformed', 'signature']);
    await connect('paris', await mint('paris', 'primary'), 'pod-7');
    await connect('paris', 'nonsense', 'pod-7');
    expect(await told()).toHaveLength(3);
  });

  test('is counted at each call', async () => {
    const count = async () =>
      (await twin.call('GET', `${twin.urls.control}/control/counters`)).body.gatewayCalls;
    const before = await count();
    const token = await mint('paris', 'primary');
    await connect('paris', token);
    await connect('paris', 'nonsense');
    expect(await count()).toEqual({ good: before.good + 1, refused: before.refused + 1 });
  });
});

describe('checkToken', () => {
  const key = { value: 'a key', version: 1 };
  const state = emptyState();
  state.gateways.set('a&b', {
    properties: {},
    keys: { primary: key, secondary: key },
    revision: 1,
  });
  const minuteAtMs = Date.UTC(2026, 10, 23, 12, 4);
  const token = mintGatewayToken('a&b', key.value, new Date(minuteAtMs));

  test('takes a token until its minute begins, for a gateway with any name', () => {
    expect(checkToken(state, 'a&b', token, minuteAtMs - 1)).toEqual({ expiresAtMs: minuteAtMs });
    expect(checkToken(state, 'a&b', token, minuteAtMs).reason).toBe('expired');
  });

  test('calls a token expired which was so before its key was regenerated', () => {
    const other = mintGatewayToken('a&b', 'an older key', new Date(minuteAtMs));
    expect(checkToken(state, 'a&b', other, minuteAtMs - 1)).toEqual({ reason: 'signature' });
    expect(checkToken(state, 'a&b', other, minuteAtMs)).toEqual({ reason: 'expired' });
  });
});
