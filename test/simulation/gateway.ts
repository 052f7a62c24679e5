import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { parseToken } from '../../shared/core/gateway-token.ts';
import type { EpochMs } from '../../shared/core/limits.ts';
import type { SlotName } from '../../shared/core/nouns.ts';
import type { GatewayDirectory, Issuer } from '../../shared/ports.ts';
import { memoryApiManagement } from '../fakes/api-management.ts';
import type { Note } from './history.ts';
import { TARGET } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** The gateway of the simulation, and what people do to it in the portal. */
export interface Gateway {
  readonly issuer: Issuer;
  readonly gateways: GatewayDirectory;
  exists(): boolean;
  mint(slot: SlotName, expiryAtMs: EpochMs): string;
  regenerate(slot: SlotName): void;
  deleteGateway(): void;
  createGateway(): void;
}

type By = 'keyturn' | 'person';

/** API Management's one gateway, which tells the history of every token and of every key. */
export function openGateway(scheduler: Scheduler, note: Note): Gateway {
  const { issuer, gateways, world } = memoryApiManagement(scheduler.nowMs);
  const keys = new Map<SlotName, number>([
    ['primary', 1],
    ['secondary', 1],
  ]);
  let exists = false;
  const show = (doesExist: boolean) => {
    exists = doesExist;
    note({ what: 'gateway', exists });
  };
  const minted = (by: By, slot: SlotName, bare: string) => {
    const expiryAtMs = parseToken(bare)?.expiryAtMs ?? 0;
    const key = keys.get(slot) ?? 0;
    note({ what: 'minted', by, fingerprint: fingerprintOf(bare), slot, key, expiryAtMs });
  };
  const regenerated = (by: By, slot: SlotName) => {
    keys.set(slot, (keys.get(slot) ?? 0) + 1);
    note({ what: 'regenerated', by, slot });
  };

  return {
    issuer: watched(issuer, minted, (slot) => exists && regenerated('keyturn', slot)),
    gateways,
    exists: () => exists,
    mint(slot, expiryAtMs) {
      const bare = world.mint(TARGET, slot, expiryAtMs);
      minted('person', slot, bare);
      return bare;
    },
    regenerate(slot) {
      world.regenerate(TARGET, slot);
      regenerated('person', slot);
    },
    deleteGateway() {
      world.delete(TARGET);
      show(false);
    },
    createGateway() {
      world.create(TARGET);
      show(true);
      for (const [slot, before] of keys) {
        // One that is created again has new keys, which the fake counts from one.
        for (let key = 1; key <= before; key += 1) world.regenerate(TARGET, slot);
        regenerated('person', slot);
      }
    },
  };
}

function watched(
  issuer: Issuer,
  minted: (by: By, slot: SlotName, bare: string) => void,
  retired: (slot: SlotName) => void,
): Issuer {
  return {
    ...issuer,
    async bytesOf(policy, slot, expiryAtMs, trusting) {
      const issued = await issuer.bytesOf(policy, slot, expiryAtMs, trusting);
      minted('keyturn', slot, issued.value.reveal());
      return issued;
    },
    async retire(policy, slot, deadlineAtMs) {
      await issuer.retire(policy, slot, deadlineAtMs);
      retired(slot);
    },
  };
}
