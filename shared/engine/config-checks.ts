import { sameName } from '../core/credential-id.ts';
import type { DurationMs, Limits } from '../core/limits.ts';
import { isLoopback } from '../core/loopback.ts';
import type { ConsumerEntry, GatewayTokenEntry } from './config-schema.ts';
import { durationMs, durationText } from './duration.ts';
import {
  consumersNamed,
  idOf,
  isExplicit,
  lifetimeMsOf,
  longestLifeMs,
  overlapMsOf,
  targetOf,
} from './policies.ts';

/** One thing wrong in the file: where, and what was expected or has to be done. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The entries whose shape is right, with their paths, so that their other problems are told at the same time. */
export interface Draft {
  readonly limits: Limits;
  readonly endpoints: { readonly arm: string; readonly login: string };
  readonly limitsGiven: boolean;
  /** Ids of all consumers, those with a wrong shape included. */
  readonly consumerIds: readonly string[];
  readonly consumers: readonly Located<ConsumerEntry>[];
  readonly gatewayTokens: readonly Located<GatewayTokenEntry>[];
}

export interface Located<T> {
  readonly path: string;
  readonly entry: T;
}

/** What a schema cannot say: members which depend on one another. */
export function crossProblems(draft: Draft): readonly Problem[] {
  return CHECKS.flatMap((check) => check(draft));
}

const CHECKS: readonly ((draft: Draft) => readonly Problem[])[] = [
  limitsAreForLoopback,
  consumersLogInOneWay,
  consumersAreDistinct,
  consumersAreConfigured,
  gatewaysAreDistinct,
  secretsAreDistinct,
  durationsAreInBounds,
  overlapIsUsed,
];

/** Hints are no errors: what will not do what its author may think. */
export function hintsOf(draft: Draft): readonly string[] {
  return draft.gatewayTokens
    .filter(({ entry }) => entry.retire === 'adopted')
    .flatMap((token) => [...directReaderHints(token), ...restartHints(token, draft)]);
}

function limitsAreForLoopback({ limitsGiven, endpoints }: Draft): readonly Problem[] {
  if (!limitsGiven || isLoopback(endpoints.arm)) return [];
  return [
    {
      path: 'limits',
      message: 'only for a sandbox whose endpoints.arm is on a loopback address: remove it',
    },
  ];
}

function consumersLogInOneWay({ consumers }: Draft): readonly Problem[] {
  return consumers.flatMap(({ path, entry }) => {
    const byCluster = entry.issuer !== undefined && entry.subject !== undefined;
    const anyOfCluster = entry.issuer ?? entry.subject ?? entry.jwks;
    if (entry.application !== undefined && anyOfCluster === undefined) return [];
    if (entry.application === undefined && byCluster) return [];
    const message = 'expected either issuer and subject (and jwks if needed) or application alone';
    return [{ path, message }];
  });
}

function consumersAreDistinct({ consumers }: Draft): readonly Problem[] {
  const ids = repeated(consumers, (entry) => entry.id.toLowerCase(), 'id');
  const logins = repeated(consumers, loginOf, 'issuer and subject, or application,');
  return [...ids, ...logins];
}

function loginOf(entry: ConsumerEntry): string {
  return entry.application?.toLowerCase() ?? `${entry.issuer} ${entry.subject}`;
}

function consumersAreConfigured({ gatewayTokens, consumerIds }: Draft): readonly Problem[] {
  return gatewayTokens.flatMap(({ path, entry }) =>
    missingIn(entry, consumerIds).map((name) => ({
      path: `${path}.consumers`,
      message: `"${name}" is no configured consumer: add it to consumers or correct its spelling`,
    })),
  );
}

/** `"{gateway}"` of a `"*"` entry may name nobody: that gateway rotates, and its status says so. */
function missingIn(entry: GatewayTokenEntry, known: readonly string[]): readonly string[] {
  return consumersNamed(entry, entry.gateway).filter(
    (name) => name !== '*' && !known.some((id) => sameName(id, name)),
  );
}

function gatewaysAreDistinct({ gatewayTokens }: Draft): readonly Problem[] {
  return repeated(gatewayTokens, (entry) => targetOf(entry).toLowerCase(), 'gateway');
}

function secretsAreDistinct({ gatewayTokens }: Draft): readonly Problem[] {
  const explicit = gatewayTokens.filter(({ entry }) => isExplicit(entry));
  const misplaced = gatewayTokens.filter(({ entry }) => !isExplicit(entry) && entry.secret);
  return [
    ...repeated(explicit, (entry) => idOf(entry), 'secret name'),
    ...misplaced.map(({ path }) => ({
      path: `${path}.secret`,
      message: 'one name cannot serve all gateways of "*": remove it',
    })),
  ];
}

/** An entry which has the same `key` as one before it. */
function repeated<T>(
  located: readonly Located<T>[],
  key: (entry: T) => string,
  what: string,
): readonly Problem[] {
  const first = new Map<string, string>();
  return located.flatMap(({ path, entry }) => {
    const before = first.get(key(entry));
    if (before === undefined) first.set(key(entry), path);
    return before === undefined
      ? []
      : [{ path, message: `same ${what} as ${before}: remove or rename one of them` }];
  });
}

function durationsAreInBounds({ consumers, gatewayTokens, limits }: Draft): readonly Problem[] {
  const longest = longestLifeMs(limits);
  return [
    ...consumers.flatMap(({ path, entry }) =>
      outOfBounds(`${path}.restartWithin`, entry.restartWithin, [1_000, longest]),
    ),
    ...gatewayTokens.flatMap(({ path, entry }) => [
      // A shorter life would leave a person no room for a hold.
      ...outOfBounds(`${path}.lifetime`, entry.lifetime, [2 * limits.holdMarginMs, longest]),
      ...outOfBounds(`${path}.overlap`, entry.overlap, [1_000, lifetimeMsOf(entry, limits)]),
      ...outOfBounds(`${path}.retire.after`, afterOf(entry), [limits.holdMarginMs, longest]),
    ]),
  ];
}

function afterOf({ retire }: GatewayTokenEntry): string | undefined {
  return typeof retire === 'object' ? retire.after : undefined;
}

function outOfBounds(
  path: string,
  text: string | undefined,
  [leastMs, mostMs]: readonly [DurationMs, DurationMs],
): readonly Problem[] {
  if (text === undefined) return [];
  const lengthMs = durationMs(text);
  if (lengthMs >= leastMs && lengthMs <= mostMs) return [];
  const bounds = `${durationText(leastMs)} to ${durationText(mostMs)}`;
  return [{ path, message: `expected a duration from ${bounds}, found ${text}` }];
}

function overlapIsUsed({ gatewayTokens }: Draft): readonly Problem[] {
  return gatewayTokens
    .filter(({ entry }) => entry.overlap !== undefined && entry.retire !== 'adopted')
    .map(({ path }) => ({
      path: `${path}.overlap`,
      message: 'has a meaning only with retire: adopted: add that or remove it',
    }));
}

function directReaderHints({ path, entry }: Located<GatewayTokenEntry>): readonly string[] {
  if (entry.directReaders !== true) return [];
  return [`${path}: with directReaders only expired tokens retire, whatever retire says`];
}

function restartHints({ path, entry }: Located<GatewayTokenEntry>, draft: Draft) {
  const overlapMs = overlapMsOf(entry, draft.limits);
  return draft.consumers
    .filter(({ entry: { id } }) => consumersNamed(entry, entry.gateway).includes(id))
    .filter(
      ({ entry: { restartWithin } }) => restartWithin && durationMs(restartWithin) >= overlapMs,
    )
    .map(
      ({ entry: { id } }) =>
        `${path}: pulls of ${id} prove nothing, for its restartWithin is not below the overlap`,
    );
}
