import {
  exportJWK,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { FetchJson } from '../../shared/engine/issuer-keys.ts';

export const AUDIENCE = 'api://keyturn.contoso.com';
export const TENANT = '11111111-2222-3333-4444-555555555555';
export const ENTRA = `https://login.microsoftonline.com/${TENANT}/v2.0`;
export const ENTRA_V1 = `https://sts.windows.net/${TENANT}/`;
export const CLUSTER = 'https://oidc.edge.example/lyon';
export const SUBJECT = 'system:serviceaccount:gateways:keyturn-agent';

/** Key pairs are dear, so every test shares these. */
const CLUSTER_KEYS = await generateKeyPair('ES256', { extractable: true });
const ENTRA_KEYS = await generateKeyPair('RS256', { extractable: true });

/** An OpenID issuer with keys that a test can replace. */
export interface Issuer {
  readonly issuer: string;
  /** What it publishes. */
  jwks(): Promise<JSONWebKeySet>;
  /** A signed token; claims beat the usual ones, a header member too. */
  sign(claims: JWTPayload, header?: { kid?: string }): Promise<string>;
  /** From now on signs with, and publishes, a new key. */
  roll(): Promise<void>;
}

export function clusterIssuer(nowMs: () => number): Issuer {
  return issuerOf(CLUSTER, 'ES256', CLUSTER_KEYS, nowMs);
}

export function entraIssuer(nowMs: () => number): Issuer {
  return issuerOf(ENTRA, 'RS256', ENTRA_KEYS, nowMs);
}

function issuerOf(
  issuer: string,
  alg: 'ES256' | 'RS256',
  first: GenerateKeyPairResult,
  nowMs: () => number,
): Issuer {
  let pair = first;
  let kid = 'key-1';
  return {
    issuer,
    jwks: async () => ({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, use: 'sig' }] }),
    sign(claims, header = {}) {
      const now = Math.floor(nowMs() / 1_000);
      const usual = { iss: issuer, aud: AUDIENCE, iat: now, nbf: now, exp: now + 600 };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .sign(pair.privateKey);
    },
    async roll() {
      pair = await generateKeyPair(alg, { extractable: true });
      kid = 'key-2';
    },
  };
}

/** The web as far as issuers are on it: their discovery documents and keys, counted, and gone when a test says so. */
export function issuersOnline(issuers: readonly Issuer[]): {
  readonly fetchJson: FetchJson;
  readonly fetched: string[];
  online: boolean;
  /** Which issuer the discovery documents say they are of, where it is not the right one. */
  claims: string | undefined;
} {
  const web = {
    fetched: [] as string[],
    online: true,
    claims: undefined as string | undefined,
    fetchJson: async (url: string): Promise<unknown> => {
      web.fetched.push(url);
      const found = issuers.find(({ issuer }) => url.startsWith(issuer));
      if (!web.online || found === undefined) throw new Error(`${url} does not answer`);
      if (url.endsWith('/keys')) return found.jwks();
      return { issuer: web.claims ?? found.issuer, jwks_uri: `${found.issuer}/keys` };
    },
  };
  return web;
}
