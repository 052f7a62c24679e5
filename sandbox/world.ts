import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PORT_OFFSETS } from './contract.ts';

/**
 * The default world: one API Management service, three gateways, and clusters. A token lives for four
 * minutes, so that a rotation happens while one watches.
 */
export interface World {
  readonly directory: string;
  /** When this run began; it names the run. */
  readonly runAtMs: number;
  readonly urls: Readonly<Record<keyof typeof PORT_OFFSETS, string>>;
  readonly ports: readonly number[];
  readonly clusters: readonly ClusterPlan[];
  readonly credentials: readonly CredentialPlan[];
}

export interface ClusterPlan {
  readonly id: string;
  readonly port: number;
  readonly login: 'direct' | 'entra';
  /** The application as which it logs in at Entra. */
  readonly application: string;
}

export interface CredentialPlan {
  readonly id: string;
  readonly gateway: string;
  /** Found by `"*"`, not named in the configuration. */
  readonly discovered: boolean;
  readonly retire: 'adopted' | 'expired';
  /** Ids of the clusters which run the gateway. */
  readonly consumers: readonly string[];
}

export const MOST_CLUSTERS = 8;
export const SERVICE = 'contoso';
export const SUBSCRIPTION = guidOf('subscription');
export const TENANT = guidOf('tenant');
export const RESOURCE_GROUP = 'rg-contoso';
export const SERVICE_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}/providers/Microsoft.ApiManagement/service/${SERVICE}`;
export const AUDIENCE = 'api://keyturn.sandbox';
export const SUBJECT = 'system:serviceaccount:gateways:keyturn-agent';

/** Name of the app's identity, which the twin's journal shows. */
export const APP = 'keyturn';

/** Whole minutes, because Azure cuts an expiry to the minute. */
export const TOKEN_LIFE_MS = 240_000;

/** Of `retire: adopted`. */
export const OVERLAP_MS = 15_000;

/** How long after its expiry a token still counts as alive. */
export const EXPIRY_MARGIN_MS = 5_000;

const CLUSTERS = [
  'edge-lyon',
  'aks-weu',
  'edge-oslo',
  'aks-neu',
  'edge-rome',
  'aks-eus',
  'edge-kyoto',
  'aks-sea',
] as const;

export function makeWorld(options: {
  readonly directory: string;
  readonly port: number;
  readonly clusters: number;
  readonly runAtMs: number;
}): World {
  const { directory, port, runAtMs } = options;
  const clusters = CLUSTERS.slice(0, options.clusters).map((id, index) => ({
    id,
    port: port + PORT_OFFSETS.clusters + index,
    login: id.startsWith('aks-') ? ('entra' as const) : ('direct' as const),
    application: guidOf(id),
  }));
  const offsets = Object.values(PORT_OFFSETS).filter((offset) => offset < PORT_OFFSETS.clusters);
  return {
    directory,
    runAtMs,
    urls: urlsAt(port),
    ports: [...offsets.map((offset) => port + offset), ...clusters.map((each) => each.port)],
    clusters,
    credentials: credentialsOf(clusters.map(({ id }) => id)),
  };
}

/** Both ways to retire side by side, and both ways to be found. */
function credentialsOf(clusters: readonly string[]): readonly CredentialPlan[] {
  const plan = (gateway: string, more: Pick<CredentialPlan, 'retire' | 'consumers'>) => ({
    id: `${SERVICE}--${gateway}`,
    gateway,
    discovered: gateway === 'berlin',
    ...more,
  });
  return [
    plan('paris', { retire: 'adopted', consumers: clusters }),
    plan('lyon', { retire: 'expired', consumers: clusters.slice(0, 1) }),
    plan('berlin', { retire: 'adopted', consumers: clusters.slice(-1) }),
  ];
}

function urlsAt(port: number): World['urls'] {
  const plain: readonly string[] = ['app', 'identity', 'control'];
  const urls = Object.entries(PORT_OFFSETS).map(([name, offset]) => {
    const scheme = plain.includes(name) ? 'http' : 'https';
    return [name, `${scheme}://127.0.0.1:${port + offset}`] as const;
  });
  return Object.fromEntries(urls) as World['urls'];
}

/** Where the sandbox keeps its things. */
export function filesOf({ directory }: Pick<World, 'directory'>) {
  return {
    certificates: join(directory, 'certificates'),
    configuration: join(directory, 'keyturn.yaml'),
    logs: join(directory, 'logs'),
    host: join(directory, 'host'),
    azurite: join(directory, 'azurite'),
    twin: join(directory, 'twin'),
    twinSeed: join(directory, 'twin.json'),
    clusterSeed: (id: string) => join(directory, `${id}.json`),
    clusterState: (id: string) => join(directory, `${id}.state.json`),
    lock: join(directory, 'lock'),
    sandbox: join(directory, 'sandbox.json'),
  };
}

/** The same name has the same id on every machine. */
export function guidOf(name: string): string {
  const hex = createHash('sha256').update(`keyturn sandbox ${name}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
  return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
