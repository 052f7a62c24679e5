import type { Context, Hono } from 'hono';
import type { Identity } from '../../contract.ts';
import { credentialsOf, type Env, newApi, observed } from '../http.ts';
import type { Twin } from '../twin.ts';
import { newAssertionCheck, type CheckAssertion } from './assertions.ts';
import { entraError } from './errors.ts';
import { type LoginWay, TOKEN_LIFE_SECONDS } from './tokens.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Entra for one tenant: discovery of both issuers, keys, and client credentials. */
export function loginApi(twin: Twin): Hono<Env> {
  const api = newApi();
  const checkAssertion = newAssertionCheck();
  const keys = { keys: [twin.tokens.publicKey] };
  api.use('/:tenant/*', async (c, next) => {
    const tenant = c.req.param('tenant');
    if (tenant !== twin.seed.tenant) throw tenantNotFound(tenant);
    await next();
  });
  const discovery = observed(twin, 'login', 'discovery');
  const known = '.well-known/openid-configuration';
  api.get(`/:tenant/v2.0/${known}`, discovery, (c) => c.json(metadata(twin, 'v2')));
  api.get(`/:tenant/${known}`, discovery, (c) => c.json(metadata(twin, 'v1')));
  api.get('/:tenant/discovery/v2.0/keys', observed(twin, 'login', 'keys'), (c) => c.json(keys));
  api.get('/:tenant/discovery/keys', observed(twin, 'login', 'keys'), (c) => c.json(keys));
  api.post('/:tenant/oauth2/v2.0/token', observed(twin, 'login', 'token'), async (c) => {
    const login = await readLogin(c);
    const audience = audienceOf(twin, login);
    const identity = identityOf(twin, login);
    const way = await proveIdentity(login, identity, checkAssertion);
    const accessToken = await twin.tokens.issue(identity, audience, way);
    const seconds = { expires_in: TOKEN_LIFE_SECONDS, ext_expires_in: TOKEN_LIFE_SECONDS };
    c.header('cache-control', 'no-store, no-cache');
    return c.json({ token_type: 'Bearer', ...seconds, access_token: accessToken });
  });
  return api;
}

function metadata(twin: Twin, version: 'v1' | 'v2') {
  const base = `${twin.urls.login}/${twin.seed.tenant}`;
  const suffix = version === 'v2' ? '/v2.0' : '';
  return {
    issuer: twin.tokens.issuers[version],
    authorization_endpoint: `${base}/oauth2${suffix}/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery${suffix}/keys`,
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'private_key_jwt',
      'client_secret_basic',
    ],
    response_types_supported: ['code', 'id_token', 'token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

type Login = Readonly<Record<string, string | undefined>>;

/** The form, with the client's id and secret from the header where they are there. */
async function readLogin(c: Context): Promise<Login> {
  const form: Login = Object.fromEntries(new URLSearchParams(await c.req.text()));
  const basic = credentialsOf(c, 'Basic');
  if (basic === undefined) return form;
  const pair = Buffer.from(basic, 'base64').toString().split(':');
  const [id = '', secret = ''] = pair.map(
    (part) => new URLSearchParams(`v=${part}`).get('v') ?? '',
  );
  return { ...form, client_id: id, client_secret: secret };
}

function audienceOf(twin: Twin, { grant_type: grant, scope = '' }: Login): string {
  if (grant !== 'client_credentials') {
    const message = `The app requested an unsupported grant type '${grant}'.`;
    throw entraError({ number: 70003, error: 'unsupported_grant_type', message });
  }
  const [, resource] = /^(.+)\/\.default$/.exec(scope) ?? [];
  const audience = resource === undefined ? undefined : twin.tokens.audienceOf(resource);
  if (audience !== undefined) return audience;
  if (resource === undefined) {
    const message = `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
    throw entraError({ number: 1002012, error: 'invalid_scope', message });
  }
  const message = `The resource principal named ${resource} was not found in the tenant named ${twin.seed.tenant}.`;
  throw entraError({ number: 500011, error: 'invalid_resource', message });
}

function identityOf({ seed }: Twin, { client_id: clientId }: Login): Identity {
  const identity = seed.identities.find((known) => known.clientId === clientId);
  if (identity !== undefined) return identity;
  const message = `Application with identifier '${clientId}' was not found in the directory '${seed.tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`;
  throw entraError({ number: 700016, error: 'unauthorized_client', message });
}

async function proveIdentity(
  login: Login,
  identity: Identity,
  checkAssertion: CheckAssertion,
): Promise<LoginWay> {
  const { client_secret: secret, client_assertion: assertion } = login;
  if (assertion !== undefined && login.client_assertion_type === JWT_BEARER) {
    await checkAssertion(assertion, identity);
    return 'assertion';
  }
  if (secret === undefined) throw noProof();
  if (secret === identity.clientSecret) return 'secret';
  const message = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${identity.clientId}'.`;
  throw entraError({ number: 7_000_215, error: 'invalid_client', message });
}

function noProof() {
  const message =
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
  return entraError({ number: 7_000_218, error: 'invalid_client', message });
}

function tenantNotFound(tenant: string) {
  const message = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`;
  return entraError({ number: 90_002, error: 'invalid_tenant', message });
}
