import { z } from 'zod';
import { KeyturnError } from '../core/errors.ts';
import type { CredentialRecord } from '../core/nouns.ts';
import { parseColumn } from './column.ts';

const SCHEMA = 1;

const instant = z.number();

const version = z.strictObject({
  sequence: z.number(),
  slot: z.string(),
  expiryAtMs: instant,
  fingerprint: z.string(),
  vaultVersion: z.string(),
  publishedAtMs: instant,
});

const publishCause = z.enum(['first', 'renewal', 'operator', 'drift', 'revoke', 'repair']);

const attempt = z.strictObject({
  sequence: z.number(),
  slot: z.string(),
  cause: publishCause,
  startedAtMs: instant,
  expiryAtMs: instant,
  fingerprint: z.string(),
});

const slot = z.strictObject({
  name: z.string(),
  firstSeenAtMs: instant,
  pastKnown: z.boolean(),
  maxExpiryAtMs: instant,
  publishDeadlineAtMs: instant.exactOptional(),
  supersededAtMs: instant.exactOptional(),
  retireDeadlineAtMs: instant.exactOptional(),
  retiredAtMs: instant.exactOptional(),
});

const intent = z.strictObject({
  step: z.enum(['publish', 'retire']),
  slot: z.string(),
  deadlineAtMs: instant,
});

const setback = z.strictObject({
  step: z.enum(['observe', 'identify', 'probe', 'publish', 'finish', 'retire', 'close']),
  slot: z.string(),
  code: z.string(),
  remedy: z.string(),
  blocked: z.boolean(),
  count: z.number(),
  untilMs: instant,
});

const asked = { reason: z.string(), by: z.string(), atMs: instant };

const request = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('rotate'), ...asked }),
  z.strictObject({
    ask: z.literal('revoke'),
    slot: z.string(),
    withoutNew: z.boolean(),
    ...asked,
  }),
]);

/** A record as it lies in the table. Strict: a member that is not known here comes with a new schema number. */
const RECORD = z.strictObject({
  schema: z.literal(SCHEMA),
  id: z.string(),
  kind: z.literal('gateway-token'),
  target: z.string(),
  sequence: z.number(),
  current: version.exactOptional(),
  next: attempt.exactOptional(),
  slots: z.array(slot).readonly(),
  intent: intent.exactOptional(),
  setbacks: z.array(setback).readonly(),
  probe: z.strictObject({ atMs: instant, result: z.enum(['alive', 'dead']) }).exactOptional(),
  repairsAtMs: z.array(instant).readonly(),
  deviations: z.number(),
  request: request.exactOptional(),
  hold: z.strictObject({ untilMs: instant, reason: z.string(), by: z.string() }).exactOptional(),
  closed: z
    .strictObject({ reason: z.enum(['not-configured', 'issuer-gone']), atMs: instant })
    .exactOptional(),
  dueAtMs: instant,
});

/** What is written can be read: a word which the record has and the schema lacks does not compile. */
const readsAll: CredentialRecord extends z.output<typeof RECORD> ? true : never = true;
void readsAll;

/** Every release's record says at least which schema it has. */
const ANY_SCHEMA = z.looseObject({ schema: z.number() });

/**
 * Reads a record's text. What cannot be read is an error, never an absent record: that would be issued afresh.
 * @throws ERR_SCHEMA_NEWER, ERR_BUG
 */
export function parseRecord(id: string, text: string): CredentialRecord {
  const what = `record ${id}`;
  const { schema } = parseColumn(ANY_SCHEMA, text, what);
  if (schema <= SCHEMA) return parseColumn(RECORD, text, what);
  throw new KeyturnError(
    'ERR_SCHEMA_NEWER',
    `${what} has schema ${schema}, and this release knows ${SCHEMA}`,
  );
}
