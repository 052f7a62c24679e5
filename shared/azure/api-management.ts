import { gatewayParts, sameName } from '../core/credential-id.ts';
import { KeyturnError } from '../core/errors.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import { bareToken, parseToken } from '../core/gateway-token.ts';
import type { EpochMs } from '../core/limits.ts';
import type { SlotName } from '../core/nouns.ts';
import { Secret } from '../core/secret.ts';
import type { GatewayDirectory, Issuer, Origin } from '../ports.ts';
import {
  openGatewayCalls,
  SLOTS,
  type ApiManagementOptions,
  type GatewayCalls,
} from './gateway-calls.ts';

/**
 * Self-hosted gateways of API Management, and the issuer of their tokens. Never calls listKeys: no gateway key ever
 * comes here, so a value is judged by minting its minute again.
 */
export function openApiManagement(options: ApiManagementOptions): {
  readonly issuer: Issuer;
  readonly gateways: GatewayDirectory;
} {
  const calls = openGatewayCalls(options);
  return { issuer: gatewayIssuer(calls), gateways: { list: calls.list } };
}

function gatewayIssuer(calls: GatewayCalls): Issuer {
  return {
    takeOver: ({ target }, value) => originOf(calls, target, bareToken(value.reveal())),

    async issuedSlots({ target }) {
      return (await calls.exists(target)) ? SLOTS : undefined;
    },

    async isAlive({ target }, { slot, expiryAtMs, fingerprint }) {
      const minted = await calls.mint(target, slot, expiryAtMs);
      if (fingerprintOf(minted) === fingerprint) return 'alive';
      const again = await calls.mint(target, slot, expiryAtMs);
      return again === minted ? 'dead' : 'deviates';
    },

    async bytesOf({ target }, slot, expiryAtMs, trusting) {
      const bare = await calls.mint(target, slot, expiryAtMs);
      if (!trusting && (await calls.mint(target, slot, expiryAtMs)) !== bare) {
        throw new KeyturnError('ERR_DEVIATION', `two mints on ${slot} of ${target} differ`);
      }
      return { value: new Secret(bare), fingerprint: fingerprintOf(bare) };
    },

    retire: ({ target }, slot, deadlineAtMs) => calls.regenerate(target, slot, deadlineAtMs),
  };
}

async function originOf(
  calls: GatewayCalls,
  target: string,
  bare: string,
): Promise<Origin | undefined> {
  const token = parseToken(bare);
  if (!token || !sameName(token.gateway, gatewayParts(target)?.gateway ?? '')) return undefined;
  for (const slot of SLOTS) {
    if ((await mintIfValid(calls, target, slot, token.expiryAtMs)) === bare) {
      return { slot, expiryAtMs: token.expiryAtMs, fingerprint: fingerprintOf(bare) };
    }
  }
  return undefined;
}

/** Undefined where Azure refuses the minute itself: whoever wrote it, no key signed it. */
async function mintIfValid(
  calls: GatewayCalls,
  target: string,
  slot: SlotName,
  expiryAtMs: EpochMs,
): Promise<string | undefined> {
  try {
    return await calls.mint(target, slot, expiryAtMs);
  } catch (error) {
    if (error instanceof KeyturnError && error.code === 'ERR_INVALID_REQUEST') return undefined;
    throw error;
  }
}
