import { createHash } from 'node:crypto';

/** Key Vault allows 127 characters; 110 leave room for suffixes such as `--next`. */
const MAX_ID_LENGTH = 110;

const HASH_LENGTH = 8;

const GATEWAY = /^(\/subscriptions\/.+\/service\/([^/]+))\/gateways\/([^/]+)$/i;

/** The two names in a gateway's ARM id, as written, and its service; undefined for any other id. */
export function gatewayParts(
  target: string,
):
  | { readonly service: string; readonly serviceName: string; readonly gateway: string }
  | undefined {
  const [, service, serviceName, gateway] = GATEWAY.exec(target) ?? [];
  if (service === undefined || serviceName === undefined || gateway === undefined) return undefined;
  return { service, serviceName, gateway };
}

/** ARM id of a gateway of a service. */
export function gatewayTarget(service: string, gateway: string): string {
  return `${service.replace(/\/$/, '')}/gateways/${gateway}`;
}

/**
 * The id of a credential whose entry names no secret: `<service>--<gateway>`, in lower case because
 * neither ARM nor Key Vault tells cases apart, other characters as `-`, cut with a hash at 110 characters.
 */
export function credentialId(serviceName: string, gateway: string): string {
  const full = `${serviceName}--${gateway}`.toLowerCase();
  const mapped = full.replace(/[^0-9a-z-]/g, '-');
  if (mapped.length <= MAX_ID_LENGTH) return mapped;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, HASH_LENGTH);
  return `${mapped.slice(0, MAX_ID_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

/** ARM ids and Key Vault names which differ only in case are one. */
export function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
