import type { Context, Handler } from 'hono';
import { z } from 'zod';
import { fingerprint, type GatewayProperties } from '../facts.ts';
import { newKey, newKeys } from '../gateway/keys.ts';
import { bodyOf, callerOf, type Env } from '../http.ts';
import { mintGatewayToken } from '../mint-gateway-token.ts';
import type { Gateway } from '../state.ts';
import type { Twin } from '../twin.ts';
import { parsed, serviceError, validationError } from './errors.ts';

export const GATEWAY =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.ApiManagement/service/:service/gateways/:gateway';

type GatewayHandler = Handler<Env, typeof GATEWAY>;
type GatewayContext = Context<Env, typeof GATEWAY>;

const PAGE_SIZE = 100;
const MINUTE_MS = 60_000;

const place = z.string().max(256).exactOptional();
const propertiesSchema = z.object({
  locationData: z
    .object({ name: z.string().max(256), city: place, district: place, countryOrRegion: place })
    .exactOptional(),
  description: z.string().max(1000).exactOptional(),
});
const gatewaySchema = z.object({ properties: propertiesSchema });
const keyType = z.enum(['primary', 'secondary']);
const regenerateSchema = z.object({ keyType });
const tokenSchema = z.object({ keyType, expiry: z.iso.datetime({ offset: true }) });
const pageSchema = z.object({
  $top: z.coerce.number().int().min(1).default(PAGE_SIZE),
  $skip: z.coerce.number().int().min(0).default(0),
  $filter: z.never('The twin does not filter.').exactOptional(),
});

/** Pages of at most 100, with the count of all. */
export function list(twin: Twin): Handler<Env> {
  return (c) => {
    const { $top, $skip } = parsed(pageSchema, c.req.query());
    const all = [...twin.state.gateways].toSorted(([a], [b]) => a.localeCompare(b));
    const value = all.slice($skip, $skip + $top).map((entry) => toContract(twin, ...entry));
    const end = $skip + $top;
    if (end >= all.length) return c.json({ value, count: all.length });
    const query = new URLSearchParams({
      'api-version': c.req.query('api-version') ?? '',
      $top: String($top),
      $skip: String(end),
    });
    const nextLink = `${twin.urls.arm}${c.req.path}?${query.toString()}`;
    return c.json({ value, count: all.length, nextLink });
  };
}

/** GET, and HEAD for its ETag. */
export function get(twin: Twin): GatewayHandler {
  return (c) => answer(c, twin, 200);
}

export function put(twin: Twin): GatewayHandler {
  return async (c) => {
    const { properties } = parsed(gatewaySchema, await bodyOf(c));
    const name = c.req.param('gateway');
    if (name.length > 80 || name === 'managed') throw badName();
    const before = twin.state.gateways.get(name);
    if (c.req.header('if-match') !== undefined) requireMatch(c, before);
    change(c, twin, properties, before);
    return answer(c, twin, before === undefined ? 201 : 200);
  };
}

export function patch(twin: Twin): GatewayHandler {
  return async (c) => {
    const { properties } = parsed(gatewaySchema, await bodyOf(c));
    const before = found(c, twin);
    requireMatch(c, before);
    change(c, twin, { ...before.properties, ...properties }, before);
    return answer(c, twin, 200);
  };
}

/** 200, and 204 when it is gone already. */
export function remove(twin: Twin): GatewayHandler {
  return (c) => {
    const gateway = c.req.param('gateway');
    const before = twin.state.gateways.get(gateway);
    requireIfMatch(c);
    if (before === undefined) return c.body(null, 204);
    requireMatch(c, before);
    twin.record(
      callerOf(c).displayName,
      { kind: 'gateway-deleted', gateway },
      told(twin, 'Deleted', gateway),
    );
    return c.body(null, 200);
  };
}

export function listKeys(twin: Twin): GatewayHandler {
  return (c) => {
    const { keys, revision } = found(c, twin);
    c.header('etag', etagOf(revision));
    return c.json({ primary: keys.primary.value, secondary: keys.secondary.value });
  };
}

/** Changes nothing, and the same question has the same answer; an expiry in the past is taken too. */
export function generateToken(twin: Twin): GatewayHandler {
  return async (c) => {
    const { keyType: slot, expiry } = parsed(tokenSchema, await bodyOf(c));
    const gateway = c.req.param('gateway');
    const key = found(c, twin).keys[slot];
    const expiresAt = new Date(expiry);
    if (expiresAt.getTime() - Date.now() > twin.seed.maxTokenLifeMs) throw tooLong(twin);
    const value = mintGatewayToken(gateway, key.value, expiresAt);
    twin.record(callerOf(c).displayName, {
      kind: 'token-minted',
      gateway,
      slot,
      keyVersion: key.version,
      expiresAtMs: Math.floor(expiresAt.getTime() / MINUTE_MS) * MINUTE_MS,
      fingerprint: fingerprint(value),
    });
    return c.json({ value });
  };
}

/** Every token signed with the old key of the slot is dead from here on. */
export function regenerateKey(twin: Twin): GatewayHandler {
  return async (c) => {
    const { keyType: slot } = parsed(regenerateSchema, await bodyOf(c));
    const gateway = c.req.param('gateway');
    const key = newKey(found(c, twin).keys[slot].version + 1);
    twin.record(callerOf(c).displayName, { kind: 'key-regenerated', gateway, slot, key });
    return c.body(null, 204);
  };
}

function found(c: GatewayContext, twin: Twin): Gateway {
  const gateway = twin.state.gateways.get(c.req.param('gateway'));
  if (gateway === undefined) throw serviceError(404, 'ResourceNotFound', 'Gateway not found.');
  return gateway;
}

function answer(c: GatewayContext, twin: Twin, status: 200 | 201): Response {
  const gateway = found(c, twin);
  c.header('etag', etagOf(gateway.revision));
  return c.json(toContract(twin, c.req.param('gateway'), gateway), status);
}

function change(
  c: GatewayContext,
  twin: Twin,
  properties: GatewayProperties,
  before: Gateway | undefined,
): void {
  const gateway = c.req.param('gateway');
  const keys = before === undefined ? { keys: newKeys() } : {};
  const event = told(twin, before === undefined ? 'Created' : 'Updated', gateway);
  const by = callerOf(c).displayName;
  twin.record(by, { kind: 'gateway-put', gateway, properties, ...keys }, event);
}

/** `heartbeat` is in no description and in every recorded answer. */
function toContract(twin: Twin, name: string, { properties }: Gateway) {
  return {
    id: `${twin.serviceId}/gateways/${name}`,
    type: 'Microsoft.ApiManagement/service/gateways',
    name,
    properties: { ...properties, heartbeat: null },
  };
}

function told(twin: Twin, happened: 'Created' | 'Updated' | 'Deleted', gateway: string) {
  return {
    eventType: `Microsoft.ApiManagement.Gateway${happened}`,
    subject: `/gateways/${gateway}`,
    data: { resourceUri: `${twin.serviceId}/gateways/${gateway}` },
  };
}

function etagOf(revision: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(revision));
  return `"${bytes.toString('base64')}"`;
}

function requireIfMatch(c: GatewayContext): string {
  const asked = c.req.header('if-match');
  if (asked !== undefined) return asked;
  throw validationError([{ target: 'If-Match', message: 'If-Match header is required.' }]);
}

function requireMatch(c: GatewayContext, gateway: Gateway | undefined): void {
  const asked = requireIfMatch(c);
  const matches = gateway !== undefined && (asked === '*' || asked === etagOf(gateway.revision));
  if (matches) return;
  throw serviceError(412, 'PreconditionFailed', 'Resource was modified since last retrieval.');
}

function badName() {
  const message = 'Gateway identifier has 1 to 80 characters and is not "managed".';
  return validationError([{ target: 'gatewayId', message }]);
}

function tooLong({ seed }: Twin) {
  const message = `Expiry must be within ${seed.maxTokenLifeMs / MINUTE_MS} minutes from now.`;
  return validationError([{ target: 'expiry', message }]);
}
