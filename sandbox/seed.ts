import { randomUUID } from 'node:crypto';
import type { Authority } from './certificates.ts';
import { EXCHANGE_AUDIENCE } from './clusters/login.ts';
import type { ClusterSeed, Identity, Right, SandboxFile, Seed } from './contract.ts';
import {
  APP,
  AUDIENCE,
  type ClusterPlan,
  filesOf,
  guidOf,
  RESOURCE_GROUP,
  SERVICE,
  SERVICE_ID,
  SUBJECT,
  SUBSCRIPTION,
  TENANT,
  TOKEN_LIFE_MS,
  type World,
} from './world.ts';

const PODS = 2;
const RESTART_EVERY_MS = 45_000;
const CALL_EVERY_MS = 250;

/** Less than what is left of a life at renewal: who runs with such a token lags. */
const NEAR_EXPIRY_MS = 30_000;

/** All that Keyturn is granted at Azure, and no more. */
const APP_RIGHTS: readonly Right[] = [
  'gateways/read',
  'gateways/generateToken',
  'gateways/regenerateKey',
  'secrets/get',
  'secrets/list',
  'secrets/set',
  'secrets/update',
  'secrets/recover',
];

const OWNER_RIGHTS: readonly Right[] = [
  ...APP_RIGHTS,
  'gateways/write',
  'gateways/delete',
  'gateways/listKeys',
  'secrets/delete',
  'secrets/purge',
];

/** What the twin is born with. */
export function twinSeed(world: World): Seed {
  return {
    tenant: TENANT,
    subscription: SUBSCRIPTION,
    resourceGroup: RESOURCE_GROUP,
    service: SERVICE,
    gateways: world.credentials.map(({ gateway }) => gateway),
    maxTokenLifeMs: TOKEN_LIFE_MS,
    identities: [
      identity(APP, { rights: APP_RIGHTS }),
      identity('operator', { roles: ['Keyturn.Operator'] }),
      identity('reader', { roles: ['Keyturn.Reader'] }),
      identity('owner', { rights: OWNER_RIGHTS }),
      ...world.clusters.filter(({ login }) => login === 'entra').map(applicationOf),
    ],
    audience: AUDIENCE,
    identityHeader: randomUUID(),
    subscriptions: [
      {
        url: `${world.urls.app}/runtime/webhooks/EventGrid?functionName=on-gateway-event`,
        eventTypes: [
          'GatewayCreated',
          'GatewayDeleted',
          'GatewayTokenNearExpiry',
          'GatewayTokenExpired',
        ].map((name) => `Microsoft.ApiManagement.${name}`),
      },
    ],
    nearExpiryMs: NEAR_EXPIRY_MS,
  };
}

/** What one cluster is started with. */
export function clusterSeed(world: World, plan: ClusterPlan, authority: Authority): ClusterSeed {
  const { app, login, configuration } = world.urls;
  return {
    id: plan.id,
    runAtMs: world.runAtMs,
    port: plan.port,
    gateways: world.credentials
      .filter(({ consumers }) => consumers.includes(plan.id))
      .map(({ id, gateway }) => ({ name: gateway, credential: id, pods: PODS })),
    login: plan.login,
    application: plan.application,
    subject: SUBJECT,
    audience: AUDIENCE,
    tenant: TENANT,
    urls: { app, login, configuration },
    tls: { certFile: authority.certFile, keyFile: authority.keyFile },
    stateFile: filesOf(world).clusterState(plan.id),
    restartEveryMs: RESTART_EVERY_MS,
    callEveryMs: CALL_EVERY_MS,
  };
}

/** What programs outside need to talk to the sandbox. */
export function sandboxFile(
  world: World,
  authority: Authority,
  processes: SandboxFile['processes'],
): SandboxFile {
  const { app, arm, vault, graph, login, control } = world.urls;
  const tokenOf = (person: string) => `${control}/control/people/${person}`;
  return {
    app,
    arm,
    vault,
    graph,
    login,
    control,
    caFile: authority.caFile,
    serviceId: SERVICE_ID,
    audience: AUDIENCE,
    credentials: world.credentials.map(({ id }) => id),
    clusters: world.clusters.map(({ id, port }) => {
      const issuer = issuerOf(port);
      return { id, issuer, tokenUrl: `${issuer}/token`, statusUrl: `${issuer}/status` };
    }),
    people: {
      operatorTokenUrl: tokenOf('operator'),
      readerTokenUrl: tokenOf('reader'),
      ownerTokenUrl: tokenOf('owner'),
    },
    processes,
  };
}

export function issuerOf(port: number): string {
  return `https://127.0.0.1:${port}`;
}

function applicationOf(plan: ClusterPlan): Identity {
  const federated = { issuer: issuerOf(plan.port), subject: SUBJECT, audience: EXCHANGE_AUDIENCE };
  return { ...identity(plan.id, {}), clientId: plan.application, federated: [federated] };
}

function identity(name: string, more: Partial<Pick<Identity, 'rights' | 'roles'>>): Identity {
  return {
    clientId: guidOf(`${name} client`),
    objectId: guidOf(`${name} object`),
    displayName: name,
    rights: [],
    ...more,
  };
}
