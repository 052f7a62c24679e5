import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Identity, Seed } from '../../contract.ts';

/** What Entra tells about the way somebody logged in: with a secret, or with an assertion. */
export type LoginWay = 'secret' | 'assertion';

export const TOKEN_LIFE_SECONDS = 3599;

/** Azure's own resources, by the audience in their tokens. Keyturn's API comes from the seed. */
const AZURE_AUDIENCES = [
  'https://management.azure.com/',
  'https://vault.azure.net',
  'https://storage.azure.com',
  'https://graph.microsoft.com',
] as const;

type AzureAudience = (typeof AZURE_AUDIENCES)[number];

/** Signs and checks the access tokens of the tenant. */
export interface Tokens {
  readonly publicKey: JWK;
  readonly issuers: { readonly v1: string; readonly v2: string };
  /** The audience in tokens for a resource, or nothing when the tenant does not know it. */
  readonly audienceOf: (resource: string) => string | undefined;
  readonly issue: (identity: Identity, audience: string, way: LoginWay) => Promise<string>;
  /** Who calls, by a token for one of Azure's own resources. @throws jose's errors */
  readonly verify: (token: string, audience: AzureAudience) => Promise<Identity>;
}

/** The signing key lies in `keyFile`, so tokens outlive a restart. */
export async function openTokens(seed: Seed, loginUrl: string, keyFile: string): Promise<Tokens> {
  const { privateJwk, publicKey, kid } = await openKey(keyFile);
  const signingKey = await importJWK(privateJwk, 'RS256');
  const verifyingKey = await importJWK(publicKey, 'RS256');
  const issuers = {
    v1: `https://sts.windows.net/${seed.tenant}/`,
    v2: `${loginUrl}/${seed.tenant}/v2.0`,
  };
  return {
    publicKey,
    issuers,
    audienceOf: (resource) =>
      [...AZURE_AUDIENCES, seed.audience].find(
        (audience) => withoutSlash(audience) === withoutSlash(resource),
      ),
    issue: (identity, audience, way) => {
      const isOurs = audience === seed.audience;
      const claims = isOurs ? claimsV2(identity, way) : claimsV1(identity, way);
      return new SignJWT({ aud: audience, tid: seed.tenant, ...subjectOf(identity), ...claims })
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
        .setIssuer(isOurs ? issuers.v2 : issuers.v1)
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(`${TOKEN_LIFE_SECONDS}s`)
        .sign(signingKey);
    },
    verify: async (token, audience) => {
      const { payload } = await jwtVerify(token, verifyingKey, {
        issuer: issuers.v1,
        audience: [audience, withoutSlash(audience)],
      });
      return identityOf(seed, payload);
    },
  };
}

function identityOf(seed: Seed, { oid }: JWTPayload): Identity {
  const identity = seed.identities.find((known) => known.objectId === oid);
  if (identity === undefined) throw new Error('The token names an identity which is not there.');
  return identity;
}

function claimsV1(identity: Identity, way: LoginWay): JWTPayload {
  const appidacr = way === 'secret' ? '1' : '2';
  return { appid: identity.clientId, appidacr, ver: '1.0' };
}

function claimsV2(identity: Identity, way: LoginWay): JWTPayload {
  const azpacr = way === 'secret' ? '1' : '2';
  const roles = identity.roles === undefined ? {} : { roles: identity.roles };
  return { azp: identity.clientId, azpacr, ver: '2.0', ...roles };
}

function subjectOf(identity: Identity): JWTPayload {
  return { oid: identity.objectId, sub: identity.objectId };
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

interface SigningKey {
  readonly privateJwk: JWK;
  readonly publicKey: JWK;
  readonly kid: string;
}

async function openKey(file: string): Promise<SigningKey> {
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    writeFileSync(`${file}.new`, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const privateJwk = JSON.parse(readFileSync(file, 'utf8')) as JWK;
  const { kty = '', n = '', e = '' } = privateJwk;
  const kid = await calculateJwkThumbprint({ kty, n, e });
  return { privateJwk, publicKey: { kty, use: 'sig', kid, n, e }, kid };
}
