import type { EpochMs } from '../../shared/core/limits.ts';
import type { CredentialRecord, RetirePolicy, SlotName } from '../../shared/core/nouns.ts';

/** What can be out of order for a while, so that less may be expected of Keyturn. */
export type Place = 'storage' | 'vault' | 'arm' | 'regenerateKey' | 'setSecret' | 'timers';

/** What consumers can be asked to keep to. */
export interface Terms {
  readonly mode: 'rotate' | 'observe';
  readonly isConfigured: boolean;
  readonly consumers: readonly string[];
  readonly lifetimeMs: number;
  readonly retire: RetirePolicy;
  /** The policy's word, or the consumers' evidence, can count (rules 16 and 17). */
  readonly isProvable: boolean;
}

/** Something that happened, as the world saw it. Keyturn's own word counts only in `recorded`. */
export type Event =
  | { readonly what: 'terms'; readonly terms: Terms }
  | { readonly what: 'outage'; readonly place: Place; readonly isOver: boolean }
  | {
      readonly what: 'fault';
      readonly worker: string;
      readonly call: string;
      readonly fate: string;
    }
  | { readonly what: 'store-back'; readonly lostMs: number }
  | { readonly what: 'person'; readonly did: string }
  | { readonly what: 'revoke-asked'; readonly slot: SlotName }
  | { readonly what: 'held'; readonly untilMs: EpochMs }
  | { readonly what: 'gateway'; readonly exists: boolean }
  /** A token exists: `key` counts the keys which its slot has had. */
  | {
      readonly what: 'minted';
      readonly by: 'keyturn' | 'person';
      readonly fingerprint: string;
      readonly slot: SlotName;
      readonly key: number;
      readonly expiryAtMs: EpochMs;
    }
  | { readonly what: 'regenerated'; readonly by: 'keyturn' | 'person'; readonly slot: SlotName }
  | {
      readonly what: 'sent';
      readonly worker: string;
      readonly call: string;
      readonly isObserving: boolean;
    }
  | {
      readonly what: 'secret-set';
      readonly by: 'keyturn' | 'person';
      readonly fingerprint: string;
      readonly sequence?: number;
    }
  /** Key Vault's latest version is another one, or in another state, without a new one being set. */
  | { readonly what: 'secret-shows'; readonly fingerprint: string | undefined }
  | {
      readonly what: 'stored';
      readonly consumer: string;
      readonly sequence: number;
      readonly fingerprint: string;
    }
  | { readonly what: 'offline'; readonly consumer: string; readonly isOver: boolean }
  | {
      readonly what: 'pod-started';
      readonly consumer: string;
      readonly pod: string;
      readonly fingerprint: string;
    }
  | { readonly what: 'recorded'; readonly record: CredentialRecord }
  | { readonly what: 'queued'; readonly depth: number }
  | { readonly what: 'leak'; readonly where: string }
  | { readonly what: 'bug'; readonly worker: string; readonly message: string };

export type Happening = Event & { readonly atMs: EpochMs };

/** Everything that happened in a run, in order. The invariants are functions of this and nothing else. */
export interface History {
  readonly happenings: readonly Happening[];
  /** From here on there are neither faults nor people: whatever was broken has to heal. */
  readonly calmFromMs: EpochMs;
  readonly endedAtMs: EpochMs;
}

export type Note = (event: Event) => void;
