import { describe, expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { fingerprintOf } from '../../../shared/core/fingerprint.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { observe, toReading } from '../../../shared/engine/observe.ts';
import { policy } from '../../support/samples.ts';
import { settledStory, type Story } from '../../support/story.ts';

async function look({ context, record }: Story) {
  return observe(context, policy(), await record());
}

describe('the world as one reconcile sees it', () => {
  test('is what Key Vault, the issuer and consumers show, and no value', async () => {
    const story = await settledStory();
    await story.report('lyon', 7);
    const { current } = await story.record();
    const seen = await look(story);

    expect(seen).toMatchObject({
      installation: 'keyturn-prod',
      issuer: { state: 'present' },
      vault: {
        state: 'present',
        version: current?.vaultVersion,
        fingerprint: current?.fingerprint,
        formatted: true,
      },
      adoption: [{ consumer: 'lyon', report: { stored: 7 } }],
    });
    expect(JSON.stringify(seen)).not.toContain(story.published()?.split('&').at(-1));
  });

  test.each([
    { call: 'vault.latest', part: 'vault' },
    { call: 'issuer.issuedSlots', part: 'issuer' },
  ] as const)(
    'is unknown where $call fails, with what failed, and never absent',
    async ({ call, part }) => {
      const story = await settledStory();
      story.world.failOnce(call, new KeyturnError('ERR_FORBIDDEN', '403 on read'));

      expect((await look(story))[part]).toMatchObject({
        state: 'unknown',
        trouble: { code: 'ERR_FORBIDDEN', blocked: true },
      });
    },
  );

  test('is unknown where the evidence cannot be read, which is not the same as no evidence', async () => {
    const story = await settledStory();
    expect((await look(story)).adoption).toEqual([]);
    story.world.failOnce('adoptions.list', new KeyturnError('ERR_UNAVAILABLE', '503'));

    expect((await look(story)).adoption).toBe('unknown');
  });

  test('is not made up where a bug was met: it is thrown', async () => {
    const story = await settledStory();
    story.world.failOnce('vault.latest', new KeyturnError('ERR_BUG', 'impossible'));

    await expect(look(story)).rejects.toThrow('impossible');
  });
});

describe('what Key Vault shows', () => {
  const shown = (value: string, format: 'gateway-key' | 'raw' = 'gateway-key') =>
    toReading({ version: 'v', value: new Secret(value), tags: {} }, policy({ format }));
  const fingerprint = fingerprintOf('paris&1&x');

  test('is absent or disabled, each for itself', () => {
    expect(toReading(undefined, policy())).toEqual({ state: 'absent' });
    expect(toReading('disabled', policy())).toEqual({ state: 'disabled' });
  });

  test.each([
    { value: 'GatewayKey paris&1&x', format: 'gateway-key', formatted: true },
    { value: 'paris&1&x', format: 'gateway-key', formatted: false },
    { value: 'GatewayKey GatewayKey paris&1&x', format: 'gateway-key', formatted: false },
    { value: 'GatewayKey paris&1&x\n', format: 'gateway-key', formatted: false },
    { value: 'paris&1&x', format: 'raw', formatted: true },
    { value: 'GatewayKey paris&1&x', format: 'raw', formatted: false },
  ] as const)('has one fingerprint however it is written: $value as $format', (one) => {
    expect(shown(one.value, one.format)).toMatchObject({ fingerprint, formatted: one.formatted });
  });
});
