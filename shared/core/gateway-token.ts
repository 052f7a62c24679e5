import type { EpochMs } from './limits.ts';
import type { Policy } from './nouns.ts';

const PREFIX = 'GatewayKey ';

/** What a gateway token tells in plain text. Who signed it only API Management can say. */
export interface GatewayToken {
  readonly gateway: string;
  /** A whole minute: the format has no seconds. */
  readonly expiryAtMs: EpochMs;
}

/**
 * Reads `gateway-id&yyyyMMddHHmm&signature`, from the right because nothing forbids `&` in a gateway's id.
 * Undefined where the value is no gateway token. Takes the bare token (`bareToken`).
 * @see API Management 2024-05-01, gateways generateToken; test/fixtures/recordings
 */
export function parseToken(bare: string): GatewayToken | undefined {
  const match = /^(?<gateway>.+)&(?<minute>\d{12})&[A-Za-z0-9+/]+={0,2}$/.exec(bare);
  const { gateway, minute } = match?.groups ?? {};
  if (gateway === undefined || minute === undefined) return undefined;
  const expiryAtMs = Date.parse(
    minute.replace(/^(....)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:00.000Z'),
  );
  return minuteOf(expiryAtMs) === minute ? { gateway, expiryAtMs } : undefined;
}

/** The minute of an instant as a token writes it: `yyyyMMddHHmm`, UTC, seconds cut off. Empty where it is no instant. */
export function minuteOf(atMs: EpochMs): string {
  if (Number.isNaN(atMs)) return '';
  return new Date(atMs).toISOString().replace(/\D/g, '').slice(0, 12);
}

/** A token without `GatewayKey `, however often somebody wrote it, and without white space around it. */
export function bareToken(value: string): string {
  return value.trim().replace(/^(?:GatewayKey\s+)+/, '');
}

/** A bare token as consumers want it: the gateway's container expects the prefix, exactly once. */
export function formatted(bare: string, format: Policy['format']): string {
  return format === 'gateway-key' ? PREFIX + bare : bare;
}
