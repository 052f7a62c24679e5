import { KeyturnError } from '../../shared/core/errors.ts';
import type { EpochMs } from '../../shared/core/limits.ts';
import type { VaultTags } from '../../shared/core/nouns.ts';
import { Secret } from '../../shared/core/secret.ts';
import type { SecretVault } from '../../shared/ports.ts';
import { refuseLate } from './faults.ts';

interface FakeVersion {
  readonly version: string;
  readonly value: string;
  readonly tags: VaultTags;
  readonly contentType?: string;
  readonly expiresAtMs?: EpochMs;
  enabled: boolean;
}

interface FakeSecret {
  readonly versions: FakeVersion[];
  state: 'active' | 'deleted' | 'recovering';
}

/** What people can do to a secret in the portal, and what the vault holds. */
export interface VaultWorld {
  /** All versions, oldest first. */
  versions(name: string): readonly FakeVersion[];
  /** A new version by somebody else's hand; without tags unless they are given. */
  overwrite(name: string, value: string, tags?: VaultTags): string;
  /** Disables the latest version. */
  disable(name: string): void;
  delete(name: string): void;
  /** A recovery which was started is over. */
  recovered(name: string): void;
}

/** Key Vault's secrets with versions and soft delete. A recovery lasts until the test ends it by `recovered`. */
export function memoryVault(nowMs: () => EpochMs): { vault: SecretVault; world: VaultWorld } {
  const secrets = new Map<string, FakeSecret>();
  let made = 0;

  const add = (name: string, content: Omit<FakeVersion, 'version' | 'enabled'>): string => {
    const version = (++made).toString(16).padStart(32, '0');
    const secret = secrets.get(name) ?? { versions: [], state: 'active' };
    secret.versions.push({ ...content, version, enabled: true });
    secrets.set(name, secret);
    return version;
  };
  const active = (name: string): FakeSecret | undefined => {
    const secret = secrets.get(name);
    return secret?.state === 'active' ? secret : undefined;
  };
  const existing = (name: string): FakeSecret => {
    const secret = secrets.get(name);
    if (secret === undefined) throw new Error(`the test's vault has no secret ${name}`);
    return secret;
  };

  const vault: SecretVault = {
    async latest(name) {
      const last = active(name)?.versions.at(-1);
      if (last === undefined) return undefined;
      if (!last.enabled) return 'disabled';
      return { version: last.version, value: new Secret(last.value), tags: last.tags };
    },
    async version(name, version) {
      const found = active(name)?.versions.find((one) => one.version === version);
      if (found === undefined) throw new KeyturnError('ERR_NOT_FOUND', `${name} has no ${version}`);
      if (!found.enabled) throw new KeyturnError('ERR_FORBIDDEN', `${name} ${version} is disabled`);
      return new Secret(found.value);
    },
    async publish(name, content, deadlineAtMs) {
      refuseLate(deadlineAtMs, nowMs);
      const secret = secrets.get(name);
      if (secret !== undefined && secret.state !== 'active') {
        secret.state = 'recovering';
        throw new KeyturnError('ERR_SECRET_RECOVERING', `secret ${name} is being recovered`);
      }
      return add(name, { ...content, value: content.value.reveal() });
    },
  };

  const world: VaultWorld = {
    versions: (name) => secrets.get(name)?.versions ?? [],
    overwrite: (name, value, tags = {}) => add(name, { value, tags }),
    disable(name) {
      const last = existing(name).versions.at(-1);
      if (last) last.enabled = false;
    },
    delete(name) {
      existing(name).state = 'deleted';
    },
    recovered(name) {
      existing(name).state = 'active';
    },
  };
  return { vault, world };
}
