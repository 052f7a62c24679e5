import { randomUUID } from 'node:crypto';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { errors } from 'jose';
import type { Right } from '../../contract.ts';
import { callerOf, credentialsOf, type Env, newApi, observed, withHeaders } from '../http.ts';
import type { Twin } from '../twin.ts';
import { armError } from './errors.ts';
import * as gateways from './gateways.ts';
import { throttled } from './throttle.ts';

const SERVICE =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.ApiManagement/service/:service';

/** Resource Manager with one API Management service: its self-hosted gateways. */
export function armApi(twin: Twin): Hono<Env> {
  const api = newApi();
  const throttle = throttled(twin);
  const route = (operation: string, right: Right) =>
    [observed(twin, 'arm', operation), throttle, allowed(right)] as const;
  api.use(withArmHeaders, authenticated(twin), withApiVersion);
  api.use(`${SERVICE}/*`, existing(twin));
  const list = `${SERVICE}/gateways` as const;
  const one = gateways.GATEWAY;
  api.get(list, ...route('listGateways', 'gateways/read'), gateways.list(twin));
  api.get(one, ...route('getGateway', 'gateways/read'), gateways.get(twin));
  api.put(one, ...route('putGateway', 'gateways/write'), gateways.put(twin));
  api.patch(one, ...route('patchGateway', 'gateways/write'), gateways.patch(twin));
  api.delete(one, ...route('deleteGateway', 'gateways/delete'), gateways.remove(twin));
  const action = (name: 'listKeys' | 'generateToken' | 'regenerateKey') =>
    route(name, `gateways/${name}`);
  api.post(`${one}/listKeys`, ...action('listKeys'), gateways.listKeys(twin));
  api.post(`${one}/generateToken`, ...action('generateToken'), gateways.generateToken(twin));
  api.post(`${one}/regenerateKey`, ...action('regenerateKey'), gateways.regenerateKey(twin));
  api.notFound((c) => {
    throw armError(
      404,
      'InvalidResourceType',
      `The twin does not serve ${c.req.method} ${c.req.path}.`,
    );
  });
  return api;
}

const withArmHeaders = withHeaders(() => {
  const id = randomUUID();
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    'cache-control': 'no-cache',
    expires: '-1',
    pragma: 'no-cache',
    'x-ms-request-id': id,
    'x-ms-correlation-request-id': id,
    'x-ms-routing-request-id': `LOCALHOST:${time}:${id}`,
  };
});

function authenticated(twin: Twin): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = credentialsOf(c, 'Bearer');
    if (token === undefined) {
      throw armError(
        401,
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is missing.",
      );
    }
    try {
      c.set('caller', await twin.tokens.verify(token, 'https://management.azure.com/'));
    } catch (error) {
      throw tokenRefusal(error);
    }
    await next();
  };
}

function tokenRefusal(error: unknown) {
  if (error instanceof errors.JWTExpired) {
    const expiry = new Date((error.payload.exp ?? 0) * 1000).toUTCString();
    const message = `The access token expiry UTC time '${expiry}' is earlier than current UTC time '${new Date().toUTCString()}'.`;
    return armError(401, 'ExpiredAuthenticationToken', message);
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    const message = `The access token has been obtained for wrong audience or resource '${String(error.payload.aud)}'. It should exactly match with one of the allowed audiences 'https://management.azure.com/'.`;
    return armError(401, 'InvalidAuthenticationTokenAudience', message);
  }
  return armError(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
}

const withApiVersion: MiddlewareHandler<Env> = async (c, next) => {
  if (!c.req.query('api-version')) {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw armError(400, 'MissingApiVersionParameter', message);
  }
  await next();
};

/** Names in ARM ids do not tell upper from lower case. */
function existing(twin: Twin): MiddlewareHandler<Env, typeof SERVICE> {
  const is = (given: string, known: string) => given.toLowerCase() === known.toLowerCase();
  return async (c, next) => {
    const { subscription, group, service } = c.req.param();
    if (!is(subscription, twin.seed.subscription)) {
      throw armError(
        404,
        'SubscriptionNotFound',
        `The subscription '${subscription}' could not be found.`,
      );
    }
    if (!is(group, twin.seed.resourceGroup)) {
      throw armError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
    }
    if (!is(service, twin.seed.service)) {
      const message = `The Resource 'Microsoft.ApiManagement/service/${service}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
      throw armError(404, 'ResourceNotFound', message);
    }
    await next();
  };
}

function allowed(right: Right): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (!callerOf(c).rights.includes(right)) throw authorizationFailed(c, right);
    await next();
  };
}

function authorizationFailed(c: Context<Env>, right: Right) {
  const { clientId, objectId } = callerOf(c);
  const isAction = !/\/(read|write|delete)$/.test(right);
  const action = `Microsoft.ApiManagement/service/${right}${isAction ? '/action' : ''}`;
  const scope = isAction ? c.req.path.replace(/\/[^/]+\/?$/, '') : c.req.path;
  const message = `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  return armError(403, 'AuthorizationFailed', message);
}
