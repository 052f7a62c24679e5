import { describe, expect, test } from 'vitest';
import type { Received } from '../../support/scripted-server.ts';
import { POLICY, retire, scriptedAzure } from './suites/scripted-azure.ts';

const azure = scriptedAzure();

describe('a gateway which is not found', () => {
  const gatewayNotFound = {
    status: 404,
    body: { error: { code: 'ResourceNotFound', message: 'Gateway not found.' } },
  };
  const isList = ({ url }: Received) => url.pathname.endsWith('/gateways');
  const slots = () => azure.open().issuer.issuedSlots(POLICY);

  test('is gone where its service lists the others', async () => {
    const others = { status: 200, body: { value: [] } };
    azure.script((request) => (isList(request) ? others : gatewayNotFound));
    expect(await slots()).toBeUndefined();
  });

  test.each([
    ['Resource Manager', { error: { code: 'ResourceNotFound', message: 'The Resource' } }],
    ['the service', { code: 'ServiceNotFound', message: 'Api service does not exist' }],
  ])('is unknown where its service is gone, as %s says it', async (_, body) => {
    azure.script(() => ({ status: 404, body }));
    await expect(slots()).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(retire(azure.open())).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  test('is unknown where its service does not answer', async () => {
    azure.script((request) => (isList(request) ? { status: 500 } : gatewayNotFound));
    await expect(slots()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });
});

describe('an issuer which contradicts itself', () => {
  const expiryAtMs = Date.parse('2026-12-01T00:00:00Z');
  const version = { slot: 'primary', expiryAtMs, fingerprint: '0123456789abcdef' };
  const bytes = (trusting: boolean) =>
    azure.open().issuer.bytesOf(POLICY, 'primary', expiryAtMs, trusting);
  const minting = (token: () => string) =>
    azure.script(() => ({ status: 200, body: { value: token() } }));
  const everDifferent = () => `paris&202612010000&c2ln${azure.received().length}`;

  test('is believed only by who trusts it', async () => {
    minting(everDifferent);
    await expect(bytes(false)).rejects.toMatchObject({ code: 'ERR_DEVIATION' });
    expect((await bytes(true)).value.reveal()).toMatch(/^paris&202612010000&/);
  });

  test('cannot tell whether a version is alive', async () => {
    minting(everDifferent);
    expect(await azure.open().issuer.isAlive(POLICY, version)).toBe('deviates');
    minting(() => 'paris&202612010000&c2ln');
    expect(await azure.open().issuer.isAlive(POLICY, version)).toBe('dead');
  });

  test.each(['lyon&202612010000&c2ln', 'paris&202612010001&c2ln', 'nonsense', ''])(
    'may not name another gateway or minute: %s',
    async (value) => {
      minting(() => value);
      await expect(bytes(true)).rejects.toMatchObject({ code: 'ERR_TOKEN_SHAPE' });
    },
  );
});
