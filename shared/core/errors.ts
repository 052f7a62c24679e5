import type { DurationMs } from './limits.ts';

/**
 * What can be done about an error. `retry`: may work later. `reobserve`: the world is not as it was
 * read. `blocked`: somebody must act, this credential only. `reject`: the caller's input. `crash`: a bug.
 */
export type Remedy = 'retry' | 'reobserve' | 'blocked' | 'reject' | 'crash';

/** Every code of the service, what can be done about it, and what to tell a person. Codes are stable. */
export const ERRORS = {
  ERR_THROTTLED: ['retry', 'Azure limits the rate; the call is made again after Retry-After.'],
  ERR_UNAVAILABLE: [
    'retry',
    'The service did not answer or answered with a fault; the call is made again.',
  ],
  ERR_BUSY: [
    'retry',
    'Azure is changing the resource at this moment and refused the call; it is made again.',
  ],
  ERR_DEADLINE: ['reobserve', 'The deadline of the intent passed before the call could be sent.'],
  ERR_REPLY_LOST: [
    'reobserve',
    'A write was sent and its answer was lost; the next reconcile looks what became of it.',
  ],
  ERR_CONFLICT: [
    'reobserve',
    'The record was changed by another worker; the next reconcile reads it again.',
  ],
  ERR_READ_BACK: [
    'reobserve',
    'Key Vault does not show what was just published; somebody writes into the same secret.',
  ],
  ERR_TOKEN_SHAPE: [
    'reobserve',
    'The minted token does not name the gateway and minute that were asked for.',
  ],
  ERR_DEVIATION: [
    'reobserve',
    'Two mints of one minute gave different bytes: the key was regenerated between them, or the issuer does not mint deterministically.',
  ],
  ERR_SECRET_RECOVERING: ['retry', 'The secret was deleted; it is being recovered.'],
  ERR_FORBIDDEN: [
    'blocked',
    'The identity lacks a right. Grant the role of the remedy to the managed identity.',
  ],
  ERR_NOT_FOUND: [
    'blocked',
    'A service, vault or gateway of the configuration does not exist. Correct the configuration or create it.',
  ],
  ERR_INVALID_REQUEST: [
    'blocked',
    'Azure refused the request as invalid. Correct the configuration of the credential.',
  ],
  ERR_FOREIGN_INSTALLATION: [
    'blocked',
    'Another installation of Keyturn publishes this secret. Give each installation its own secret name.',
  ],
  ERR_REPAIRED_TOO_OFTEN: [
    'blocked',
    'The secret was overwritten more than three times in a day. Find who writes it and stop them.',
  ],
  ERR_SCHEMA_NEWER: [
    'blocked',
    'The record was written by a newer release. Finish the deployment of that release.',
  ],
  ERR_CONFIG: ['reject', 'The configuration is not valid.'],
  ERR_INPUT: ['reject', 'The request is not valid.'],
  ERR_NOT_ALLOWED: ['reject', 'The state of the credential does not allow this operation now.'],
  ERR_UNAUTHENTICATED: [
    'reject',
    'Present a bearer token of a configured issuer for the configured audience.',
  ],
  ERR_KEYS_UNAVAILABLE: [
    'retry',
    "The keys of the token's issuer cannot be read now, so the token cannot be checked.",
  ],
  ERR_ACCESS: ['reject', 'The caller may not do this.'],
  ERR_UNKNOWN: ['reject', 'There is no such credential or operation.'],
  ERR_CONFIRMATION: ['reject', 'Confirm the number of consumers who will be hurt.'],
  ERR_NOT_ISSUED: ['retry', 'No version of the credential was published yet.'],
  ERR_ISSUER_GONE: ['reject', 'What issued the credential was deleted; no version follows.'],
  ERR_EVIDENCE: [
    'retry',
    'The hand-out could not be recorded, and without it the value must not be handed out.',
  ],
  ERR_BUG: ['crash', 'This should not happen.'],
} as const satisfies Record<string, readonly [Remedy, string]>;

export type Code = keyof typeof ERRORS;

/**
 * The only error class of the service. The message may be logged and shown: it names the field, what was expected
 * and what to do, and never holds a value. Evidence goes into `cause`.
 */
export class KeyturnError extends Error {
  override readonly name = 'KeyturnError';
  readonly code: Code;
  readonly remedy: Remedy;
  /** How long the service asked us to stay away. */
  readonly retryAfterMs?: DurationMs;

  constructor(
    code: Code,
    message: string,
    more: { cause?: unknown; retryAfterMs?: DurationMs } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.code = code;
    this.remedy = ERRORS[code][0];
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
  }
}
