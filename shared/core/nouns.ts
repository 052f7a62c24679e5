import type { DurationMs, EpochMs, Limits } from './limits.ts';

/** The kinds of credential. Each has its rules in `kinds.ts` and its adapter in `shared/azure/`. */
export type Kind = 'gateway-token';

/** A place at the issuer which makes versions valid. A gateway has two: `primary` and `secondary`. */
export type SlotName = string;

/** First 16 hex digits of the SHA-256 of a bare value: tells values apart without holding one. */
export type Fingerprint = string;

/** Why a version was published. `repair` puts the same bytes back; the others are new bytes. */
export type PublishCause = 'first' | 'renewal' | 'operator' | 'drift' | 'revoke' | 'repair';

export type RetireCause = 'superseded' | 'unfinished' | 'revoke';

/** The version which consumers are given. */
export interface Version {
  /** Growing, never reused; what consumers compare (rule 12). */
  readonly sequence: number;
  readonly slot: SlotName;
  readonly expiryAtMs: EpochMs;
  readonly fingerprint: Fingerprint;
  /** Key Vault's version id, which moves when a repair publishes the same bytes again. */
  readonly vaultVersion: string;
  /** When consumers could first have it. A repair does not move it. */
  readonly publishedAtMs: EpochMs;
}

/** A version on its way. Outlives the intent which carries it, so that a crash can be told from success. */
export interface Attempt {
  readonly sequence: number;
  readonly slot: SlotName;
  readonly cause: PublishCause;
  readonly startedAtMs: EpochMs;
  readonly expiryAtMs: EpochMs;
  readonly fingerprint: Fingerprint;
}

/**
 * What is known of a slot. Its state follows from the instants (`slotState`): used, retiring,
 * settling, clean.
 */
export interface Slot {
  readonly name: SlotName;
  readonly firstSeenAtMs: EpochMs;
  /** False until the first retire: somebody may have made values here before Keyturn came (rule 7). */
  readonly pastKnown: boolean;
  /** The latest expiry ever signed or booked on the slot; 0 when none is alive. Only a retire result lowers it. */
  readonly maxExpiryAtMs: EpochMs;
  /** The latest deadline of a publish intent on the slot, completed or not. */
  readonly publishDeadlineAtMs?: EpochMs;
  /** First publish on another slot since this one was current: overlap and `after` count from here. */
  readonly supersededAtMs?: EpochMs;
  /** The latest deadline of a retire intent on the slot: the point of no return is behind us. */
  readonly retireDeadlineAtMs?: EpochMs;
  /** When a retire was known to have succeeded. */
  readonly retiredAtMs?: EpochMs;
}

/** One action under way, so that a second worker leaves it alone until its deadline. It saves work; it protects nothing. */
export interface Intent {
  readonly step: 'publish' | 'retire';
  readonly slot: SlotName;
  readonly deadlineAtMs: EpochMs;
}

/** A step which failed and is passed over until `untilMs` (rule 9). */
export interface Setback {
  readonly step: StepName | 'observe';
  /** Empty where the step concerns no slot. */
  readonly slot: SlotName;
  readonly code: string;
  /** What a person has to do, where only a person can help. */
  readonly remedy: string;
  readonly blocked: boolean;
  /** In a row, since the step last succeeded. */
  readonly count: number;
  readonly untilMs: EpochMs;
}

/** What an operator asked for. Kept until it is done. */
export type Request =
  | { readonly ask: 'rotate'; readonly reason: string; readonly by: string; readonly atMs: EpochMs }
  | {
      readonly ask: 'revoke';
      readonly slot: SlotName;
      /** Retire even if no new value can be published before. */
      readonly withoutNew: boolean;
      readonly reason: string;
      readonly by: string;
      readonly atMs: EpochMs;
    };

export interface Hold {
  readonly untilMs: EpochMs;
  readonly reason: string;
  readonly by: string;
}

/** Result of minting the published bytes again. */
export interface Probe {
  readonly atMs: EpochMs;
  readonly result: 'alive' | 'dead';
}

/** Why nothing is done for a credential any more. Its history stays. */
export interface Closed {
  readonly reason: 'not-configured' | 'issuer-gone';
  readonly atMs: EpochMs;
}

/** All that Keyturn remembers of one credential. Never a value. */
export interface CredentialRecord {
  readonly schema: 1;
  readonly id: string;
  readonly kind: Kind;
  /** What is rotated at the issuer: a gateway's ARM id. Lets a discovered credential be found without asking ARM. */
  readonly target: string;
  /** The last sequence booked, by a completed publish or not. */
  readonly sequence: number;
  readonly current?: Version;
  readonly next?: Attempt;
  readonly slots: readonly Slot[];
  readonly intent?: Intent;
  readonly setbacks: readonly Setback[];
  readonly probe?: Probe;
  /** Instants of repairs within the last `repairWindowMs`. */
  readonly repairsAtMs: readonly EpochMs[];
  /** How often the issuer gave two different values for one minute. More than once is a finding. */
  readonly deviations: number;
  readonly request?: Request;
  readonly hold?: Hold;
  readonly closed?: Closed;
  readonly dueAtMs: EpochMs;
}

/** How a slot which is no longer current may be retired. */
export type RetirePolicy =
  | { readonly when: 'expired' }
  | { readonly when: 'adopted'; readonly overlapMs: DurationMs }
  | { readonly when: 'after'; readonly afterMs: DurationMs };

/** A cluster or workload which may pull a credential. */
export interface ConsumerTerms {
  readonly id: string;
  /** The consumer's word that no pod runs longer with an old value than this after it stored a new one (rule 16). */
  readonly restartWithinMs?: DurationMs;
}

/** What the configuration says about one credential, resolved. */
export interface Policy {
  readonly id: string;
  readonly kind: Kind;
  readonly target: string;
  readonly lifetimeMs: DurationMs;
  /** Part of the life after which a new version is due, 0 to 1. */
  readonly renewAt: number;
  readonly retire: RetirePolicy;
  readonly format: 'gateway-key' | 'raw';
  /** Somebody reads Key Vault without Keyturn knowing: only `expired` retires (rule 17). */
  readonly directReaders: boolean;
  readonly consumers: readonly ConsumerTerms[];
  /** Consumers named for this credential which nobody configured. */
  readonly missingConsumers: readonly string[];
  readonly mode: 'rotate' | 'observe';
  readonly limits: Limits;
}

/** One consumer's evidence about one credential, the last of each sort. */
export interface Adoption {
  readonly consumer: string;
  /** First hand-out of any version (rule 14). */
  readonly firstSeenAtMs: EpochMs;
  /** Last time this consumer was heard, by any call. */
  readonly seenAtMs: EpochMs;
  /** The version whose ETag it last presented, since when without a change, and when last. */
  readonly fetched?: {
    readonly sequence: number;
    readonly sinceMs: EpochMs;
    readonly atMs: EpochMs;
  };
  /** Its last adoption report. */
  readonly report?: AdoptionReport & { readonly atMs: EpochMs };
}

/** What a consumer says it stored and runs. */
export interface AdoptionReport {
  readonly stored: number;
  readonly running: readonly { readonly version: number; readonly pods: number }[];
  readonly desired: number;
}

/** Key Vault's latest version of the published secret. `unknown` is a failed read and never `absent`. */
export type VaultReading =
  | {
      readonly state: 'present';
      readonly version: string;
      /** Of the bare value, whatever it is. */
      readonly fingerprint: Fingerprint;
      /** Is it written exactly as consumers want it: right prefix, once? */
      readonly formatted: boolean;
      readonly tags: VaultTags;
    }
  | { readonly state: 'disabled' }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly trouble: Trouble };

/** Why nothing can be decided: a failed read, or a condition which only somebody can mend. */
export interface Trouble {
  readonly code: string;
  /** What a person has to do, where only a person can help. */
  readonly remedy: string;
  readonly blocked: boolean;
  readonly retryAfterMs?: DurationMs;
}

/** Enough to rebuild a lost record, as a take-over. */
export interface VaultTags {
  readonly sequence?: number;
  readonly slot?: SlotName;
  readonly installation?: string;
}

export type IssuerReading =
  | { readonly state: 'present' | 'absent' }
  | { readonly state: 'unknown'; readonly trouble: Trouble };

/** The world as one reconcile saw it. */
export interface Observation {
  readonly installation: string;
  /** Blank where the store has none: no slots, sequence 0. */
  readonly record: CredentialRecord;
  readonly vault: VaultReading;
  readonly issuer: IssuerReading;
  readonly adoption: readonly Adoption[] | 'unknown';
}

/** What to do next. The first check which wants something wins. */
export type Step =
  | { readonly do: 'identify'; readonly reason: string }
  | { readonly do: 'probe'; readonly slot: SlotName; readonly reason: string }
  | {
      readonly do: 'publish';
      readonly cause: PublishCause;
      readonly slot: SlotName;
      readonly expiryAtMs: EpochMs;
      readonly reason: string;
    }
  /** Key Vault already holds the attempt's sequence: only the record lacks it. */
  | { readonly do: 'finish'; readonly slot: SlotName; readonly reason: string }
  | {
      readonly do: 'retire';
      readonly cause: RetireCause;
      readonly slot: SlotName;
      readonly reason: string;
    }
  | { readonly do: 'close'; readonly why: Closed['reason']; readonly reason: string };

export type StepName = Step['do'];

/** Nothing to do before an instant. */
export interface Later {
  readonly do: 'wait';
  readonly untilMs: EpochMs;
  readonly reason: string;
  /** Later checks may not speak: another worker acts, or the target is gone. */
  readonly stop?: true;
}

/** Nothing can be decided: recorded as a setback of `observe`, and looked at again when it ends. */
export interface Stuck {
  readonly do: 'setback';
  readonly trouble: Trouble;
  readonly reason: string;
}

export type Decision = Step | Later | Stuck;
