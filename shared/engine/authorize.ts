import { hash } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { KeyturnError } from '../core/errors.ts';
import type { EpochMs } from '../core/limits.ts';
import type { Configuration, Consumer } from './config.ts';
import type { Call } from './http.ts';
import type { IssuerKeys, KeySource } from './issuer-keys.ts';
import { boundedMap } from './memory.ts';

/** Who calls: a consumer, a person with roles, or both. */
export interface Principal {
  /** Id of the consumer in the configuration. */
  readonly consumer?: string;
  readonly roles: readonly Role[];
  /** For `by` in the record and in history. */
  readonly name: string;
}

/** An operator is a reader too. */
type Role = 'operator' | 'reader';

/** @throws ERR_UNAUTHENTICATED, ERR_KEYS_UNAVAILABLE, ERR_ACCESS */
export type Authorize = (call: Call, configuration: Configuration) => Promise<Principal>;

/** Checked before anything is parsed. Tokens with many groups reach 8 KiB; hosts refuse headers of 16 KiB themselves. */
const MAX_TOKEN_LENGTH = 12 * 1024;

/** Three parts and no white space, which jose's decoder would pass over: one token has one hash. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const CLOCK_TOLERANCE_SECONDS = 60;

const MAX_REMEMBERED = 10_000;

const MAX_NAME_LENGTH = 200;

interface Remembered {
  readonly principal: Principal;
  readonly untilMs: EpochMs;
}

/**
 * The only gate: a bearer JWT of a configured cluster issuer or of the Entra tenant, with a configured audience. A token
 * which was verified is remembered by its hash until it expires or the configuration changes.
 */
export function openAuthorize(keys: IssuerKeys, nowMs: () => EpochMs): Authorize {
  const remembered = boundedMap<Remembered>(MAX_REMEMBERED);
  let inForce: Configuration | undefined;

  return async (call, configuration) => {
    if (inForce !== configuration) remembered.clear();
    inForce = configuration;
    const token = bearerOf(call);
    const key = hash('sha256', token, 'hex');
    const before = remembered.get(key);
    if (before && nowMs() < before.untilMs) return before.principal;
    const { payload, principal } = await identify(token, configuration, { keys, nowMs: nowMs() });
    if (inForce === configuration) {
      remembered.set(key, { principal, untilMs: (payload.exp ?? 0) * 1_000 });
    }
    return principal;
  };
}

/** @throws ERR_ACCESS where the caller is no reader; operators are. */
export function demandReader({ roles, name }: Principal): void {
  if (roles.length === 0) throw refused('ERR_ACCESS', `${name} has no role which may read`);
}

/** @throws ERR_ACCESS */
export function demandOperator({ roles, name }: Principal): void {
  if (!roles.includes('operator')) throw refused('ERR_ACCESS', `${name} is no operator`);
}

function bearerOf(call: Call): string {
  const header = call.headers.get('authorization') ?? '';
  if (header.length > MAX_TOKEN_LENGTH) {
    throw refused('ERR_UNAUTHENTICATED', `token longer than ${MAX_TOKEN_LENGTH} characters`);
  }
  const [scheme] = /^Bearer +/i.exec(header) ?? [];
  if (scheme === undefined) throw refused('ERR_UNAUTHENTICATED', 'no bearer token');
  return header.slice(scheme.length);
}

interface Means {
  readonly keys: IssuerKeys;
  readonly nowMs: EpochMs;
}

interface Identified {
  readonly payload: JWTPayload;
  readonly principal: Principal;
}

async function identify(
  token: string,
  configuration: Configuration,
  means: Means,
): Promise<Identified> {
  const { iss } = decoded(token);
  if (iss === undefined) throw refused('ERR_UNAUTHENTICATED', 'token without issuer');
  const entra = entraOf(configuration);
  const isEntra = entra.issuers.includes(iss);
  const source = isEntra ? entra.source : clusterSource(iss, configuration.consumers);
  if (source === undefined) throw refused('ERR_UNAUTHENTICATED', 'issuer is not configured');
  const payload = await verified(token, source, configuration, means);
  const principal = (isEntra ? fromEntra : fromCluster)(payload, configuration);
  return { payload, principal };
}

/** Only to learn who is said to have issued it: nothing of it is believed before `verified`. */
function decoded(token: string): JWTPayload {
  if (!JWT.test(token)) throw refused('ERR_UNAUTHENTICATED', 'token is malformed');
  try {
    return decodeJwt(token);
  } catch (cause) {
    throw refused('ERR_UNAUTHENTICATED', 'token is malformed', cause);
  }
}

/** Entra signs both versions of its tokens with the same keys; which one comes depends on the application's manifest. */
function entraOf({ endpoints, identity }: Configuration) {
  const tenant = identity.tenant.toLowerCase();
  const issuer = `${endpoints.login}/${tenant}/v2.0`;
  const source = { issuer, discovery: `${issuer}/.well-known/openid-configuration` };
  return { issuers: [issuer, `https://sts.windows.net/${tenant}/`], source };
}

function clusterSource(iss: string, consumers: readonly Consumer[]): KeySource | undefined {
  const own = consumers.filter((consumer) => 'issuer' in consumer && consumer.issuer === iss);
  if (own.length === 0) return undefined;
  const keys = own.flatMap((consumer) => ('jwks' in consumer ? (consumer.jwks?.keys ?? []) : []));
  if (keys.length > 0) return { jwks: { keys } };
  const base = iss.replace(/\/$/, '');
  return { issuer: iss, discovery: `${base}/.well-known/openid-configuration` };
}

/** The keys are those of the issuer which the token names, so that it is known to be its token. */
async function verified(
  token: string,
  source: KeySource,
  { identity }: Configuration,
  { keys, nowMs }: Means,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys(source), {
      algorithms: ['RS256', 'ES256'],
      audience: [...identity.audiences],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (cause) {
    if (cause instanceof KeyturnError) throw cause;
    throw refused('ERR_UNAUTHENTICATED', reasonOf(cause), cause);
  }
}

/** jose's sentences name claims, never their values. Keys of the configuration may turn out unusable: a TypeError. */
function reasonOf(cause: unknown): string {
  if (cause instanceof errors.JOSEError) return `${cause.code}: ${cause.message}`;
  return 'the key of the issuer cannot be used';
}

function fromCluster(payload: JWTPayload, { consumers }: Configuration): Principal {
  const consumer = consumers.find(
    (one) => 'issuer' in one && one.issuer === payload.iss && one.subject === payload.sub,
  );
  if (consumer === undefined) throw refused('ERR_ACCESS', 'subject is no configured consumer');
  return { consumer: consumer.id, roles: [], name: consumer.id };
}

function fromEntra(payload: JWTPayload, { consumers }: Configuration): Principal {
  const application = claimOf(payload, 'azp', 'appid').toLowerCase();
  // A token with scopes is a person's, whichever application asked for it.
  const consumer =
    payload['scp'] === undefined
      ? consumers.find((one) => 'application' in one && sameGuid(one.application, application))
      : undefined;
  const roles = rolesOf(payload);
  const name = consumer?.id ?? nameOf(payload, application);
  if (consumer === undefined && roles.length === 0) {
    throw refused('ERR_ACCESS', `${name} is no configured consumer and has no role`);
  }
  return { ...(consumer && { consumer: consumer.id }), roles, name };
}

function sameGuid(configured: string, claimed: string): boolean {
  return configured.toLowerCase() === claimed;
}

function rolesOf(payload: JWTPayload): readonly Role[] {
  const claimed: readonly unknown[] = Array.isArray(payload['roles']) ? payload['roles'] : [];
  if (claimed.includes('Keyturn.Operator')) return ['operator', 'reader'];
  return claimed.includes('Keyturn.Reader') ? ['reader'] : [];
}

/** A name can be changed or be another's tomorrow; the object id cannot. */
function nameOf(payload: JWTPayload, application: string): string {
  const name = claimOf(payload, 'preferred_username', 'upn') || application;
  return `${name} (${claimOf(payload, 'oid', 'sub')})`.slice(0, MAX_NAME_LENGTH);
}

/** The first of the claims which is a text; empty where none is. */
function claimOf(payload: JWTPayload, ...names: readonly string[]): string {
  return names.map((name) => payload[name]).find((claim) => typeof claim === 'string') ?? '';
}

function refused(
  code: 'ERR_UNAUTHENTICATED' | 'ERR_ACCESS',
  reason: string,
  cause?: unknown,
): KeyturnError {
  return new KeyturnError(code, reason, { cause });
}
