import { KeyturnError, type Code } from '../core/errors.ts';

/** One call to Azure, as a person who has to mend it wants it named. */
export interface Call {
  /** Whether losing the answer leaves the world unknown (`write`) or only us (`read`). */
  readonly kind: 'read' | 'write';
  readonly what: string;
  /** The right that the call takes. */
  readonly right: string;
}

/**
 * The facts of a failed call. All that is kept of an SDK's error: its message, request and response can hold a value
 * (the body of a published secret, an answer which echoes it), so they never reach a message or a `cause`.
 */
export interface Answer {
  /** Undefined where no answer came. */
  readonly status?: number;
  /** Azure's own word for it, or the network's. */
  readonly code: string;
  readonly requestId?: string;
}

/** The members of the SDKs' error classes which are read here; each SDK fills others of them. */
interface SdkError extends Error {
  readonly code?: unknown;
  readonly statusCode?: number;
  readonly details?: {
    /** Key Vault. */
    readonly error?: { readonly innerError?: { readonly code?: unknown } };
    /** Table Storage. */
    readonly odataError?: { readonly code?: unknown };
  };
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
}

const IDENTITY_ERRORS = [
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
];

const AZURE_ERRORS = ['RestError', 'AbortError', ...IDENTITY_ERRORS];

const BY_STATUS: Readonly<Record<number, Code>> = {
  401: 'ERR_FORBIDDEN',
  403: 'ERR_FORBIDDEN',
  404: 'ERR_NOT_FOUND',
  409: 'ERR_BUSY',
  429: 'ERR_THROTTLED',
};

/** What Azure answered, or undefined where the error is none of Azure's: a bug. */
export function answerOf(error: unknown): Answer | undefined {
  if (!isSdkError(error)) return undefined;
  const { statusCode, details, response } = error;
  const code = details?.error?.innerError?.code ?? details?.odataError?.code ?? error.code;
  const requestId = plainWord(response?.headers.get('x-ms-request-id'));
  return {
    ...(statusCode !== undefined && { status: statusCode }),
    code: plainWord(code) ?? error.name,
    ...(requestId !== undefined && { requestId }),
  };
}

/** For `.catch`: the one answer with this code is `undefined`, every other error goes on. */
export function exceptFor(code: string): (error: unknown) => undefined {
  return (error) => {
    if (answerOf(error)?.code !== code) throw error;
    return undefined;
  };
}

/** Runs a call; whatever goes wrong is told in the service's own errors. Bugs pass as they are. */
export async function calling<T>(call: Call, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const answer = answerOf(error);
    if (answer === undefined) throw error;
    const isIdentity = error instanceof Error && IDENTITY_ERRORS.includes(error.name);
    throw refusal(isIdentity ? identityCode(answer) : codeFor(answer, call), answer, call);
  }
}

function refusal(code: Code, answer: Answer, { what, right }: Call): KeyturnError {
  const said = `${what}: ${answer.status ?? 'no answer'} (${answer.code})`;
  const needs = code === 'ERR_FORBIDDEN' ? `; the identity needs ${right}` : '';
  return new KeyturnError(code, said + needs, { cause: answer });
}

function codeFor({ status }: Answer, { kind }: Call): Code {
  if (status === undefined) return 'ERR_UNAVAILABLE';
  if (status >= 400 && status < 500 && status !== 408) {
    return BY_STATUS[status] ?? 'ERR_INVALID_REQUEST';
  }
  return kind === 'write' ? 'ERR_REPLY_LOST' : 'ERR_UNAVAILABLE';
}

/** The app got no token, so nothing was sent: either nobody gave it an identity, or the endpoint is down. */
function identityCode({ status = 0 }: Answer): Code {
  return status >= 400 && status < 500 && status !== 429 ? 'ERR_FORBIDDEN' : 'ERR_UNAVAILABLE';
}

function isSdkError(error: unknown): error is SdkError {
  return error instanceof Error && AZURE_ERRORS.includes(error.name);
}

/** Azure's codes are single words; anything longer could be an echo of what was sent. */
function plainWord(text: unknown): string | undefined {
  return typeof text === 'string' && /^[\w.-]{1,64}$/.test(text) ? text : undefined;
}
