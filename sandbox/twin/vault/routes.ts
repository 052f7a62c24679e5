import { randomUUID } from 'node:crypto';
import type { Hono, MiddlewareHandler } from 'hono';
import type { Right } from '../../contract.ts';
import {
  callerOf,
  credentialsOf,
  type Env,
  newApi,
  observed,
  refusal,
  withHeaders,
} from '../http.ts';
import type { Twin } from '../twin.ts';
import * as deleted from './deleted.ts';
import { badParameter, vaultError } from './errors.ts';
import * as secrets from './secrets.ts';
import { newSettling } from './settling.ts';

/** Key Vault's data plane: the secrets of one vault. */
export function vaultApi(twin: Twin): Hono<Env> {
  const api = newApi();
  const settling = newSettling(twin);
  const route = (operation: string, right: Right) =>
    [observed(twin, 'vault', operation), allowed(twin, right)] as const;
  api.use(withVaultHeaders, challenged(twin), withApiVersion);
  const one = '/secrets/:name';
  const version = '/secrets/:name/:version?';
  api.put(one, ...route('setSecret', 'secrets/set'), secrets.set(twin, settling));
  api.get('/secrets', ...route('listSecrets', 'secrets/list'), secrets.list(twin, settling));
  api.get(
    `${one}/versions`,
    ...route('listSecretVersions', 'secrets/list'),
    secrets.listVersions(twin, settling),
  );
  api.get(version, ...route('getSecret', 'secrets/get'), secrets.get(twin, settling));
  api.patch(version, ...route('updateSecret', 'secrets/update'), secrets.update(twin, settling));
  api.delete(one, ...route('deleteSecret', 'secrets/delete'), deleted.remove(twin, settling));
  const gone = '/deletedsecrets/:name';
  api.get(
    '/deletedsecrets',
    ...route('listDeletedSecrets', 'secrets/list'),
    deleted.list(twin, settling),
  );
  api.get(gone, ...route('getDeletedSecret', 'secrets/get'), deleted.get(twin, settling));
  api.post(
    `${gone}/recover`,
    ...route('recoverSecret', 'secrets/recover'),
    deleted.recover(twin, settling),
  );
  api.delete(gone, ...route('purgeSecret', 'secrets/purge'), deleted.purge(twin, settling));
  api.notFound((c) => {
    throw badParameter(`The twin does not serve ${c.req.method} ${c.req.path}.`);
  });
  return api;
}

const withVaultHeaders = withHeaders((c) => ({
  'cache-control': 'no-cache',
  'x-ms-keyvault-region': 'localhost',
  'x-ms-keyvault-service-version': '1.9.0.0',
  'x-ms-keyvault-network-info': 'conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;',
  'x-ms-request-id': randomUUID(),
  'x-ms-client-request-id': c.req.header('x-ms-client-request-id') ?? randomUUID(),
}));

/** Without a token which Key Vault takes, the answer says where to get one. */
function challenged(twin: Twin): MiddlewareHandler<Env> {
  const challenge = `Bearer authorization="${twin.urls.login}/${twin.seed.tenant}", resource="https://vault.azure.net"`;
  const unauthorized = (message: string) =>
    refusal(401, { error: { code: 'Unauthorized', message } }, { 'www-authenticate': challenge });
  return async (c, next) => {
    const token = credentialsOf(c, 'Bearer');
    if (token === undefined) {
      throw unauthorized('AKV10000: Request is missing a Bearer or PoP token.');
    }
    try {
      c.set('caller', await twin.tokens.verify(token, 'https://vault.azure.net'));
    } catch {
      // What is wrong with it would only help who should not have it.
      throw unauthorized('AKV10032: Invalid issuer, audience, signature or time of the token.');
    }
    await next();
  };
}

const withApiVersion: MiddlewareHandler<Env> = async (c, next) => {
  if (!c.req.query('api-version')) throw badParameter('api-version must be specified');
  await next();
};

/** What Key Vault calls the rights when it refuses. */
const ACTIONS: Readonly<Partial<Record<Right, string>>> = {
  'secrets/get': 'getSecret/action',
  'secrets/list': 'readMetadata/action',
  'secrets/set': 'setSecret/action',
  'secrets/update': 'update/action',
  'secrets/delete': 'delete',
  'secrets/recover': 'recover/action',
  'secrets/purge': 'purge/action',
};

function allowed(twin: Twin, right: Right): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { clientId, objectId, rights } = callerOf(c);
    if (rights.includes(right)) return next();
    const message = [
      'Caller is not authorized to perform action on resource.',
      'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
      `Caller: appid=${clientId};oid=${objectId};iss=${twin.tokens.issuers.v1}`,
      `Action: 'Microsoft.KeyVault/vaults/secrets/${ACTIONS[right]}'`,
      `Resource: '${c.req.path}'`,
      'Assignment: (not found)',
    ];
    throw vaultError(403, 'Forbidden', message.join('\r\n'), 'ForbiddenByRbac');
  };
}
