import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { KeyturnError } from '../core/errors.ts';
import { DAY, type DurationMs, type EpochMs } from '../core/limits.ts';
import type { Ports } from '../ports.ts';
import { boundedMap } from './memory.ts';

/** An issuer is asked at most this often, whatever key ids callers invent. */
const REFETCH_PAUSE: DurationMs = 30_000;

/** Keys are looked for again after this, without anybody waiting. Issuers announce new keys longer before. */
const MAX_AGE: DurationMs = DAY;

const MAX_ISSUERS = 1_000;

/** An issuer which did not answer is asked again after this. */
const RETRY_PAUSE: DurationMs = 5_000;

/** Where an issuer's public keys come from: OpenID discovery, or the configuration. */
export type KeySource = Remote | { readonly jwks: JSONWebKeySet };

interface Remote {
  readonly issuer: string;
  /** URL of its OpenID configuration, which has to name the issuer. */
  readonly discovery: string;
}

/** Gives jose the key of a token. @throws ERR_KEYS_UNAVAILABLE, errors.JWKSNoMatchingKey */
export type IssuerKeys = (source: KeySource) => JWTVerifyGetKey;

/** Reads a small public document. @throws ERR_KEYS_UNAVAILABLE */
export type FetchJson = (url: string) => Promise<unknown>;

interface Known {
  readonly find?: JWTVerifyGetKey;
  readonly readAtMs: EpochMs;
  readonly triedAtMs: EpochMs;
  readonly failed: boolean;
}

const NOTHING: Known = { readAtMs: -Infinity, triedAtMs: -Infinity, failed: false };

const DISCOVERY = z.object({ issuer: z.string(), jwks_uri: z.string().startsWith('https://') });
const JWKS = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * Keys of issuers, kept where jose's own remote set would drop them: while an issuer is unreachable the known keys go
 * on, and a key which nobody knows is refused.
 */
export function openIssuerKeys(
  fetchJson: FetchJson,
  { nowMs, log }: Pick<Ports, 'nowMs' | 'log'>,
): IssuerKeys {
  const issuers = boundedMap<Known>(MAX_ISSUERS);
  const loading = new Map<string, Promise<Known>>();
  const knownOf = ({ issuer }: Remote) => issuers.get(issuer) ?? NOTHING;

  async function load(remote: Remote): Promise<Known> {
    const before = knownOf(remote);
    const known = await readKeys(remote, fetchJson).then(
      (find): Known => ({ find, readAtMs: nowMs(), triedAtMs: nowMs(), failed: false }),
      (error: unknown): Known => {
        log('warn', `keys of ${remote.issuer}: ${String(error)}`, { code: 'ERR_KEYS_UNAVAILABLE' });
        return { ...before, triedAtMs: nowMs(), failed: true };
      },
    );
    issuers.set(remote.issuer, known);
    return known;
  }

  /** What is known after asking again, unless that was done just now. */
  function refreshed(remote: Remote): Promise<Known> | Known {
    const known = knownOf(remote);
    const pauseMs = known.failed ? RETRY_PAUSE : REFETCH_PAUSE;
    const running = loading.get(remote.issuer);
    if (running || nowMs() - known.triedAtMs < pauseMs) return running ?? known;
    const started = load(remote).finally(() => loading.delete(remote.issuer));
    loading.set(remote.issuer, started);
    return started;
  }

  return (source) => {
    if ('jwks' in source) return createLocalJWKSet(source.jwks);
    return async (header, token) => {
      const known = knownOf(source);
      if (nowMs() - known.readAtMs > MAX_AGE) void refreshed(source);
      const key = await keyIn(known, header, token);
      if (key !== undefined) return key;
      const anew = await refreshed(source);
      const newKey = await keyIn(anew, header, token);
      if (newKey !== undefined) return newKey;
      throw anew.failed ? unavailable(source) : new errors.JWKSNoMatchingKey();
    };
  };
}

async function readKeys(remote: Remote, fetchJson: FetchJson): Promise<JWTVerifyGetKey> {
  const { issuer, jwks_uri } = DISCOVERY.parse(await fetchJson(remote.discovery));
  if (issuer !== remote.issuer) throw new Error(`its discovery document is of ${issuer}`);
  return createLocalJWKSet(JWKS.parse(await fetchJson(jwks_uri)));
}

async function keyIn(known: Known, ...[header, token]: Parameters<JWTVerifyGetKey>) {
  try {
    return await known.find?.(header, token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    throw error;
  }
}

function unavailable({ issuer }: Remote): KeyturnError {
  return new KeyturnError('ERR_KEYS_UNAVAILABLE', `${issuer} does not answer, and its key is new`);
}
