import { z } from 'zod';
import type { ClusterSeed } from '../contract.ts';
import { PROJECTED_LIFE_SECONDS, type ClusterIssuer } from './issuer.ts';

/** The audience which Entra asks for in federated assertions. */
export const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';

const TIMEOUT_MS = 5_000;

/** A token is renewed when a fifth of its life is left, as the kubelet does. */
const RENEW_AT = 0.8;

const EntraAnswer = z.object({ access_token: z.string(), expires_in: z.number() });

interface AccessToken {
  readonly token: string;
  readonly lifeSeconds: number;
}

/** Gives the token which proves to Keyturn who the cluster is, a new one when the last one ages. */
export function openLogin(seed: ClusterSeed, issuer: ClusterIssuer): () => Promise<string> {
  const logIn = seed.login === 'entra' ? exchangeAtEntra : present;
  let last: (AccessToken & { readonly sinceMs: number }) | undefined;
  return async () => {
    if (last && Date.now() < last.sinceMs + last.lifeSeconds * 1_000 * RENEW_AT) return last.token;
    const sinceMs = Date.now();
    last = { ...(await logIn(seed, issuer)), sinceMs };
    return last.token;
  };
}

async function present(seed: ClusterSeed, issuer: ClusterIssuer): Promise<AccessToken> {
  const token = await issuer.project(seed.audience, seed.subject);
  return { token, lifeSeconds: PROJECTED_LIFE_SECONDS };
}

async function exchangeAtEntra(seed: ClusterSeed, issuer: ClusterIssuer): Promise<AccessToken> {
  const response = await fetch(`${seed.urls.login}/${seed.tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: seed.application ?? '',
      scope: `${seed.audience}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await issuer.project(EXCHANGE_AUDIENCE, seed.subject),
    }),
  });
  if (!response.ok) throw new Error(`Entra answered ${response.status}: ${await response.text()}`);
  const answer = EntraAnswer.parse(await response.json());
  return { token: answer.access_token, lifeSeconds: answer.expires_in };
}
