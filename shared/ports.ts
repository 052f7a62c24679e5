import type { DurationMs, EpochMs } from './core/limits.ts';
import type {
  Adoption,
  AdoptionReport,
  CredentialRecord,
  Fingerprint,
  Kind,
  Policy,
  SlotName,
  VaultTags,
  Version,
} from './core/nouns.ts';
import type { Finding } from './core/findings.ts';
import type { Secret } from './core/secret.ts';

/**
 * What the engine needs from the world. Every method which fails throws a `KeyturnError`; a failed read is never
 * an absent thing. Methods which change something at Azure take `deadlineAtMs`: it is checked right before every send,
 * and a call lasts at most the time that remains (rule 5). `undefined` means absent, seen to be absent.
 */
export interface Ports {
  readonly nowMs: () => EpochMs;
  readonly records: RecordStore;
  readonly adoptions: AdoptionStore;
  readonly history: HistoryStore;
  readonly sweeps: SweepStore;
  readonly queue: ReconcileQueue;
  readonly vault: SecretVault;
  readonly issuers: Readonly<Record<Kind, Issuer>>;
  readonly gateways: GatewayDirectory;
  readonly log: Log;
}

export interface Stored<T> {
  readonly value: T;
  readonly etag: string;
}

/** One record for each credential; every write is a compare-and-set. */
export interface RecordStore {
  /** @throws ERR_UNAVAILABLE, ERR_FORBIDDEN, ERR_SCHEMA_NEWER */
  read(id: string): Promise<Stored<CredentialRecord> | undefined>;
  /**
   * Writes over the version with `etag`, or creates it where `etag` is undefined. Returns the new ETag.
   * @throws ERR_CONFLICT when it changed meanwhile, ERR_REPLY_LOST when nobody knows, ERR_UNAVAILABLE, ERR_FORBIDDEN
   */
  write(record: CredentialRecord, etag: string | undefined): Promise<string>;
  /** All records, for the sweep: identity, due time and whether closed, nothing else. @throws ERR_UNAVAILABLE */
  list(): Promise<readonly RecordSummary[]>;
}

export interface RecordSummary {
  readonly id: string;
  readonly target: string;
  readonly dueAtMs: EpochMs;
  readonly closed: boolean;
}

/** Consumers' evidence. Each method is an upsert of its own members, so that they do not overwrite one another. */
export interface AdoptionStore {
  /** @throws ERR_UNAVAILABLE */
  list(credential: string): Promise<readonly Adoption[]>;
  /** First hand-out (rule 14). Idempotent: a later call leaves the first instant. @throws ERR_UNAVAILABLE */
  first(credential: string, consumer: string, atMs: EpochMs): Promise<void>;
  /** @throws ERR_UNAVAILABLE */
  fetched(
    credential: string,
    consumer: string,
    fetched: NonNullable<Adoption['fetched']>,
  ): Promise<void>;
  /** @throws ERR_UNAVAILABLE */
  report(
    credential: string,
    consumer: string,
    report: AdoptionReport & { atMs: EpochMs },
  ): Promise<void>;
  /** Which expiry a gateway instance runs with, as Event Grid told. At most 200 for each credential are listed. @throws ERR_UNAVAILABLE */
  instance(credential: string, instance: InstanceEvidence): Promise<void>;
  /** @throws ERR_UNAVAILABLE */
  instances(credential: string): Promise<readonly InstanceEvidence[]>;
  /** Forgets instances whose token expired before, at most a thousand a call. @throws ERR_UNAVAILABLE */
  prune(credential: string, beforeMs: EpochMs): Promise<void>;
}

export interface InstanceEvidence {
  readonly instance: string;
  readonly expiryAtMs: EpochMs;
  readonly atMs: EpochMs;
}

/** For people. Never read by a decision. */
export interface HistoryStore {
  /** @throws ERR_UNAVAILABLE */
  append(entry: HistoryEntry): Promise<void>;
  /** Newest first. @throws ERR_UNAVAILABLE */
  list(credential: string, most: number): Promise<readonly HistoryEntry[]>;
  /** Deletes what is older, at most a thousand entries a call. @throws ERR_UNAVAILABLE */
  prune(credential: string, beforeMs: EpochMs): Promise<void>;
}

export interface HistoryEntry {
  readonly credential: string;
  readonly atMs: EpochMs;
  /** A word of docs/architecture.md: publish, adopt, retire, probe, identify, setback, hold, ... */
  readonly event: string;
  /** One sentence for people, without any value. */
  readonly message: string;
  readonly sequence?: number;
  readonly slot?: SlotName;
}

/** The last sweep, so that others notice that timers died, and what it found wrong. */
export interface SweepStore {
  /** @throws ERR_UNAVAILABLE */
  last(): Promise<SweepReport | undefined>;
  /** @throws ERR_UNAVAILABLE */
  done(report: SweepReport): Promise<void>;
}

export interface SweepReport {
  readonly atMs: EpochMs;
  /** What concerns no single credential, at most 50. */
  readonly findings: readonly Finding[];
}

/** What the reconcile queue carries: a credential to look at, or a sweep which the timer missed. */
export type Message =
  | { readonly v: 1; readonly reconcile: string; readonly target?: string; readonly atMs: EpochMs }
  | { readonly v: 1; readonly sweep: true; readonly atMs: EpochMs };

export interface ReconcileQueue {
  /** Visible after `delayMs`, rounded up to whole seconds, at most MAX_PARKED. @throws ERR_UNAVAILABLE */
  put(message: Message, delayMs: DurationMs): Promise<void>;
}

/** The Key Vault of the configuration; one secret for each credential, named by its id. */
export interface SecretVault {
  /**
   * The latest version. A version which somebody disabled is present, and not ours.
   * @throws ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN
   */
  latest(name: string): Promise<VaultSecret | 'disabled' | undefined>;
  /** One version's value, for pulls. @throws ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_UNAVAILABLE, ERR_THROTTLED */
  version(name: string, version: string): Promise<Secret>;
  /**
   * Makes a new version and returns its id. A deleted secret is recovered first, which takes a while.
   * @throws ERR_SECRET_RECOVERING, ERR_DEADLINE, ERR_REPLY_LOST, ERR_BUSY, ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN
   */
  publish(name: string, content: Publication, deadlineAtMs: EpochMs): Promise<string>;
}

export interface VaultSecret {
  readonly version: string;
  readonly value: Secret;
  readonly tags: VaultTags;
}

export interface Publication {
  readonly value: Secret;
  readonly contentType: string;
  readonly expiresAtMs: EpochMs;
  readonly tags: Required<VaultTags>;
}

/** One kind's issuer: five calls. */
export interface Issuer {
  /**
   * Where does a value found in Key Vault come from? Undefined when the issuer would not make it: foreign.
   * @throws ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN
   */
  takeOver(policy: Policy, value: Secret): Promise<Origin | undefined>;
  /** The slots that exist, or undefined when the target is gone. @throws ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN, ERR_NOT_FOUND (the service) */
  issuedSlots(policy: Policy): Promise<readonly SlotName[] | undefined>;
  /** `deviates`: the issuer contradicts itself, so nobody knows. @throws ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN */
  isAlive(
    policy: Policy,
    version: Pick<Version, 'slot' | 'expiryAtMs' | 'fingerprint'>,
  ): Promise<'alive' | 'dead' | 'deviates'>;
  /**
   * The bare value for a slot and expiry, verified as far as the issuer lets anyone verify. `trusting` accepts an issuer
   * known to deviate. Changes nothing at Azure for gateway tokens.
   * @throws ERR_TOKEN_SHAPE, ERR_DEVIATION, ERR_BUSY, ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN, ERR_INVALID_REQUEST
   */
  bytesOf(
    policy: Policy,
    slot: SlotName,
    expiryAtMs: EpochMs,
    trusting: boolean,
  ): Promise<IssuedValue>;
  /** Kills every value of the slot. Already gone is success. @throws ERR_DEADLINE, ERR_REPLY_LOST, ERR_BUSY, ERR_THROTTLED, ERR_UNAVAILABLE, ERR_FORBIDDEN */
  retire(policy: Policy, slot: SlotName, deadlineAtMs: EpochMs): Promise<void>;
}

export interface Origin {
  readonly slot: SlotName;
  readonly expiryAtMs: EpochMs;
  readonly fingerprint: Fingerprint;
}

export interface IssuedValue {
  readonly value: Secret;
  readonly fingerprint: Fingerprint;
}

/** Discovery of self-hosted gateways, for `gateway: "*"`. */
export interface GatewayDirectory {
  /** ARM ids of all gateways of a service, all pages. @throws ERR_UNAVAILABLE, ERR_THROTTLED, ERR_FORBIDDEN, ERR_NOT_FOUND */
  list(service: string): Promise<readonly string[]>;
}

/** What Event Grid told about a gateway. */
export interface GatewayEvent {
  readonly type: 'token-near-expiry' | 'token-expired' | 'created' | 'deleted';
  /** ARM id of the gateway. */
  readonly target: string;
  /** Which instance runs a token with which expiry. */
  readonly instance?: { readonly name: string; readonly expiryAtMs: EpochMs };
}

/** Reads a delivery of either schema. Undefined where it is not about a gateway's token or life; never throws. */
export type ReadGatewayEvent = (delivered: unknown) => GatewayEvent | undefined;

/** Where the configuration's text comes from: a file of the deployment or a blob. */
export interface ConfigSource {
  /** `unchanged` when it is still the one with `etag`. @throws ERR_UNAVAILABLE, ERR_FORBIDDEN, ERR_NOT_FOUND */
  read(
    etag: string | undefined,
  ): Promise<{ readonly text: string; readonly etag: string } | 'unchanged'>;
}

/** Structured lines. `code` is an error's or a finding's; nothing secret may be in `fields`. */
export interface Log {
  (
    level: 'info' | 'warn' | 'error',
    message: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
