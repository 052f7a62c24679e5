import { gatewayTarget } from '../core/credential-id.ts';
import { type DurationMs, type EpochMs, MINUTE } from '../core/limits.ts';
import type { Policy } from '../core/nouns.ts';
import type { Ports } from '../ports.ts';
import type { Context } from './context.ts';
import { changeAndWake, messageFor } from './credentials.ts';
import { boundedMap } from './memory.ts';

/** Each instance of a gateway sends its own event: within this, one of them is enough to look. */
const QUIET: DurationMs = MINUTE;

const MAX_GATEWAYS = 5_000;

const TYPE =
  /^Microsoft\.ApiManagement\.(Gateway(?:TokenNearExpiry|TokenExpired|Created|Deleted))$/i;

/** What an event says about a gateway. */
export interface GatewayEvent {
  /** In lower case, without `Microsoft.ApiManagement.`. */
  readonly type: string;
  /** ARM id of the gateway. */
  readonly target: string;
  /** Which instance runs a token with which expiry. */
  readonly instance?: { readonly name: string; readonly expiryAtMs: EpochMs };
}

/**
 * Takes one event of API Management. An event never rotates anything: it is evidence of who lags, and a request to look.
 * Safe to take any number of times, in any order.
 */
export function gatewayEventDoor(context: Context): (event: unknown) => Promise<void> {
  const { ports } = context;
  const askedAtMs = boundedMap<EpochMs>(MAX_GATEWAYS);

  return async (received) => {
    const event = readEvent(received);
    if (event === undefined) return ports.log('info', 'event ignored: not one about a gateway');
    const policy = (await context.configuration()).policyOfTarget(event.target);
    if (policy === undefined) return ports.log('info', 'event ignored: gateway is not ours');
    if (event.instance !== undefined) {
      const { name: instance, expiryAtMs } = event.instance;
      await ports.adoptions.instance(policy.id, { instance, expiryAtMs, atMs: ports.nowMs() });
    }
    const asked = `${event.type} ${policy.id}`;
    if (ports.nowMs() - (askedAtMs.get(asked) ?? -Infinity) < QUIET) return;
    await askToLook(ports, policy);
    askedAtMs.set(asked, ports.nowMs());
  };
}

async function askToLook(ports: Ports, policy: Policy): Promise<void> {
  const stored = await ports.records.read(policy.id);
  if (stored === undefined) return ports.queue.put(messageFor(policy, ports.nowMs()), 0);
  await changeAndWake(ports, policy.id, (record) => record);
}

/**
 * Reads an event of either schema. Names are compared without case, since API Management's own samples misspell them
 * (azure-facts C.1). Undefined where it is not about a gateway's token or life.
 */
export function readEvent(received: unknown): GatewayEvent | undefined {
  const event = members(received);
  const [, type] = TYPE.exec(textOf(event, 'eventtype') || textOf(event, 'type')) ?? [];
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
  return { type: type.toLowerCase(), target, ...(known && { instance: { name, expiryAtMs } }) };
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
