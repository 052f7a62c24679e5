import { createHash } from 'node:crypto';
import type { JournalEntry } from '../contract.ts';
import type { GridEvent } from './events.ts';
import type { GatewayKey, Slot } from './gateway/keys.ts';

export interface GatewayProperties {
  readonly locationData?: Readonly<
    Partial<Record<'name' | 'city' | 'district' | 'countryOrRegion', string>>
  >;
  readonly description?: string;
}

/** Times are Unix seconds, as Key Vault's own. */
export interface SecretVersion {
  readonly id: string;
  readonly value: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly attributes: {
    readonly enabled: boolean;
    readonly nbf?: number;
    readonly exp?: number;
    readonly created: number;
    readonly updated: number;
  };
}

/** What can change at "Azure", with the values which never leave it. */
export type Change =
  | {
      readonly kind: 'gateway-put';
      readonly gateway: string;
      readonly properties: GatewayProperties;
      /** The keys a new gateway is born with. */
      readonly keys?: Readonly<Record<Slot, GatewayKey>>;
    }
  | { readonly kind: 'gateway-deleted'; readonly gateway: string }
  | {
      readonly kind: 'token-minted';
      readonly gateway: string;
      readonly slot: Slot;
      readonly keyVersion: number;
      readonly expiresAtMs: number;
      readonly fingerprint: string;
    }
  | {
      readonly kind: 'key-regenerated';
      readonly gateway: string;
      readonly slot: Slot;
      readonly key: GatewayKey;
    }
  | {
      readonly kind: 'secret-set' | 'secret-updated';
      readonly secret: string;
      readonly version: SecretVersion;
    }
  | {
      readonly kind: 'secret-deleted' | 'secret-recovered' | 'secret-purged';
      readonly secret: string;
    }
  | {
      readonly kind: 'gateway-refused';
      readonly gateway: string;
      readonly instance: string;
      readonly reason: string;
    }
  | { readonly kind: 'event-raised' }
  | { readonly kind: 'event-settled'; readonly id: string };

/** One line of the log. An event is part of the change it tells of, so neither is there alone. */
export type Fact = { readonly seq: number; readonly atMs: number; readonly by: string } & Change & {
    readonly event?: GridEvent;
  };

/** The first 16 hex digits of the token's SHA-256, without `GatewayKey `. */
export function fingerprint(value: string): string {
  const token = value.replace(/^GatewayKey /, '');
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

/**
 * The journal's view of a fact, member by member, so that what is not named here stays here.
 * Deliveries of events are no changes at Azure and have none.
 */
export function toJournalEntry(fact: Fact): JournalEntry | undefined {
  const { seq, atMs, by } = fact;
  const stamp = { seq, atMs, by };
  switch (fact.kind) {
    case 'gateway-put':
    case 'gateway-deleted':
      return { ...stamp, kind: fact.kind, gateway: fact.gateway };
    case 'token-minted': {
      const { kind, gateway, slot, keyVersion, expiresAtMs } = fact;
      return {
        ...stamp,
        kind,
        gateway,
        slot,
        keyVersion,
        expiresAtMs,
        fingerprint: fact.fingerprint,
      };
    }
    case 'key-regenerated': {
      const { kind, gateway, slot, key } = fact;
      return { ...stamp, kind, gateway, slot, keyVersion: key.version };
    }
    case 'secret-set':
    case 'secret-updated':
      return { ...stamp, kind: fact.kind, secret: fact.secret, ...toJournalVersion(fact.version) };
    case 'secret-deleted':
    case 'secret-recovered':
    case 'secret-purged':
      return { ...stamp, kind: fact.kind, secret: fact.secret };
    case 'gateway-refused': {
      const { kind, gateway, instance, reason } = fact;
      return { ...stamp, kind, gateway, instance, reason };
    }
    case 'event-raised':
    case 'event-settled':
      return undefined;
  }
}

function toJournalVersion(version: SecretVersion) {
  return {
    version: version.id,
    enabled: version.attributes.enabled,
    tags: version.tags ?? {},
    fingerprint: fingerprint(version.value),
  };
}
