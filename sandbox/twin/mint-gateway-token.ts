import { createHmac } from 'node:crypto';

/**
 * The access token of a self-hosted gateway as `generateToken` answers it, without `GatewayKey `:
 * `<gateway id>&<yyyyMMddHHmm>&<signature>`. The expiry is cut to its minute, in UTC. The HMAC's key
 * is the text of the base64 key as `listKeys` shows it, not its bytes; the signed instant is written
 * in .NET's round-trip format. The same three arguments always give the same token.
 */
export function mintGatewayToken(gatewayId: string, key: string, expiresAt: Date): string {
  const minute = expiresAt.toISOString().slice(0, 'yyyy-MM-ddTHH:mm'.length);
  const signature = createHmac('sha512', key)
    .update(`${gatewayId}\n${minute}:00.0000000Z`)
    .digest('base64');
  return `${gatewayId}&${minute.replace(/[-T:]/g, '')}&${signature}`;
}
