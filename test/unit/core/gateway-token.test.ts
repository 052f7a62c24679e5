import { expect, test } from 'vitest';
import { fingerprintOf } from '../../../shared/core/fingerprint.ts';
import { bareToken, formatted, minuteOf, parseToken } from '../../../shared/core/gateway-token.ts';
import recorded from '../../fixtures/recordings/apim-gateway-token-vectors.json' with { type: 'json' };

test.each(recorded.vectors)(
  'reads what Azure signed: $value',
  ({ value, gatewayId, requestExpiry }) => {
    const expiryAtMs = parseToken(value)?.expiryAtMs ?? 0;
    expect(parseToken(value)).toEqual({ gateway: gatewayId, expiryAtMs });
    expect(minuteOf(expiryAtMs)).toBe(minuteOf(Date.parse(requestExpiry)));
    expect(expiryAtMs % 60_000).toBe(0);
  },
);

test('reads from the right, because nothing forbids an ampersand in a name', () => {
  expect(parseToken('a&b&202612010000&c2ln')).toEqual({
    gateway: 'a&b',
    expiryAtMs: Date.parse('2026-12-01T00:00:00Z'),
  });
});

test.each([
  '',
  'a password',
  'paris&202612010000',
  'paris&202612010000&',
  'paris&20261201000&c2ln',
  'paris&202613010000&c2ln',
  'paris&202602300000&c2ln',
  'paris&202612012400&c2ln',
  '&202612010000&c2ln',
  'paris&202612010000&c2ln\nmore',
  'GatewayKey',
])('takes no other text for a token: "%s"', (value) => {
  expect(parseToken(value)).toBeUndefined();
});

test('writes the prefix exactly once, and leaves it out where it is not wanted', () => {
  const token = 'paris&202612010000&c2ln';
  for (const written of [token, `GatewayKey ${token}`, ` GatewayKey  GatewayKey ${token}\n`]) {
    expect(bareToken(written)).toBe(token);
    expect(formatted(bareToken(written), 'gateway-key')).toBe(`GatewayKey ${token}`);
    expect(formatted(bareToken(written), 'raw')).toBe(token);
  }
});

test('tells values apart by sixteen digits of their hash', () => {
  expect(fingerprintOf('abc')).toBe('ba7816bf8f01cfea');
});
