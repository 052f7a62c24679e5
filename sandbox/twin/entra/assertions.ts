import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import { z } from 'zod';
import type { Identity } from '../../contract.ts';
import { entraError } from './errors.ts';

const DISCOVERY_TIMEOUT_MS = 5000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** Checks an assertion as the proof of an identity. @throws the refusal Entra would answer */
export type CheckAssertion = (assertion: string, identity: Identity) => Promise<void>;

/** Issuer, subject and audience match exactly, and the issuer's published keys verify it. */
export function newAssertionCheck(): CheckAssertion {
  const keySets = new Map<string, JWTVerifyGetKey>();
  const keysOf = async (issuer: string) => {
    const keys = keySets.get(issuer) ?? (await discoverKeys(issuer));
    keySets.set(issuer, keys);
    return keys;
  };
  return async (assertion, identity) => {
    const { issuer, subject, audience } = matching(claimsOf(assertion), identity);
    const keys = await keysOf(issuer);
    try {
      await jwtVerify(assertion, keys, { issuer, subject, audience, algorithms: ['RS256'] });
    } catch (error) {
      throw assertionRefusal(error);
    }
  };
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  try {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
    const { jwks_uri: keys } = discoverySchema.parse(await answer.json());
    return createRemoteJWKSet(new URL(keys));
  } catch {
    const message = 'Request to External OIDC endpoint failed.';
    throw entraError({ number: 50166, error: 'invalid_request', message });
  }
}

function claimsOf(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    const message = 'Invalid JWT token. The token is malformed.';
    throw entraError({ number: 50027, error: 'invalid_request', message });
  }
}

/** Which part of the record does not match decides the number. */
function matching({ iss, sub, aud }: JWTPayload, { federated = [] }: Identity) {
  const audiences = [aud].flat();
  if (federated.length === 0) throw noRecord(70021, '');
  const sameIssuer = federated.filter(({ issuer }) => issuer === iss);
  if (sameIssuer.length === 0) throw noRecord(700211, ` issuer '${iss}'`);
  const sameSubject = sameIssuer.filter(({ subject }) => subject === sub);
  if (sameSubject.length === 0) throw noRecord(700213, ` subject '${sub}'`);
  const match = sameSubject.find(({ audience }) => audiences.includes(audience));
  if (match === undefined) throw noRecord(700212, ` audience '${audiences.join(' ')}'`);
  return match;
}

function noRecord(number: number, which: string) {
  const message = `No matching federated identity record found for presented assertion${which}. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`;
  return entraError({ number, error: 'invalid_client', message });
}

function assertionRefusal(error: unknown) {
  const isAboutTime =
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf');
  if (isAboutTime) {
    const message = 'Client assertion is not within its valid time range.';
    return entraError({ number: 700024, error: 'invalid_client', message });
  }
  const message = 'Assertion failed signature validation.';
  return entraError({ number: 50013, error: 'invalid_grant', message });
}
