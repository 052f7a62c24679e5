import { credentialId, gatewayParts, gatewayTarget, sameName } from '../core/credential-id.ts';
import { DAY, type DurationMs, type Limits } from '../core/limits.ts';
import type { ConsumerTerms, Policy, RetirePolicy } from '../core/nouns.ts';
import type { GatewayTokenEntry } from './config-schema.ts';
import { durationMs } from './duration.ts';
import { boundedMap } from './memory.ts';

/** Life of a token where the entry names none: 29 days, so that two thirds leave ten days of tries. */
const DEFAULT_LIFETIME: DurationMs = 29 * DAY;

const DEFAULT_OVERLAP: DurationMs = DAY;

const DEFAULT_RENEW_AT = 2 / 3;

/** Policies of discovered gateways which are kept, since each pull asks for one. */
const MAX_KEPT = 5_000;

/** Stands for the consumer with the name of the gateway. */
const GATEWAY_PLACEHOLDER = '{gateway}';

/** What every entry's policy shares. */
export interface Terms {
  readonly mode: Policy['mode'];
  readonly limits: Limits;
  readonly consumers: readonly ConsumerTerms[];
}

/** Finds the policy of a credential. Explicit entries beat a service's `"*"`. */
export interface Catalogue {
  /** Policies of explicit entries. */
  readonly policies: readonly Policy[];
  /** ARM ids of the services with a `"*"` entry. */
  readonly services: readonly string[];
  /** Explicit by id; else by the `"*"` of the target's service, if the id is the one of that target. */
  policyOf(id: string, target?: string): Policy | undefined;
  /** Of a gateway's ARM id. Undefined where its id is taken by an explicit entry of another gateway. */
  policyOfTarget(target: string): Policy | undefined;
}

/** @param entries checked entries of `gatewayTokens` */
export function catalogueOf(entries: readonly GatewayTokenEntry[], terms: Terms): Catalogue {
  const explicit = entries.filter(isExplicit);
  const wildcards = entries.filter((entry) => !isExplicit(entry));
  const policies = explicit.map((entry) => policyFrom(entry, targetOf(entry), terms));
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  const byTarget = new Map(policies.map((policy) => [policy.target.toLowerCase(), policy]));
  const discovered = boundedMap<Policy>(MAX_KEPT);

  function policyOfTarget(target: string): Policy | undefined {
    const known = byTarget.get(target.toLowerCase()) ?? discovered.get(target);
    if (known !== undefined) return known;
    const found = discover(target);
    if (found !== undefined) discovered.set(target, found);
    return found;
  }

  function discover(target: string): Policy | undefined {
    const service = gatewayParts(target)?.service;
    const entry = wildcards.find(
      (each) => service !== undefined && sameName(serviceOf(each), service),
    );
    const policy = entry && policyFrom(entry, target, terms);
    return policy && !byId.has(policy.id) ? policy : undefined;
  }

  function policyOf(id: string, target?: string): Policy | undefined {
    const known = byId.get(id.toLowerCase());
    if (known !== undefined || target === undefined) return known;
    const found = policyOfTarget(target);
    return found?.id === id.toLowerCase() ? found : undefined;
  }

  return { policies, services: wildcards.map(serviceOf), policyOf, policyOfTarget };
}

export function isExplicit(entry: GatewayTokenEntry): boolean {
  return entry.gateway !== '*';
}

/** ARM id of an explicit entry's gateway. */
export function targetOf(entry: GatewayTokenEntry): string {
  return gatewayTarget(entry.service, entry.gateway);
}

/** Id of an entry's credential. In lower case, since Key Vault does not tell cases apart. */
export function idOf(entry: GatewayTokenEntry, target = targetOf(entry)): string {
  const parts = gatewayParts(target);
  const id = entry.secret ?? (parts && credentialId(parts.serviceName, parts.gateway)) ?? target;
  return id.toLowerCase();
}

export function lifetimeMsOf(entry: GatewayTokenEntry, limits: Limits): DurationMs {
  if (entry.lifetime !== undefined) return durationMs(entry.lifetime);
  return Math.min(DEFAULT_LIFETIME, longestLifeMs(limits));
}

/** The longest life which the issuer surely accepts, whichever clock it goes by. */
export function longestLifeMs(limits: Limits): DurationMs {
  return limits.maxTokenLifeMs - limits.lifeMarginMs;
}

/** P1D if left out, or a quarter of the life where that is shorter. */
export function overlapMsOf(entry: GatewayTokenEntry, limits: Limits): DurationMs {
  if (entry.overlap !== undefined) return durationMs(entry.overlap);
  return Math.min(DEFAULT_OVERLAP, lifetimeMsOf(entry, limits) / 4);
}

/** The consumers which an entry names for one gateway, placeholders replaced. */
export function consumersNamed(entry: GatewayTokenEntry, gateway: string): readonly string[] {
  const names = (entry.consumers ?? []).map((name) =>
    name === GATEWAY_PLACEHOLDER ? gateway : name,
  );
  return [...new Set(names)];
}

function policyFrom(entry: GatewayTokenEntry, target: string, terms: Terms): Policy {
  const named = consumersNamed(entry, gatewayParts(target)?.gateway ?? entry.gateway);
  const configured = (name: string) => terms.consumers.find(({ id }) => sameName(id, name));
  return {
    id: idOf(entry, target),
    kind: 'gateway-token',
    target,
    lifetimeMs: lifetimeMsOf(entry, terms.limits),
    renewAt: entry.renewAt ?? DEFAULT_RENEW_AT,
    retire: retireOf(entry, terms.limits),
    format: entry.format ?? 'gateway-key',
    directReaders: entry.directReaders ?? false,
    consumers: named.flatMap((name) => configured(name) ?? []),
    missingConsumers: named.filter((name) => configured(name) === undefined),
    mode: terms.mode,
    limits: terms.limits,
  };
}

function retireOf(entry: GatewayTokenEntry, limits: Limits): RetirePolicy {
  const { retire = 'expired' } = entry;
  if (retire === 'expired') return { when: 'expired' };
  if (retire === 'adopted') return { when: 'adopted', overlapMs: overlapMsOf(entry, limits) };
  return { when: 'after', afterMs: durationMs(retire.after) };
}

function serviceOf(entry: GatewayTokenEntry): string {
  return entry.service;
}
