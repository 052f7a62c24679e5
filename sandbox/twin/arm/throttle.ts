import type { MiddlewareHandler } from 'hono';
import { callerOf, type Env, refusal } from '../http.ts';
import type { Twin } from '../twin.ts';

/** A bucket holds `size` tokens at most and gets `perSecond` back. */
interface Limit {
  readonly size: number;
  readonly perSecond: number;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

type Kind = 'reads' | 'writes' | 'deletes';

const LIMITS: Readonly<Record<Kind, Limit>> = {
  reads: { size: 250, perSecond: 25 },
  writes: { size: 200, perSecond: 10 },
  deletes: { size: 200, perSecond: 10 },
};

/** All principals of a subscription together have fifteen times what one has. */
const GLOBAL_FACTOR = 15;

/** Resource Manager's token buckets: for each principal, and for the subscription as a whole. */
export function throttled(twin: Twin): MiddlewareHandler<Env> {
  const buckets = new Map<string, Bucket>();
  const take = (name: string, limit: Limit) => {
    const bucket = withOneLess(buckets.get(name), limit, Date.now());
    if (bucket.tokens >= 0) buckets.set(name, bucket);
    return bucket.tokens;
  };
  return async (c, next) => {
    const caller = callerOf(c);
    const kind = kindOf(c.req.method);
    const limit = LIMITS[kind];
    const left = take(`${caller.objectId} ${kind}`, limit);
    if (left < 0)
      throw tooMany(kind, -left / limit.perSecond, [twin.seed.subscription, caller.clientId]);
    const globalLeft = take(kind, scaled(limit));
    await next();
    const remaining = 'x-ms-ratelimit-remaining-subscription';
    c.res.headers.set(`${remaining}-${kind}`, String(Math.floor(left)));
    c.res.headers.set(`${remaining}-global-${kind}`, String(Math.floor(globalLeft)));
  };
}

/** POST is a write, also where it only lists: `listKeys` was recorded so. */
function kindOf(method: string): Kind {
  if (method === 'DELETE') return 'deletes';
  return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
}

/** The bucket with one token less; below zero there was none left, and what is missing has to come back. */
export function withOneLess(bucket: Bucket | undefined, limit: Limit, nowMs: number): Bucket {
  const { tokens, atMs } = bucket ?? { tokens: limit.size, atMs: nowMs };
  const refilled = Math.min(limit.size, tokens + ((nowMs - atMs) / 1000) * limit.perSecond);
  return { tokens: refilled - 1, atMs: nowMs };
}

function scaled({ size, perSecond }: Limit): Limit {
  return { size: size * GLOBAL_FACTOR, perSecond: perSecond * GLOBAL_FACTOR };
}

function tooMany(kind: Kind, waitSeconds: number, [subscription, actor]: [string, string]) {
  const seconds = String(Math.ceil(waitSeconds));
  const message = `Number of '${kind}' for subscription '${subscription}' actor '${actor}' exceeded. Please try again after '${seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`;
  const error = { code: 'SubscriptionRequestsThrottled', message };
  return refusal(429, { error }, { 'retry-after': seconds });
}
