import { type RaisedEvent, toRoundTrip } from '../events.ts';
import { announcement } from '../state.ts';
import type { Twin } from '../twin.ts';

const LOOK_EVERY_MS = 500;

/** Gateways send a heartbeat every minute; who is silent longer is not connected. */
const SILENCE_MS = 60_000;

/** One pod of a gateway. */
export interface Instance {
  readonly gateway: string;
  readonly instance: string;
}

/** Which instance runs with a token of which expiry. */
export interface Connections {
  see(caller: Instance, expiresAtMs: number): void;
}

interface Connection extends Instance {
  readonly expiresAtMs: number;
  readonly seenAtMs: number;
}

/**
 * Tells by events when a connected instance's token is near its expiry, and when it has expired:
 * once for each instance and token. Nothing here is kept over a restart; the next call brings it.
 */
export function watchConnections(twin: Twin): Connections {
  const connections = new Map<string, Connection>();
  const look = () => {
    const nowMs = Date.now();
    for (const [key, connection] of connections) {
      if (nowMs - connection.seenAtMs > SILENCE_MS) connections.delete(key);
      else announce(twin, connection, nowMs);
    }
  };
  setInterval(look, LOOK_EVERY_MS).unref();
  return {
    see: (caller, expiresAtMs) => {
      const seenAtMs = Date.now();
      connections.set(`${caller.gateway}/${caller.instance}`, { ...caller, expiresAtMs, seenAtMs });
    },
  };
}

function announce(twin: Twin, connection: Connection, nowMs: number): void {
  for (const event of eventsDue(connection, twin.seed.nearExpiryMs, nowMs)) {
    if (twin.state.announced.has(announcement(event))) continue;
    twin.record(connection.instance, { kind: 'event-raised' }, event);
  }
}

/** The token events which an instance has caused until now. */
export function eventsDue(
  { gateway, instance, expiresAtMs }: Omit<Connection, 'seenAtMs'>,
  nearExpiryMs: number,
  nowMs: number,
): readonly RaisedEvent[] {
  const subject = `/gateways/${gateway}/${instance}`;
  const gatewayInfo = { gatewayId: gateway, instanceId: instance };
  const at = toRoundTrip(new Date(expiresAtMs));
  const event = (name: string, tokenInfo: Readonly<Record<string, string>>) => ({
    eventType: `Microsoft.ApiManagement.${name}`,
    subject,
    data: { gatewayInfo, tokenInfo },
  });
  if (nowMs < expiresAtMs - nearExpiryMs) return [];
  const near = event('GatewayTokenNearExpiry', { expiresAtUtc: at });
  if (nowMs < expiresAtMs) return [near];
  return [near, event('GatewayTokenExpired', { expiredAtUtc: at })];
}
