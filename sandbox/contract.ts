/**
 * What the sandbox's processes know of one another. Each is a program of its own; they share these
 * shapes and nothing else. `sandbox/main.ts` writes a `Seed` for the twin, a `ClusterSeed` for each
 * cluster, and, when all of them answer, `SandboxFile` for programs outside.
 */

/** Where each part listens: `--port` is the app's, the others follow it. All on 127.0.0.1. */
export const PORT_OFFSETS = {
  app: 0,
  /** Azure Resource Manager, TLS. */
  arm: 1,
  /** Key Vault data plane, TLS, one vault. */
  vault: 2,
  /** Entra: discovery, keys, tokens, TLS. */
  login: 3,
  /** Microsoft Graph, TLS. */
  graph: 4,
  /** API Management's configuration endpoint, which self-hosted gateways call, TLS. */
  configuration: 5,
  /** Managed identity endpoint of App Service, plain HTTP as there. */
  identity: 6,
  /** The sandbox's own: journal, faults, counters, people. Plain HTTP. */
  control: 7,
  blob: 8,
  queue: 9,
  table: 10,
  /** Clusters' issuers, TLS, counting up from here. */
  clusters: 11,
} as const;

/** What an identity may do at the twin. Anything else is refused the way Azure refuses it. */
export type Right =
  | 'gateways/read'
  | 'gateways/write'
  | 'gateways/delete'
  | 'gateways/generateToken'
  | 'gateways/regenerateKey'
  | 'gateways/listKeys'
  | 'secrets/get'
  | 'secrets/list'
  | 'secrets/set'
  | 'secrets/update'
  | 'secrets/delete'
  | 'secrets/recover'
  | 'secrets/purge';

export interface Identity {
  readonly clientId: string;
  readonly objectId: string;
  readonly displayName: string;
  /** Password for client credentials; identities without one log in by assertion or as managed identity. */
  readonly clientSecret?: string;
  readonly rights: readonly Right[];
  /** App roles in tokens for `resource`, for instance `Keyturn.Operator`. */
  readonly roles?: readonly string[];
  /** Who may log in as this identity with a projected service account token. */
  readonly federated?: readonly { issuer: string; subject: string; audience: string }[];
}

export interface Seed {
  readonly tenant: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly service: string;
  /** Created when the twin starts for the first time. */
  readonly gateways: readonly string[];
  /** Bounds `generateToken`: 30 days at Azure, minutes here. */
  readonly maxTokenLifeMs: number;
  /** `identities[0]` is the app's managed identity. */
  readonly identities: readonly [Identity, ...Identity[]];
  /** Application ID URI of Keyturn's own API: the audience of consumers, operators and readers. */
  readonly audience: string;
  /** Header X-IDENTITY-HEADER which the managed identity endpoint asks for. */
  readonly identityHeader: string;
  /** Webhooks which get the service's events, in Event Grid's delivery. */
  readonly subscriptions: readonly { url: string; eventTypes: readonly string[] }[];
  /** How long before its token's expiry a connected gateway instance causes GatewayTokenNearExpiry. */
  readonly nearExpiryMs: number;
}

/**
 * The twin's journal: one line for each thing that changed at "Azure", in order, written and synced
 * before the answer leaves. Its state is the fold of these lines. The token's text is never in it;
 * `fingerprint` is the first 16 hex digits of its SHA-256.
 */
export type JournalEntry = { readonly seq: number; readonly atMs: number; readonly by: string } & (
  | { readonly kind: 'gateway-put' | 'gateway-deleted'; readonly gateway: string }
  | {
      readonly kind: 'token-minted';
      readonly gateway: string;
      readonly slot: 'primary' | 'secondary';
      readonly keyVersion: number;
      readonly expiresAtMs: number;
      readonly fingerprint: string;
    }
  | {
      readonly kind: 'key-regenerated';
      readonly gateway: string;
      readonly slot: 'primary' | 'secondary';
      readonly keyVersion: number;
    }
  | {
      readonly kind:
        | 'secret-set'
        | 'secret-updated'
        | 'secret-deleted'
        | 'secret-recovered'
        | 'secret-purged';
      readonly secret: string;
      readonly version?: string;
      readonly enabled?: boolean;
      readonly tags?: Readonly<Record<string, string>>;
      /** Of the bare token, without `GatewayKey `. */
      readonly fingerprint?: string;
    }
  /** The first refused gateway call of a pod and reason, then one a minute while it lasts. */
  | {
      readonly kind: 'gateway-refused';
      readonly gateway: string;
      readonly instance: string;
      readonly reason: string;
    }
);

/**
 * `POST /control/faults`: the next `times` requests which match are treated so. `lostReply` acts and then
 * cuts the connection; `delayMs` waits before acting; `status` answers without acting.
 */
export interface Fault {
  readonly api: 'arm' | 'vault' | 'login' | 'graph' | 'configuration' | 'identity';
  /** For instance `generateToken`, `regenerateKey`, `listGateways`, `getSecret`, `setSecret`, `token`; all when left out. */
  readonly operation?: string;
  readonly times: number;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly lostReply?: boolean;
  readonly delayMs?: number;
}

/** `GET /control/counters` since the twin's first start. */
export interface Counters {
  /** Requests by `<api> <operation>`, for instance `arm generateToken`, and of those the app's own. */
  readonly requests: Readonly<Record<string, number>>;
  readonly appRequests: Readonly<Record<string, number>>;
  readonly gatewayCalls: { readonly good: number; readonly refused: number };
}

export interface ClusterSeed {
  readonly id: string;
  /** When the run began: names it, and counters of `ClusterStatus` begin at zero with a new run. */
  readonly runAtMs: number;
  readonly port: number;
  /** The gateways which run here and how many pods each has. */
  readonly gateways: readonly { name: string; credential: string; pods: number }[];
  /** `direct`: the projected token goes to Keyturn. `entra`: it is exchanged at Entra first. */
  readonly login: 'direct' | 'entra';
  readonly application?: string;
  readonly subject: string;
  readonly audience: string;
  readonly tenant: string;
  readonly urls: { readonly app: string; readonly login: string; readonly configuration: string };
  readonly tls: { readonly certFile: string; readonly keyFile: string };
  readonly stateFile: string;
  /** Mean time between random restarts of one pod. */
  readonly restartEveryMs: number;
  /** Pause between two configuration calls of one pod. */
  readonly callEveryMs: number;
}

/** `GET <cluster>/status`: the cluster as `kubectl` would show it, and its calls. */
export interface ClusterStatus {
  readonly id: string;
  readonly gateways: readonly {
    readonly name: string;
    readonly credential: string;
    readonly stored?: number;
    readonly pods: readonly { readonly name: string; readonly version?: number }[];
  }[];
  readonly calls: {
    readonly good: number;
    readonly refused: number;
    /** Refused as expired, soon after time in which nothing ran which could have renewed: not in `refused`. */
    readonly afterPause: number;
    readonly unreachable: number;
  };
  /** Time in which the cluster's process did not run; see `sandbox/pauses.ts`. */
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Random ones; pods which were rolled to a new version are not counted. */
  readonly restarts: number;
  readonly pulls: { readonly changed: number; readonly unchanged: number; readonly failed: number };
}

/** `.keyturn/sandbox.json`, written when everything answers. */
export interface SandboxFile {
  readonly app: string;
  readonly arm: string;
  readonly vault: string;
  readonly graph: string;
  readonly login: string;
  readonly control: string;
  readonly caFile: string;
  /** ARM id of the API Management service. */
  readonly serviceId: string;
  readonly audience: string;
  readonly credentials: readonly string[];
  readonly clusters: readonly { id: string; issuer: string; tokenUrl: string; statusUrl: string }[];
  readonly people: {
    readonly operatorTokenUrl: string;
    readonly readerTokenUrl: string;
    readonly ownerTokenUrl: string;
  };
  /** Process ids, for tests which kill one of them. */
  readonly processes: Readonly<Record<string, number>>;
}
