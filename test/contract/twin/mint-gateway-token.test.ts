import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mintGatewayToken } from '../../../sandbox/twin/mint-gateway-token.ts';

interface Vector {
  readonly source: string;
  readonly keyType: string;
  readonly gatewayId: string;
  readonly key: string;
  readonly requestExpiry: string;
  readonly value: string;
}

const file = new URL('../../fixtures/recordings/apim-gateway-token-vectors.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] };

describe('mintGatewayToken', () => {
  test.each(vectors)('makes the bytes Azure made: $keyType, $source', (vector) => {
    const expiresAt = new Date(vector.requestExpiry);
    expect(mintGatewayToken(vector.gatewayId, vector.key, expiresAt)).toBe(vector.value);
  });

  test('makes the same token for every instant of a minute, and another for the next', () => {
    const mint = (time: string) => mintGatewayToken('paris', 'key', new Date(time));
    expect(mint('2026-11-23T12:04:59.999Z')).toBe(mint('2026-11-23T12:04:00.000Z'));
    expect(mint('2026-11-23T12:05:00.000Z')).not.toBe(mint('2026-11-23T12:04:59.999Z'));
  });
});
