import { stringify } from 'yaml';
import { issuerOf } from './seed.ts';
import {
  AUDIENCE,
  type ClusterPlan,
  type CredentialPlan,
  EXPIRY_MARGIN_MS,
  OVERLAP_MS,
  SERVICE_ID,
  SUBJECT,
  TENANT,
  TOKEN_LIFE_MS,
  type World,
} from './world.ts';

/**
 * The protocol's constants, in minutes and seconds. A token is renewed after two thirds of its life, so more than a
 * minute is left to retire the one before: its expiry, the margin, a sweep, and the fence of nine seconds
 * (deadline, flight and twice the skew) until its slot is clean again.
 */
const LIMITS = {
  maxTokenLife: duration(TOKEN_LIFE_MS),
  lifeMargin: 'PT0S',
  deadline: 'PT5S',
  callTimeout: 'PT3S',
  flight: 'PT3S',
  skew: 'PT0.5S',
  expiryMargin: duration(EXPIRY_MARGIN_MS),
  // Two rotations within a minute must not come back to the minute of the first; a renewal is further away.
  reuseGuard: 'PT2M',
  probeEvery: 'PT1M',
  holdMargin: 'PT1M',
  maxSetback: 'PT10S',
  maxIdle: 'PT30S',
  repairWindow: 'PT2M',
  sweepLate: 'PT30S',
};

/** Keyturn's configuration file, as somebody would write it for this world. */
export function configurationOf(world: World): string {
  return stringify({
    mode: 'rotate',
    vault: world.urls.vault,
    identity: { audiences: [AUDIENCE], tenant: TENANT },
    consumers: world.clusters.map(consumerOf),
    gatewayTokens: world.credentials.map(gatewayTokenOf),
    endpoints: { arm: world.urls.arm, login: world.urls.login },
    limits: LIMITS,
  });
}

function consumerOf({ id, login, port, application }: ClusterPlan) {
  return login === 'entra' ? { id, application } : { id, issuer: issuerOf(port), subject: SUBJECT };
}

function gatewayTokenOf({ gateway, discovered, consumers, retire }: CredentialPlan) {
  return {
    service: SERVICE_ID,
    gateway: discovered ? '*' : gateway,
    consumers,
    lifetime: duration(TOKEN_LIFE_MS),
    retire,
    ...(retire === 'adopted' && { overlap: duration(OVERLAP_MS) }),
  };
}

function duration(ms: number): string {
  return `PT${ms / 1_000}S`;
}
