import type { isSystemEvent } from '@azure/eventgrid';
import { gatewayTarget, sameName } from '../core/credential-id.ts';
import type { GatewayEvent, ReadGatewayEvent } from '../ports.ts';

/** The name of an event which some service of Azure sends. */
type SystemEventName = Parameters<typeof isSystemEvent>[0];

/** The events of API Management which say something about a gateway's token or life. */
const TYPES = {
  'Microsoft.ApiManagement.GatewayTokenNearExpiry': 'token-near-expiry',
  'Microsoft.ApiManagement.GatewayTokenExpired': 'token-expired',
  'Microsoft.ApiManagement.GatewayCreated': 'created',
  'Microsoft.ApiManagement.GatewayDeleted': 'deleted',
} as const satisfies Partial<Record<SystemEventName, GatewayEvent['type']>>;

/**
 * Reads an event of either schema. Names are compared without case, since API Management's own samples misspell them
 * (docs/azure-facts.md). Undefined where it is not about a gateway's token or life.
 */
export const readGatewayEvent: ReadGatewayEvent = (received) => {
  const event = members(received);
  const type = typeOf(textOf(event, 'eventtype') || textOf(event, 'type'));
  const service = textOf(event, 'topic') || textOf(event, 'source');
  const [, gateway = '', subjectInstance = ''] =
    /^\/gateways\/([^/]+)(?:\/([^/]+))?$/i.exec(textOf(event, 'subject')) ?? [];
  const content = members(event['data']);
  const info = members(content['gatewayinfo']);
  const named = textOf(content, 'resourceuri') || textOf(info, 'gatewayid') || gateway;
  if (type === undefined || named === '') return undefined;
  const target = named.startsWith('/') ? named : gatewayTarget(service, named);
  const token = members(content['tokeninfo']);
  const expiryAtMs = Date.parse(textOf(token, 'expiresatutc') || textOf(token, 'expiredatutc'));
  const name = textOf(info, 'instanceid') || subjectInstance;
  const known = name !== '' && !Number.isNaN(expiryAtMs);
  return { type, target, ...(known && { instance: { name, expiryAtMs } }) };
};

function typeOf(name: string): GatewayEvent['type'] | undefined {
  return Object.entries(TYPES).find(([known]) => sameName(known, name))?.[1];
}

/** Members by their names in lower case, without white space. */
function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.trim().toLowerCase(), member]),
  );
}

function textOf(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  return typeof value === 'string' ? value.trim() : '';
}
