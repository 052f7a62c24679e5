import type { Hono } from 'hono';
import { type Env, newApi, observed, refusal } from '../http.ts';
import type { Twin } from '../twin.ts';
import { TOKEN_LIFE_SECONDS } from './tokens.ts';

/** The managed identity endpoint of App Service (2019-08-01), under any path, for the app's identity. */
export function identityApi(twin: Twin): Hono<Env> {
  const api = newApi();
  const [app] = twin.seed.identities;
  const bad = (statusCode: number, message: string) => refusal(statusCode, { statusCode, message });
  api.use(async (c, next) => {
    c.set('caller', app);
    await next();
  });
  api.get('*', observed(twin, 'identity', 'token'), async (c) => {
    const { resource, client_id: asked } = c.req.query();
    if (c.req.header('x-identity-header') !== twin.seed.identityHeader) {
      throw bad(401, 'The X-IDENTITY-HEADER is missing or wrong.');
    }
    const audience = twin.tokens.audienceOf(resource ?? '');
    if (audience === undefined) throw bad(400, `The resource '${resource}' is not known.`);
    if (asked !== undefined && asked !== app.clientId) {
      throw bad(400, `No identity with client id '${asked}' is assigned.`);
    }
    return c.json({
      access_token: await twin.tokens.issue(app, audience, 'assertion'),
      expires_on: String(Math.floor(Date.now() / 1000) + TOKEN_LIFE_SECONDS),
      resource,
      token_type: 'Bearer',
      client_id: app.clientId,
    });
  });
  return api;
}
