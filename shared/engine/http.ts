import { STATUS_CODES } from 'node:http';
import { type Code, ERRORS, KeyturnError } from '../core/errors.ts';
import type { Log } from '../ports.ts';

/** What a door needs of a request. The request of `@azure/functions` fits. */
export interface Call {
  readonly headers: { get(name: string): string | null };
  readonly params: Readonly<Record<string, string>>;
  readonly query: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Door = (call: Call) => Promise<Reply>;

/** No body of a report or an operation is larger. */
const MAX_BODY_LENGTH = 64 * 1024;

const RETRY_AFTER_SECONDS = 10;

/** Nothing that this service says may be kept by anybody between. */
export const NO_STORE = { 'Cache-Control': 'no-store' };

/** Every other code is ours to mend, and for the caller the service is unavailable for a while. */
const STATUS: Partial<Record<Code, number>> = {
  ERR_INPUT: 400,
  ERR_UNAUTHENTICATED: 401,
  ERR_KEYS_UNAVAILABLE: 401,
  ERR_ACCESS: 403,
  ERR_UNKNOWN: 404,
  ERR_NOT_ALLOWED: 409,
  ERR_CONFIRMATION: 409,
  ERR_ISSUER_GONE: 410,
};

export function json(status: number, content: unknown, headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { ...NO_STORE, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(content),
  };
}

export function empty(status: number, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { ...NO_STORE, ...headers } };
}

/** Answers expected errors as `application/problem+json` and logs them; a bug stays the host's. */
export function answering(log: Log, name: string, door: Door): Door {
  return async (call) => {
    try {
      return await door(call);
    } catch (error) {
      if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
      log(isOurs(error) ? 'error' : 'warn', `${name}: ${error.message}`, {
        code: error.code,
        ...(call.params['id'] !== undefined && { id: call.params['id'].slice(0, 127) }),
      });
      return problem(error);
    }
  };
}

/** Somebody has to mend it, and it is not the caller. */
function isOurs({ code, remedy }: KeyturnError): boolean {
  return remedy !== 'retry' && STATUS[code] === undefined;
}

/** RFC 9457. What is the caller's to mend is told in full; of ours, only the code's own sentence. `more`: extension members. */
export function problem(error: KeyturnError, more: Readonly<Record<string, unknown>> = {}): Reply {
  const { code } = error;
  const status = STATUS[code] ?? 503;
  const detail = error.remedy === 'reject' && status < 500 ? error.message : ERRORS[code][1];
  return {
    status,
    headers: {
      ...NO_STORE,
      'Content-Type': 'application/problem+json',
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
      ...((status === 503 || error.remedy === 'retry') && {
        'Retry-After': String(retryAfterSeconds(error)),
      }),
    },
    body: JSON.stringify({ title: STATUS_CODES[status], status, code, detail, ...more }),
  };
}

function retryAfterSeconds({ retryAfterMs }: KeyturnError): number {
  return retryAfterMs === undefined ? RETRY_AFTER_SECONDS : Math.ceil(retryAfterMs / 1_000);
}

/** @throws ERR_INPUT */
export async function readJson(call: Call): Promise<unknown> {
  const text = await call.text();
  if (text.length > MAX_BODY_LENGTH) {
    throw new KeyturnError('ERR_INPUT', `The body is longer than ${MAX_BODY_LENGTH} characters.`);
  }
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KeyturnError('ERR_INPUT', 'The body is not JSON.', { cause });
  }
}
