import type { Identity, Right, Seed } from '../../sandbox/contract.ts';

export const ARM = 'https://management.azure.com/';
export const VAULT = 'https://vault.azure.net';

/** The identity with this name. */
export function identity(seed: Seed, name: string): Identity {
  const found = seed.identities.find(({ displayName }) => displayName === name);
  if (found === undefined) throw new Error(`The seed has no identity ${name}.`);
  return found;
}

/** ARM id of the API Management service. */
export function serviceIdOf(seed: Seed): string {
  return `/subscriptions/${seed.subscription}/resourceGroups/${seed.resourceGroup}/providers/Microsoft.ApiManagement/service/${seed.service}`;
}

/** What Keyturn is granted. */
export const APP_RIGHTS: readonly Right[] = [
  'gateways/read',
  'gateways/generateToken',
  'gateways/regenerateKey',
  'secrets/get',
  'secrets/list',
  'secrets/set',
  'secrets/update',
  'secrets/recover',
];

export const ALL_RIGHTS: readonly Right[] = [
  ...APP_RIGHTS,
  'gateways/write',
  'gateways/delete',
  'gateways/listKeys',
  'secrets/delete',
  'secrets/purge',
];

/** Somebody with a client secret and without rights, but for what `rest` says. */
export const person = (digit: number, displayName: string, rest: Partial<Identity>): Identity => ({
  clientId: `${digit}0000000-0000-4000-8000-00000000000a`,
  objectId: `${digit}0000000-0000-4000-8000-00000000000b`,
  displayName,
  clientSecret: `the secret of ${displayName}`,
  rights: [],
  ...rest,
});

/** One gateway, the app, its owner and people. */
export const SEED: Seed = {
  tenant: '11111111-2222-4333-8444-555555555555',
  subscription: '22222222-2222-4333-8444-555555555555',
  resourceGroup: 'rg-contoso',
  service: 'contoso',
  gateways: ['paris'],
  maxTokenLifeMs: 240_000,
  identities: [
    person(1, 'app', { rights: APP_RIGHTS }),
    person(2, 'owner', { rights: ALL_RIGHTS }),
    person(3, 'operator', { roles: ['Keyturn.Operator'] }),
    person(4, 'reader', { roles: ['Keyturn.Reader'] }),
  ],
  audience: 'api://keyturn.contoso.com',
  identityHeader: 'the header',
  subscriptions: [],
  nearExpiryMs: 60_000,
};
