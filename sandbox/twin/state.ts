import type { GridEvent, RaisedEvent } from './events.ts';
import type { Fact, GatewayProperties, SecretVersion } from './facts.ts';
import type { GatewayKey, Slot } from './gateway/keys.ts';

export interface Gateway {
  readonly properties: GatewayProperties;
  readonly keys: Readonly<Record<Slot, GatewayKey>>;
  /** Behind the ETag; grows with every change of any gateway. */
  readonly revision: number;
}

export interface Secret {
  /** Oldest first; the last one is the latest, enabled or not. */
  readonly versions: readonly SecretVersion[];
  readonly deletedAtMs?: number;
}

/** "Azure" as it stands: the fold of all facts. */
export interface State {
  readonly gateways: Map<string, Gateway>;
  readonly secrets: Map<string, Secret>;
  /** Raised and not yet delivered to every subscription, by id. */
  readonly pendingEvents: Map<string, GridEvent>;
  /** Events which were raised by themselves, as `announcement` names them: each comes once. */
  readonly announced: Set<string>;
  revision: number;
}

/** The first change makes the ETag of the recorded exchanges, `VjAAAAAAAAA=`. */
const FIRST_REVISION = 0x3055;

export function emptyState(): State {
  return {
    gateways: new Map(),
    secrets: new Map(),
    pendingEvents: new Map(),
    announced: new Set(),
    revision: FIRST_REVISION,
  };
}

/** Folds one fact into the state. */
export function apply(state: State, fact: Fact): void {
  if (fact.event !== undefined) state.pendingEvents.set(fact.event.id, fact.event);
  switch (fact.kind) {
    case 'gateway-put':
    case 'gateway-deleted':
    case 'key-regenerated':
      return applyToGateway(state, fact);
    case 'secret-set':
    case 'secret-updated':
    case 'secret-deleted':
    case 'secret-recovered':
    case 'secret-purged':
      return applyToSecret(state, fact);
    case 'event-settled':
      state.pendingEvents.delete(fact.id);
      return;
    case 'event-raised':
      if (fact.event !== undefined) state.announced.add(announcement(fact.event));
      return;
    case 'token-minted':
    case 'gateway-refused':
      return;
  }
}

/** What makes two token events the same: type, instance and the token's expiry. */
export function announcement(event: RaisedEvent): string {
  return JSON.stringify([event.eventType, event.subject, event.data]);
}

type GatewayFact = Extract<Fact, { kind: 'gateway-put' | 'gateway-deleted' | 'key-regenerated' }>;

function applyToGateway(state: State, fact: GatewayFact): void {
  const revision = ++state.revision;
  const { gateways } = state;
  if (fact.kind === 'gateway-deleted') {
    gateways.delete(fact.gateway);
    return;
  }
  const before = gateways.get(fact.gateway);
  if (fact.kind === 'gateway-put') {
    const keys = fact.keys ?? before?.keys;
    if (keys === undefined) throw new Error(`Fact ${fact.seq} puts a gateway which has no keys.`);
    gateways.set(fact.gateway, { properties: fact.properties, keys, revision });
    return;
  }
  if (before === undefined) throw new Error(`Fact ${fact.seq} is about an unknown gateway.`);
  const keys = { ...before.keys, [fact.slot]: fact.key };
  gateways.set(fact.gateway, { ...before, keys, revision });
}

type SecretFact = Extract<Fact, { secret: string }>;

function applyToSecret({ secrets }: State, fact: SecretFact): void {
  const versions = secrets.get(fact.secret)?.versions ?? [];
  switch (fact.kind) {
    case 'secret-set':
      secrets.set(fact.secret, { versions: [...versions, fact.version] });
      return;
    case 'secret-updated': {
      const updated = versions.map((version) =>
        version.id === fact.version.id ? fact.version : version,
      );
      secrets.set(fact.secret, { versions: updated });
      return;
    }
    case 'secret-deleted':
      secrets.set(fact.secret, { versions, deletedAtMs: fact.atMs });
      return;
    case 'secret-recovered':
      secrets.set(fact.secret, { versions });
      return;
    case 'secret-purged':
      secrets.delete(fact.secret);
      return;
  }
}
