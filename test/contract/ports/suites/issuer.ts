import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../../shared/core/fingerprint.ts';
import { parseToken } from '../../../../shared/core/gateway-token.ts';
import { MINUTE } from '../../../../shared/core/limits.ts';
import { Secret } from '../../../../shared/core/secret.ts';
import type { GatewayDirectory, Issuer } from '../../../../shared/ports.ts';
import { testPolicy } from './policy.ts';

/** API Management, and what people do to it. Gateways live four minutes' tokens at most. */
export interface IssuerWorld {
  readonly issuer: Issuer;
  readonly gateways: GatewayDirectory;
  /** ARM id of the service. */
  readonly service: string;
  create(target: string): Promise<void>;
  delete(target: string): Promise<void>;
  regenerate(target: string, slot: string): Promise<void>;
  /** A bare token, as the portal makes it. */
  mint(target: string, slot: string, expiryAtMs: number): Promise<string>;
}

const inMinutes = (minutes: number) => Math.floor(Date.now() / MINUTE) * MINUTE + minutes * MINUTE;

const soon = () => Date.now() + 60_000;

/** What every issuer of gateway tokens and every GatewayDirectory do. */
export function issuerSuite(open: () => IssuerWorld): void {
  let made = 0;
  const newGateway = async () => {
    const world = open();
    const name = `gateway-${++made}`;
    const policy = testPolicy(`${world.service}/gateways/${name}`);
    await world.create(policy.target);
    return { ...world, name, policy, target: policy.target };
  };

  describe('an issuer of gateway tokens', () => {
    test('issues the bytes which anybody with the right gets for that slot and minute', async () => {
      const { issuer, policy, name, target, mint } = await newGateway();
      const expiryAtMs = inMinutes(3);
      const { value, fingerprint } = await issuer.bytesOf(policy, 'secondary', expiryAtMs, false);
      expect(parseToken(value.reveal())).toEqual({ gateway: name, expiryAtMs });
      expect(value.reveal()).toBe(await mint(target, 'secondary', expiryAtMs));
      expect(fingerprint).toBe(fingerprintOf(value.reveal()));
      const trusted = await issuer.bytesOf(policy, 'secondary', expiryAtMs, true);
      expect(trusted.fingerprint).toBe(fingerprint);
      const other = await issuer.bytesOf(policy, 'primary', expiryAtMs, false);
      expect(other.fingerprint).not.toBe(fingerprint);
    });

    test('refuses an expiry beyond the longest life', async () => {
      const { issuer, policy } = await newGateway();
      await expect(issuer.bytesOf(policy, 'primary', inMinutes(6), false)).rejects.toMatchObject({
        code: 'ERR_INVALID_REQUEST',
        remedy: 'blocked',
      });
    });

    test('issues nothing for a gateway which is gone', async () => {
      const { issuer, policy, target, ...world } = await newGateway();
      await world.delete(target);
      await expect(issuer.bytesOf(policy, 'primary', inMinutes(3), false)).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
      });
    });

    test.each(['primary', 'secondary'])('knows its own token of the %s slot', async (slot) => {
      const { issuer, policy, target, mint } = await newGateway();
      const expiryAtMs = inMinutes(3);
      const bare = await mint(target, slot, expiryAtMs);
      const origin = { slot, expiryAtMs, fingerprint: fingerprintOf(bare) };
      for (const written of [bare, `GatewayKey ${bare}`, `GatewayKey GatewayKey ${bare}\n`]) {
        expect(await issuer.takeOver(policy, new Secret(written))).toEqual(origin);
      }
    });

    test('takes a token for foreign whose key was regenerated', async () => {
      const { issuer, policy, target, mint, regenerate } = await newGateway();
      const bare = await mint(target, 'primary', inMinutes(3));
      await regenerate(target, 'primary');
      expect(await issuer.takeOver(policy, new Secret(bare))).toBeUndefined();
    });

    test('takes for foreign what it would never make', async () => {
      const { issuer, policy, name, ...world } = await newGateway();
      const other = await newGateway();
      const foreign = await world.mint(other.target, 'primary', inMinutes(3));
      const tooLong = `${name}&209912312359&c2lnbmF0dXJl`;
      for (const value of ['', 'a password', foreign, tooLong, `${name}&209913312359&c2ln`]) {
        expect(await issuer.takeOver(policy, new Secret(value))).toBeUndefined();
      }
    });

    test('tells slots of a gateway, and that it is gone', async () => {
      const { issuer, policy, target, ...world } = await newGateway();
      expect(await issuer.issuedSlots(policy)).toEqual(['primary', 'secondary']);
      await world.delete(target);
      expect(await issuer.issuedSlots(policy)).toBeUndefined();
    });

    test('finds a version alive until its own key is regenerated', async () => {
      const { issuer, policy, target, regenerate } = await newGateway();
      const expiryAtMs = inMinutes(3);
      const { fingerprint } = await issuer.bytesOf(policy, 'primary', expiryAtMs, false);
      const version = { slot: 'primary', expiryAtMs, fingerprint };
      await regenerate(target, 'secondary');
      expect(await issuer.isAlive(policy, version)).toBe('alive');
      await regenerate(target, 'primary');
      expect(await issuer.isAlive(policy, version)).toBe('dead');
    });

    test('retires one slot and leaves the other', async () => {
      const { issuer, policy } = await newGateway();
      const expiryAtMs = inMinutes(3);
      const [primary, secondary] = await Promise.all(
        ['primary', 'secondary'].map(async (slot) => {
          const { fingerprint } = await issuer.bytesOf(policy, slot, expiryAtMs, false);
          return { slot, expiryAtMs, fingerprint };
        }),
      );
      await issuer.retire(policy, 'primary', soon());
      expect(await issuer.isAlive(policy, primary!)).toBe('dead');
      expect(await issuer.isAlive(policy, secondary!)).toBe('alive');
    });

    test('retires nothing at its deadline', async () => {
      const { issuer, policy } = await newGateway();
      const expiryAtMs = inMinutes(3);
      const { fingerprint } = await issuer.bytesOf(policy, 'primary', expiryAtMs, false);
      await expect(issuer.retire(policy, 'primary', Date.now())).rejects.toMatchObject({
        code: 'ERR_DEADLINE',
      });
      const version = { slot: 'primary', expiryAtMs, fingerprint };
      expect(await issuer.isAlive(policy, version)).toBe('alive');
    });

    test('takes a slot of a deleted gateway for retired', async () => {
      const { issuer, policy, target, ...world } = await newGateway();
      await world.delete(target);
      await expect(issuer.retire(policy, 'primary', soon())).resolves.toBeUndefined();
    });
  });

  describe('a GatewayDirectory', () => {
    test('lists the gateways of a service, and not one which is gone', async () => {
      const kept = await newGateway();
      const gone = await newGateway();
      await gone.delete(gone.target);
      const listed = await kept.gateways.list(kept.service);
      expect(listed).toContain(kept.target);
      expect(listed).not.toContain(gone.target);
    });
  });
}
