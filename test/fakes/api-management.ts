import { createHmac } from 'node:crypto';
import { gatewayParts, sameName } from '../../shared/core/credential-id.ts';
import { KeyturnError } from '../../shared/core/errors.ts';
import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { bareToken, minuteOf, parseToken } from '../../shared/core/gateway-token.ts';
import type { EpochMs } from '../../shared/core/limits.ts';
import type { Policy, SlotName } from '../../shared/core/nouns.ts';
import { Secret } from '../../shared/core/secret.ts';
import type { GatewayDirectory, Issuer } from '../../shared/ports.ts';
import { refuseLate } from './faults.ts';

const SLOTS = ['primary', 'secondary'] as const;

/** A gateway's keys: how often each was regenerated. */
type Keys = Record<SlotName, number>;

/** What people can do to a gateway in the portal, and what API Management would say to a gateway. */
export interface GatewayWorld {
  create(target: string): void;
  delete(target: string): void;
  regenerate(target: string, slot: SlotName): void;
  /** A token as anybody with the right can make it: bare. */
  mint(target: string, slot: SlotName, expiryAtMs: EpochMs): string;
  /** Would a gateway which starts with this value (prefix or not) be let in now? */
  accepts(target: string, value: string): boolean;
  /** From now on two mints never give the same bytes, or do again. */
  deviate(deviates: boolean): void;
}

/** API Management as its gateways' tokens behave: deterministic, and dead when their key is regenerated. */
export function memoryApiManagement(nowMs: () => EpochMs): {
  issuer: Issuer;
  gateways: GatewayDirectory;
  world: GatewayWorld;
} {
  const keys = new Map<string, Keys>();
  let deviates = false;
  let mints = 0;

  const keysOf = (target: string): Keys => {
    const found = keys.get(target);
    if (found === undefined) throw new KeyturnError('ERR_NOT_FOUND', `${target} does not exist`);
    return found;
  };
  const world: GatewayWorld = {
    create: (target) => void keys.set(target, { primary: 1, secondary: 1 }),
    delete: (target) => void keys.delete(target),
    regenerate(target, slot) {
      const found = keysOf(target);
      found[slot] = (found[slot] ?? 0) + 1;
    },
    mint(target, slot, expiryAtMs) {
      const { gateway } = gatewayParts(target) ?? {};
      const nonce = deviates ? ++mints : 0;
      const key = `${target} ${slot} ${keysOf(target)[slot]} ${nonce}`;
      const text = `${gateway}&${minuteOf(expiryAtMs)}`;
      return `${text}&${createHmac('sha512', key).update(text).digest('base64')}`;
    },
    accepts(target, value) {
      const token = parseToken(bareToken(value));
      if (token === undefined || token.expiryAtMs <= nowMs() || !keys.has(target)) return false;
      return SLOTS.some((slot) => world.mint(target, slot, token.expiryAtMs) === bareToken(value));
    },
    deviate: (now) => void (deviates = now),
  };

  const gateways: GatewayDirectory = {
    async list(service) {
      return [...keys.keys()].filter((target) =>
        sameName(gatewayParts(target)?.service ?? '', service),
      );
    },
  };
  return { issuer: memoryIssuer(world, keys, nowMs), gateways, world };
}

function memoryIssuer(
  world: GatewayWorld,
  keys: ReadonlyMap<string, Keys>,
  nowMs: () => EpochMs,
): Issuer {
  const mint = ({ target, limits }: Policy, slot: SlotName, expiryAtMs: EpochMs): string => {
    if (expiryAtMs > nowMs() + limits.maxTokenLifeMs) {
      throw new KeyturnError('ERR_INVALID_REQUEST', 'expiry: at most 30 days');
    }
    return world.mint(target, slot, expiryAtMs);
  };

  return {
    async takeOver(policy, value) {
      const bare = bareToken(value.reveal());
      const token = parseToken(bare);
      if (!token || !sameName(token.gateway, gatewayParts(policy.target)?.gateway ?? ''))
        return undefined;
      const { expiryAtMs } = token;
      if (expiryAtMs > nowMs() + policy.limits.maxTokenLifeMs) return undefined;
      const slot = SLOTS.find((one) => mint(policy, one, expiryAtMs) === bare);
      return slot && { slot, expiryAtMs, fingerprint: fingerprintOf(bare) };
    },
    async issuedSlots({ target }) {
      return keys.has(target) ? SLOTS : undefined;
    },
    async isAlive(policy, { slot, expiryAtMs, fingerprint }) {
      const first = mint(policy, slot, expiryAtMs);
      if (fingerprintOf(first) === fingerprint) return 'alive';
      return mint(policy, slot, expiryAtMs) === first ? 'dead' : 'deviates';
    },
    async bytesOf(policy, slot, expiryAtMs, trusting) {
      const bare = mint(policy, slot, expiryAtMs);
      if (!trusting && mint(policy, slot, expiryAtMs) !== bare) {
        throw new KeyturnError('ERR_DEVIATION', 'two mints of one minute differ');
      }
      return { value: new Secret(bare), fingerprint: fingerprintOf(bare) };
    },
    async retire({ target }, slot, deadlineAtMs) {
      refuseLate(deadlineAtMs, nowMs);
      if (keys.has(target)) world.regenerate(target, slot);
    },
  };
}
