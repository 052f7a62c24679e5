import { KeyturnError } from '../core/errors.ts';
import type { DurationMs, EpochMs } from '../core/limits.ts';
import type { CredentialRecord, Policy, Version } from '../core/nouns.ts';
import { renewalAtMs } from '../core/schedule.ts';
import type { Secret } from '../core/secret.ts';
import type { Ports } from '../ports.ts';
import type { Authorize, Principal } from './authorize.ts';
import type { Context } from './context.ts';
import { findCredential, type Found, recordReader } from './credentials.ts';
import { openEvidence } from './evidence.ts';
import { type Call, type Door, empty, json, NO_STORE, type Reply } from './http.ts';
import { remembering } from './memory.ts';

/** A record is read again after this, at the next pull. */
const RECORD_AGE: DurationMs = 5_000;

const MAX_RECORDS = 5_000;

/** Values in memory, by Key Vault's version. */
const MAX_VALUES = 2_000;

const SHORTEST_POLL: DurationMs = 5_000;
const LONGEST_POLL: DurationMs = 300_000;

/** Polls are at least so many in a life, which matters where credentials live for minutes. */
const POLLS_IN_A_LIFE = 24;

/** Says on every answer what the body says as `pollAfterSeconds`, since a 304 has none. */
const POLL_HEADER = 'Keyturn-Poll-After';

/** `GET /v1/credentials/{id}`: the current value for a consumer. At rest it costs one cached record and no other call. */
export function pullDoor(context: Context, authorize: Authorize): Door {
  const { ports } = context;
  const evidence = openEvidence(ports);
  const recordOf = rememberRecords(ports);
  const valueOf = rememberValues(ports);

  return async (call) => {
    const configuration = await context.configuration();
    const principal = await authorize(call, configuration);
    const found = await findCredential(call.params['id'] ?? '', configuration, recordOf);
    const { policy, consumer, ...own } = demandOwn(found, principal);
    const { record, current } = issued(own.record);
    const etag = etagOf(current);
    const presented = presentedTags(call);
    await evidence.presented(policy, consumer, sequenceIn(presented, current));
    await evidence.handedOut(policy, consumer);
    const pollAfter = pollAfterSeconds(record, policy, ports.nowMs());
    const headers = { ETag: etag, [POLL_HEADER]: String(pollAfter) };
    if (presented.includes(etag)) return empty(304, headers);
    const value = await valueOf(`${policy.id}/${current.vaultVersion}`);
    if (wantsText(call)) return text(value, headers);
    return json(200, content(policy, current, { value, pollAfter }), headers);
  };
}

function rememberRecords(ports: Ports) {
  return remembering(recordReader(ports), {
    nowMs: ports.nowMs,
    maxAgeMs: RECORD_AGE,
    most: MAX_RECORDS,
    onStale: (id, error) => ports.log('warn', `${id}: pulls go on from memory: ${String(error)}`),
  });
}

/** A version of Key Vault never changes, so it is read once. */
function rememberValues({ vault, nowMs }: Ports) {
  const read = (key: string): Promise<Secret> => {
    const [id = '', version = ''] = key.split('/');
    return vault.version(id, version);
  };
  return remembering(read, { nowMs, maxAgeMs: Infinity, most: MAX_VALUES });
}

/**
 * One refusal for another's credential and for one which does not exist: nobody learns names by trying.
 * @throws ERR_ACCESS
 */
export function demandOwn({ policy, record }: Found, { consumer }: Principal): Own {
  const own = policy?.consumers.some(({ id }) => id === consumer);
  if (policy && consumer && own) return { policy, record, consumer };
  throw new KeyturnError('ERR_ACCESS', 'The credential is not one of this consumer.');
}

interface Own {
  readonly policy: Policy;
  readonly record: CredentialRecord | undefined;
  readonly consumer: string;
}

/** @throws ERR_ISSUER_GONE, ERR_NOT_ISSUED */
function issued(record: CredentialRecord | undefined): {
  readonly record: CredentialRecord;
  readonly current: Version;
} {
  if (record?.closed?.reason === 'issuer-gone') {
    throw new KeyturnError('ERR_ISSUER_GONE', `${record.target} was deleted; no version follows.`);
  }
  if (record?.current !== undefined) return { record, current: record.current };
  throw new KeyturnError('ERR_NOT_ISSUED', 'nothing was published yet');
}

function etagOf({ sequence, fingerprint }: Version): string {
  return `"${sequence}-${fingerprint}"`;
}

/** Without the mark of weak tags, which proxies add. */
function presentedTags(call: Call): readonly string[] {
  const header = call.headers.get('if-none-match') ?? '';
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}

/** Which version the consumer has, if what it presents is a tag of ours. */
function sequenceIn(presented: readonly string[], current: Version): number | undefined {
  const [tag = ''] = presented;
  if (tag === etagOf(current)) return current.sequence;
  const sequence = Number(/^"(\d{1,15})-[0-9a-f]{16}"$/.exec(tag)?.[1] ?? NaN);
  return sequence < current.sequence ? sequence : undefined;
}

function wantsText(call: Call): boolean {
  return /^text\/plain\b/i.test(call.headers.get('accept') ?? '');
}

function text(value: Secret, headers: Reply['headers']): Reply {
  return {
    status: 200,
    headers: { ...NO_STORE, 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body: value.reveal(),
  };
}

function content(
  policy: Policy,
  current: Version,
  { value, pollAfter }: { readonly value: Secret; readonly pollAfter: number },
) {
  return {
    id: policy.id,
    kind: policy.kind,
    version: current.sequence,
    value: value.reveal(),
    expiresAt: new Date(current.expiryAtMs).toISOString(),
    refreshAfter: new Date(renewalAtMs(current, policy)).toISOString(),
    pollAfterSeconds: pollAfter,
  };
}

/** Until something is due, so that a fleet has a planned version within seconds; short while one is on its way. */
export function pollAfterSeconds(record: CredentialRecord, policy: Policy, nowMs: EpochMs): number {
  const moving = record.intent ?? record.next ?? record.request;
  const untilDueMs = moving === undefined ? record.dueAtMs - nowMs : 0;
  const longestMs = Math.min(LONGEST_POLL, policy.lifetimeMs / POLLS_IN_A_LIFE);
  return Math.ceil(Math.max(SHORTEST_POLL, Math.min(untilDueMs, longestMs)) / 1_000);
}
