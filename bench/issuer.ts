import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { openIssuer } from '../sandbox/clusters/issuer.ts';
import { openState } from '../sandbox/clusters/state.ts';
import type { ClusterSeed } from '../sandbox/contract.ts';

/** A cluster without gateways: its OIDC issuer, in this process, so that every request for its keys is counted. */
export interface Issuer {
  /** A projected service account token. */
  readonly project: () => Promise<string>;
  /** Requests for its discovery document and for its keys so far. */
  readonly keyFetches: () => number;
  readonly stop: () => void;
}

export async function startIssuer(seed: ClusterSeed): Promise<Issuer> {
  const { url, jwks, project } = await openIssuer(seed, openState(seed, Date.now()));
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
    '/keys': jwks,
  };
  let keyFetches = 0;
  const [cert, key] = await Promise.all([readFile(seed.tls.certFile), readFile(seed.tls.keyFile)]);
  const server = createServer({ cert, key }, (request, response) => {
    keyFetches += 1;
    response.end(JSON.stringify(documents[request.url ?? '']));
  });
  server.listen(seed.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    project: () => project(seed.audience, seed.subject),
    keyFetches: () => keyFetches,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
