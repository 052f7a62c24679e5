import type { Hono } from 'hono';
import { credentialsOf, type Env, newApi, observed } from '../http.ts';
import { mintGatewayToken } from '../mint-gateway-token.ts';
import type { State } from '../state.ts';
import type { Twin } from '../twin.ts';
import type { Connections } from './connections.ts';
import { newRefusals } from './refusals.ts';

/** Why a gateway's call is refused. */
type RefusalReason = 'malformed' | 'gateway mismatch' | 'unknown gateway' | 'signature' | 'expired';

/** The endpoint self-hosted gateways get their configuration from, with the token they were started with. */
export function configurationApi(twin: Twin, connections: Connections): Hono<Env> {
  const api = newApi();
  const refusals = newRefusals(twin);
  const seen = observed(twin, 'configuration', 'getConfiguration');
  api.get('/gateways/:gateway/configuration', seen, (c) => {
    const gateway = c.req.param('gateway');
    const instance = (c.req.header('x-keyturn-instance') ?? 'unnamed').slice(0, 128);
    const caller = { gateway, instance };
    const token = credentialsOf(c, 'GatewayKey') ?? '';
    const checked = checkToken(twin.state, gateway, token, Date.now());
    if (checked.expiresAtMs !== undefined) connections.see(caller, checked.expiresAtMs);
    if (checked.reason !== undefined) {
      refusals.note(caller, checked.reason);
      return c.json({ reason: checked.reason }, 401);
    }
    refusals.end(caller);
    twin.counters.countGatewayCall('good');
    return c.json({ gateway });
  });
  return api;
}

/** The expiry is told only where the signature is good. */
interface Checked {
  readonly expiresAtMs?: number;
  readonly reason?: RefusalReason;
}

/**
 * Judges a token by the keys which are in force now. What has expired is told as expired, also where its key was
 * regenerated since: pods which slept over both were cut off by the first.
 */
export function checkToken(
  { gateways }: State,
  gateway: string,
  token: string,
  nowMs: number,
): Checked {
  const [, named, minute = ''] = /^(.+)&(\d{12})&[^&]+$/.exec(token) ?? [];
  const expiresAtMs = Date.parse(minute.replace(/(....)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:00Z'));
  if (named === undefined || Number.isNaN(expiresAtMs)) return { reason: 'malformed' };
  if (named !== gateway) return { reason: 'gateway mismatch' };
  const known = gateways.get(gateway);
  if (known === undefined) return { reason: 'unknown gateway' };
  const expiresAt = new Date(expiresAtMs);
  const isSigned = [known.keys.primary, known.keys.secondary].some(
    (key) => mintGatewayToken(gateway, key.value, expiresAt) === token,
  );
  const isExpired = expiresAtMs <= nowMs;
  if (!isSigned) return { reason: isExpired ? 'expired' : 'signature' };
  return isExpired ? { expiresAtMs, reason: 'expired' } : { expiresAtMs };
}
