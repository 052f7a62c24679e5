import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import type { ClusterSeed } from '../contract.ts';
import type { StateFile } from './state.ts';

/** How long a projected service account token lives; the kubelet's shortest. */
export const PROJECTED_LIFE_SECONDS = 600;

/** A cluster's OIDC issuer, as the API server of Kubernetes is one. */
export interface ClusterIssuer {
  readonly url: string;
  readonly jwks: { readonly keys: readonly JWK[] };
  /** A projected service account token. */
  project(audience: string, subject: string): Promise<string>;
}

/** The key is made once and kept, so that tokens stay valid when the cluster restarts. */
export async function openIssuer(seed: ClusterSeed, file: StateFile): Promise<ClusterIssuer> {
  const jwk = (file.state.issuerKey ??= await makeKey());
  file.save();
  const key = await importJWK(jwk, 'RS256');
  const url = `https://127.0.0.1:${seed.port}`;
  const header = { alg: 'RS256', kid: jwk.kid ?? '' };
  return {
    url,
    jwks: { keys: [publicPart(jwk)] },
    project: (audience, subject) =>
      new SignJWT(kubernetesClaims(subject))
        .setProtectedHeader(header)
        .setIssuer(url)
        .setSubject(subject)
        .setAudience([audience])
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(`${PROJECTED_LIFE_SECONDS}s`)
        .setJti(crypto.randomUUID())
        .sign(key),
  };
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) };
}

function publicPart({ kty, n, e, kid }: JWK): JWK {
  return { kty, n, e, kid, alg: 'RS256', use: 'sig' } as JWK;
}

function kubernetesClaims(subject: string): Record<string, unknown> {
  const [, , namespace = '', name = ''] = subject.split(':');
  return { 'kubernetes.io': { namespace, serviceaccount: { name } } };
}
