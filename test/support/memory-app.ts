import { readGatewayEvent } from '../../shared/azure/gateway-events.ts';
import { type App, openApp } from '../../shared/engine/app.ts';
import { type Configuration, parseConfiguration } from '../../shared/engine/config.ts';
import type { Context } from '../../shared/engine/context.ts';
import { answering, type Call, type Reply } from '../../shared/engine/http.ts';
import { openIssuerKeys } from '../../shared/engine/issuer-keys.ts';
import { memoryWorld } from '../fakes/memory.ts';
import {
  AUDIENCE,
  CLUSTER,
  clusterIssuer,
  entraIssuer,
  issuersOnline,
  SUBJECT,
  TENANT,
} from './issuers.ts';

export const SERVICE =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/r/providers/Microsoft.ApiManagement/service/contoso';
export const APPLICATION = '66666666-7777-8888-9999-000000000000';
export const PARIS = 'contoso--paris';

/** Two consumers, one by each way; paris is both's, lyon is aks-weu's, all others are discovered. */
export const CONFIG = `
mode: rotate
vault: https://kv-contoso.vault.azure.net
identity: { audiences: ["${AUDIENCE}"], tenant: ${TENANT} }
consumers:
  - { id: edge-lyon, issuer: "${CLUSTER}", subject: "${SUBJECT}", restartWithin: PT6H }
  - { id: aks-weu, application: ${APPLICATION} }
gatewayTokens:
  - { service: ${SERVICE}, gateway: paris, consumers: [edge-lyon, aks-weu], retire: adopted }
  - { service: ${SERVICE}, gateway: lyon, consumers: [aks-weu] }
  - { service: ${SERVICE}, gateway: "*", consumers: ["{gateway}"] }
`;

export interface Asking {
  readonly token?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

/** The whole engine on Azure in memory, on the test's clock, with a cluster's and Entra's tokens. */
export function memoryApp(text = CONFIG) {
  const clock = { nowMs: Date.parse('2026-11-23T12:00:00Z') };
  const nowMs = () => clock.nowMs;
  const { ports, world } = memoryWorld(nowMs);
  const cluster = clusterIssuer(nowMs);
  const entra = entraIssuer(nowMs);
  const web = issuersOnline([cluster, entra]);
  const file: { configuration: Configuration } = { configuration: parseConfiguration(text) };
  const context: Context = {
    ports,
    installation: 'keyturn-test',
    configuration: async () => file.configuration,
  };
  const app = openApp(context, openIssuerKeys(web.fetchJson, ports), readGatewayEvent);

  return {
    app,
    clock,
    cluster,
    context,
    entra,
    file,
    ports,
    web,
    world,
    tokens: {
      lyon: (claims = {}) => cluster.sign({ sub: SUBJECT, ...claims }),
      weu: (claims = {}) => entra.sign({ sub: 'sp', oid: 'sp', azp: APPLICATION, ...claims }),
      operator: () => entra.sign(person('Keyturn.Operator')),
      reader: () => entra.sign(person('Keyturn.Reader')),
    },
    ask: (door: keyof App['doors'], asking: Asking): Promise<Reply> =>
      answering(ports.log, door, app.doors[door])(callOf(asking)),
    /** Ids of the reconciles in the queue, without the sweeps which callers ask for. */
    reconciles: (): readonly string[] =>
      world.messages.flatMap(({ message }) => ('reconcile' in message ? [message.reconcile] : [])),
    /** Reconciles until nothing of the credential is due any more. */
    async settle(id: string, target?: string) {
      for (let turns = 0; turns < 10; turns += 1) {
        const message = { v: 1, reconcile: id, ...(target && { target }), atMs: clock.nowMs };
        await app.take(message);
      }
      world.messages.length = 0;
    },
  };
}

function person(role: string) {
  return { sub: 'p', oid: 'object-1', preferred_username: 'ada@contoso.com', roles: [role] };
}

export function callOf({ token, params = {}, headers = {}, query = '', body }: Asking): Call {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    params,
    headers: new Headers({ ...headers, ...authorization }),
    query: new URLSearchParams(query),
    text: async () =>
      body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
  };
}

export function bodyOf(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.body ?? '{}') as Record<string, unknown>;
}
