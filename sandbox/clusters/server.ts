import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { ClusterSeed, ClusterStatus } from '../contract.ts';
import type { ClusterIssuer } from './issuer.ts';

/** The cluster's face: its OIDC issuer, a way to get a projected token, and its status. */
export function clusterRoutes(
  seed: ClusterSeed,
  issuer: ClusterIssuer,
  status: () => ClusterStatus,
): Hono {
  const routes = new Hono();
  routes.get('/.well-known/openid-configuration', (context) =>
    context.json({
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
  );
  routes.get('/openid/v1/jwks', (context) => context.json(issuer.jwks));
  routes.get('/token', async (context) => {
    const { audience = seed.audience, subject = seed.subject } = context.req.query();
    return context.json({ token: await issuer.project(audience, subject) });
  });
  routes.get('/status', (context) => context.json(status()));
  return routes;
}

/** Resolves when the cluster listens. */
export function listen(routes: Hono, seed: ClusterSeed): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = serve(
    {
      fetch: routes.fetch,
      hostname: '127.0.0.1',
      port: seed.port,
      createServer,
      serverOptions: {
        cert: readFileSync(seed.tls.certFile),
        key: readFileSync(seed.tls.keyFile),
      },
    },
    () => resolve(),
  );
  server.once('error', reject);
  return promise;
}
