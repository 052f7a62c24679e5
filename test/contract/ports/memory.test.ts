import { memoryWorld } from '../../fakes/memory.ts';
import { adoptionStoreSuite } from './suites/adoption-store.ts';
import { historyStoreSuite } from './suites/history-store.ts';
import { reconcileQueueSuite } from './suites/reconcile-queue.ts';
import { recordStoreSuite } from './suites/record-store.ts';
import { sweepStoreSuite } from './suites/sweep-store.ts';

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
