import { ApiManagementClient } from '@azure/arm-apimanagement';
import { gatewayParts, gatewayTarget, sameName } from '../core/credential-id.ts';
import { KeyturnError } from '../core/errors.ts';
import { parseToken } from '../core/gateway-token.ts';
import type { EpochMs } from '../core/limits.ts';
import type { SlotName } from '../core/nouns.ts';
import { answerOf, calling, type Call } from './answers.ts';
import {
  limitOf,
  readOptions,
  writeOptions,
  type Access,
  type PipelineOptions,
} from './pipeline.ts';

export interface ApiManagementOptions extends Access {
  /** Azure Resource Manager, for instance `https://management.azure.com`. */
  readonly endpoint: string;
  /** For instance `https://management.azure.com/.default`. */
  readonly credentialScopes: string;
}

type KeyType = 'primary' | 'secondary';

/** A gateway has these two, always. */
export const SLOTS: readonly KeyType[] = ['primary', 'secondary'];

/** Where ARM finds a service. */
interface Service {
  readonly id: string;
  readonly subscription: string;
  readonly at: readonly [resourceGroup: string, service: string];
}

/** The four calls to ARM of which everything about gateways is made; all take ARM ids. */
export interface GatewayCalls {
  list(service: string): Promise<readonly string[]>;
  exists(target: string): Promise<boolean>;
  /** A bare token which names its gateway and minute. @throws ERR_TOKEN_SHAPE where it does not */
  mint(target: string, slot: SlotName, expiryAtMs: EpochMs): Promise<string>;
  /** Success where the gateway is gone: its tokens are dead. */
  regenerate(target: string, slot: SlotName, deadlineAtMs: EpochMs): Promise<void>;
}

/** @see API Management 2024-05-01: Gateway List By Service, Get, Generate Token, Regenerate Key */
export function openGatewayCalls(options: ApiManagementOptions): GatewayCalls {
  const readers = new Map<string, ApiManagementClient>();
  const reader = ({ subscription }: Service) => {
    const client = readers.get(subscription) ?? open(options, subscription, readOptions(options));
    readers.set(subscription, client);
    return client.gateway;
  };

  /**
   * For `.catch`. A 404 is the gateway's, the service's or the resource group's, in two shapes which only their texts
   * tell apart (docs/azure-facts.md): the gateway is gone only where its service still answers.
   */
  const unlessGone = (target: string) => async (error: unknown) => {
    if (answerOf(error)?.status !== 404) throw error;
    await calls.list(toGateway(target).service.id);
    return undefined;
  };

  const calls: GatewayCalls = {
    list: (id) =>
      calling(call('read', `list gateways of ${id}`, 'read'), async () => {
        const service = toService(id);
        const targets: string[] = [];
        for await (const { name } of reader(service).listByService(
          ...service.at,
          limitOf(options),
        )) {
          if (name !== undefined) targets.push(gatewayTarget(id, name));
        }
        return targets;
      }),

    exists: (target) =>
      calling(call('read', `read ${target}`, 'read'), async () => {
        const { service, name } = toGateway(target);
        const found = reader(service).get(...service.at, name, limitOf(options));
        return (await found.catch(unlessGone(target))) !== undefined;
      }),

    // Minting changes nothing at Azure and may be repeated, so it counts as a read.
    mint: (target, slot, expiryAtMs) =>
      calling(call('read', `mint a token of ${target}`, 'generateToken/action'), async () => {
        const { service, name } = toGateway(target);
        const request = { keyType: toKeyType(slot), expiry: new Date(expiryAtMs) };
        const where = [...service.at, name] as const;
        const minted = await reader(service).generateToken(...where, request, limitOf(options));
        return expectToken(minted.value ?? '', name, expiryAtMs);
      }),

    regenerate: (target, slot, deadlineAtMs) =>
      calling(call('write', `retire ${slot} of ${target}`, 'regenerateKey/action'), async () => {
        const { service, name } = toGateway(target);
        const limit = limitOf(options, deadlineAtMs);
        const writer = open(options, service.subscription, writeOptions(options, deadlineAtMs));
        const where = [...service.at, name] as const;
        const sent = writer.gateway.regenerateKey(...where, { keyType: toKeyType(slot) }, limit);
        await sent.catch(unlessGone(target));
      }),
  };
  return calls;
}

function open(
  { credential, endpoint, credentialScopes }: ApiManagementOptions,
  subscription: string,
  pipeline: PipelineOptions,
): ApiManagementClient {
  return new ApiManagementClient(credential, subscription, {
    endpoint,
    credentialScopes,
    ...pipeline,
  });
}

function expectToken(bare: string, gateway: string, expiryAtMs: EpochMs): string {
  const token = parseToken(bare);
  if (token && sameName(token.gateway, gateway) && token.expiryAtMs === expiryAtMs) return bare;
  const minute = new Date(expiryAtMs).toISOString();
  throw new KeyturnError('ERR_TOKEN_SHAPE', `not a token of gateway ${gateway} until ${minute}`);
}

/** Checked as strictly as the SDK does, whose own complaint would look like a bug. */
const SERVICE =
  /^\/subscriptions\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/resourceGroups\/([^/]{1,90})\/providers\/Microsoft\.ApiManagement\/service\/([a-z](?:[a-z\d-]{0,48}[a-z\d])?)\/?$/i;

function toService(id: string): Service {
  const [, subscription, resourceGroup, service] = SERVICE.exec(id) ?? [];
  if (subscription === undefined || resourceGroup === undefined || service === undefined) {
    throw new KeyturnError('ERR_INVALID_REQUEST', `not the ARM id of a service: ${id}`);
  }
  return { id, subscription, at: [resourceGroup, service] };
}

function toGateway(target: string): { readonly service: Service; readonly name: string } {
  const parts = gatewayParts(target);
  if (parts === undefined) {
    throw new KeyturnError('ERR_INVALID_REQUEST', `not the ARM id of a gateway: ${target}`);
  }
  return { service: toService(parts.service), name: parts.gateway };
}

function toKeyType(slot: SlotName): KeyType {
  const found = SLOTS.find((one) => one === slot);
  if (found === undefined) throw new KeyturnError('ERR_BUG', `a gateway has no slot ${slot}`);
  return found;
}

function call(kind: Call['kind'], what: string, action: string): Call {
  return { kind, what, right: `Microsoft.ApiManagement/service/gateways/${action}` };
}
