import { memoryWorld } from '../../fakes/memory.ts';
import { adoptionStoreSuite } from './suites/adoption-store.ts';
import { historyStoreSuite } from './suites/history-store.ts';
import { reconcileQueueSuite } from './suites/reconcile-queue.ts';
import { issuerSuite } from './suites/issuer.ts';
import { recordStoreSuite } from './suites/record-store.ts';
import { secretVaultSuite } from './suites/secret-vault.ts';
import { sweepStoreSuite } from './suites/sweep-store.ts';

const SERVICE =
  '/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso';

const { ports, world } = memoryWorld(Date.now);

recordStoreSuite(() => ports.records);
adoptionStoreSuite(() => ports.adoptions);
historyStoreSuite(() => ports.history);
sweepStoreSuite(() => ports.sweeps);
reconcileQueueSuite(() => ({
  queue: ports.queue,
  visible: async () =>
    world.messages
      .filter(({ visibleAtMs }) => visibleAtMs <= Date.now())
      .map(({ message }) => message),
}));

secretVaultSuite(() => ({
  vault: ports.vault,
  overwrite: async (name, value) => void world.vault.overwrite(name, value),
  disable: async (name) => world.vault.disable(name),
  delete: async (name) => world.vault.delete(name),
  settle: async (name) => world.vault.recovered(name),
}));

issuerSuite(() => ({
  issuer: ports.issuers['gateway-token'],
  gateways: ports.gateways,
  service: SERVICE,
  create: async (target) => world.gateways.create(target),
  delete: async (target) => world.gateways.delete(target),
  regenerate: async (target, slot) => world.gateways.regenerate(target, slot),
  mint: async (target, slot, expiryAtMs) => world.gateways.mint(target, slot, expiryAtMs),
}));
