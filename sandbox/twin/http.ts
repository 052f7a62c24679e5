import { setTimeout as pause } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Fault, Identity } from '../contract.ts';
import type { Twin } from './twin.ts';

/** What handlers know of a request; `caller` from the moment it proved who it is. */
export interface Env {
  Bindings: HttpBindings;
  Variables: { caller?: Identity };
}

export type Api = Fault['api'];

/** An API without routes. The SDKs end some paths with a slash, Azure does not mind. */
export function newApi(): Hono<Env> {
  return new Hono<Env>({ strict: false });
}

/** An answer to be thrown which is not the one that was asked for. */
export function refusal(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HTTPException {
  const res = Response.json(body, { status, headers });
  return new HTTPException(status as ContentfulStatusCode, { res });
}

/** The token of an `Authorization: <scheme> <token>` header. */
export function credentialsOf(c: Context, scheme: 'Bearer' | 'GatewayKey' | 'Basic') {
  const [, found, credentials] = /^(\S+) +(\S+)$/.exec(c.req.header('authorization') ?? '') ?? [];
  return found?.toLowerCase() === scheme.toLowerCase() ? credentials : undefined;
}

/** The JSON body, or nothing when it is none: the operation's schema then says what is missing. */
export async function bodyOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Who calls. @throws Error when the route does not ask callers who they are */
export function callerOf(c: Context<Env>): Identity {
  const caller = c.get('caller');
  if (caller === undefined) throw new Error(`${c.req.path} is served to anybody.`);
  return caller;
}

/** Sets headers on every answer, refusals included, and names the charset as Azure does. */
export function withHeaders(
  headersOf: (c: Context<Env>) => Readonly<Record<string, string>>,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    for (const [name, value] of Object.entries(headersOf(c))) headers.set(name, value);
    if (headers.has('content-type')) headers.set('content-type', 'application/json; charset=utf-8');
  };
}

/** Counts the request and treats it as the next fault which matches it says. */
export function observed(twin: Twin, api: Api, operation: string): MiddlewareHandler<Env> {
  return async (c, next) => {
    const byApp = c.get('caller') === twin.seed.identities[0];
    twin.counters.countRequest(`${api} ${operation}`, byApp);
    const fault = twin.faults.take(api, operation);
    if (fault?.delayMs !== undefined) await pause(fault.delayMs);
    if (fault?.status !== undefined) throw faultyAnswer(fault.status, fault.retryAfterSeconds);
    await next();
    if (fault?.lostReply === true) c.env.incoming.socket.destroy();
  };
}

function faultyAnswer(status: number, retryAfterSeconds: number | undefined): HTTPException {
  const code = status === 429 ? 'TooManyRequests' : 'InjectedFault';
  const error = { code, message: 'A fault was asked for at the control API.' };
  const headers =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return refusal(status, { error }, headers);
}
