import { describe, expect, test } from 'vitest';
import { KeyturnError } from '../../../../shared/core/errors.ts';
import { Secret } from '../../../../shared/core/secret.ts';
import type { Publication, SecretVault } from '../../../../shared/ports.ts';

/** A vault, and what people do to it. */
export interface SecretVaultWorld {
  readonly vault: SecretVault;
  overwrite(name: string, value: string): Promise<void>;
  disable(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Time passes while a secret is recovered. */
  settle(name: string): Promise<void>;
}

const TAGS = { sequence: 29_937_482, slot: 'primary', installation: 'contoso' };

function content(value: string): Publication {
  const contentType = 'application/vnd.keyturn.gateway-token';
  return { value: new Secret(value), contentType, expiresAtMs: 1_796_000_000_000, tags: TAGS };
}

const soon = () => Date.now() + 60_000;

/** What every SecretVault does. */
export function secretVaultSuite(open: () => SecretVaultWorld): void {
  describe('a SecretVault', () => {
    test('has no secret which nobody published', async () => {
      expect(await open().vault.latest('nobody')).toBeUndefined();
    });

    test('gives back what was published last, with its tags, and the versions before', async () => {
      const { vault } = open();
      const first = await vault.publish('paris', content('one'), soon());
      const second = await vault.publish('paris', content('two'), soon());
      const latest = await vault.latest('paris');
      expect(latest).toMatchObject({ version: second, tags: TAGS });
      expect(latest).toHaveProperty('value');
      expect((await vault.version('paris', first)).reveal()).toBe('one');
      expect((await vault.version('paris', second)).reveal()).toBe('two');
    });

    test("shows somebody else's value without a sequence", async () => {
      const { vault, overwrite } = open();
      await vault.publish('overwritten', content('ours'), soon());
      await overwrite('overwritten', 'theirs');
      const latest = await vault.latest('overwritten');
      expect(latest).toMatchObject({ tags: {} });
      expect(latest !== 'disabled' && latest?.value.reveal()).toBe('theirs');
    });

    test('tells a disabled version from an absent one', async () => {
      const { vault, disable } = open();
      const version = await vault.publish('disabled', content('ours'), soon());
      await disable('disabled');
      expect(await vault.latest('disabled')).toBe('disabled');
      await expect(vault.version('disabled', version)).rejects.toMatchObject({
        code: 'ERR_FORBIDDEN',
      });
      await vault.publish('disabled', content('again'), soon());
      expect(await vault.latest('disabled')).toMatchObject({ tags: TAGS });
    });

    test('does not find a version which never was', async () => {
      const { vault } = open();
      await vault.publish('version', content('ours'), soon());
      const never = 'ffffffffffffffffffffffffffffffff';
      await expect(vault.version('version', never)).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
      });
    });

    test('recovers a deleted secret before it publishes into it', async () => {
      const world = open();
      const before = await world.vault.publish('deleted', content('before'), soon());
      await world.delete('deleted');
      expect(await world.vault.latest('deleted')).toBeUndefined();
      const { version, codes } = await publishUntilRecovered(world, 'deleted');
      expect(new Set(codes)).toEqual(new Set(['ERR_SECRET_RECOVERING']));
      // A vault finds what it recovered only a while after it takes a new version for it (docs/azure-facts.md).
      await expect.poll(() => world.vault.latest('deleted')).toMatchObject({ version });
      expect((await world.vault.version('deleted', before)).reveal()).toBe('before');
    });

    test('publishes nothing at its deadline', async () => {
      const { vault } = open();
      await expect(vault.publish('late', content('late'), Date.now())).rejects.toMatchObject({
        code: 'ERR_DEADLINE',
        remedy: 'reobserve',
      });
      expect(await vault.latest('late')).toBeUndefined();
    });
  });
}

/** Publishes as the queue does, again and again, and collects why it could not. */
async function publishUntilRecovered(
  world: SecretVaultWorld,
  name: string,
): Promise<{ readonly version: string; readonly codes: readonly string[] }> {
  const codes: string[] = [];
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      return { version: await world.vault.publish(name, content('after'), soon()), codes };
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error;
      codes.push(error.code);
      await world.settle(name);
    }
  }
  throw new Error(`${name} was not recovered: ${codes.join(', ')}`);
}
