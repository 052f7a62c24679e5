import { describe, expect, test } from 'vitest';
import type { AdoptionStore } from '../../../../shared/ports.ts';

const FETCHED = { sequence: 7, sinceMs: 1_795_000_000_000, atMs: 1_795_000_060_000 };

const REPORT = {
  stored: 7,
  running: [
    { version: 7, pods: 2 },
    { version: 6, pods: 1 },
  ],
  desired: 3,
  atMs: 1_795_000_120_000,
};

/** What every AdoptionStore does. */
export function adoptionStoreSuite(open: () => AdoptionStore): void {
  describe('an AdoptionStore', () => {
    test('has no evidence about a credential of which nobody was heard', async () => {
      expect(await open().list('silent')).toEqual([]);
      expect(await open().instances('silent')).toEqual([]);
    });

    test('keeps the first hand-out when a later one is recorded', async () => {
      const store = open();
      await store.first('first', 'edge-lyon', 1_795_000_000_000);
      await store.first('first', 'edge-lyon', 1_795_999_000_000);
      expect(await store.list('first')).toMatchObject([
        { consumer: 'edge-lyon', firstSeenAtMs: 1_795_000_000_000 },
      ]);
    });

    test('keeps each sort of evidence when another is written', async () => {
      const store = open();
      await store.first('sorts', 'edge-lyon', 1_795_000_000_000);
      await store.report('sorts', 'edge-lyon', REPORT);
      await store.fetched('sorts', 'edge-lyon', FETCHED);
      expect(await store.list('sorts')).toEqual([
        {
          consumer: 'edge-lyon',
          firstSeenAtMs: 1_795_000_000_000,
          seenAtMs: FETCHED.atMs,
          fetched: FETCHED,
          report: REPORT,
        },
      ]);
    });

    test('lets the last evidence win, not the highest', async () => {
      const store = open();
      await store.report('back', 'edge-lyon', REPORT);
      await store.report('back', 'edge-lyon', { ...REPORT, stored: 6, running: [] });
      expect(await store.list('back')).toMatchObject([{ report: { stored: 6, running: [] } }]);
    });

    test('knows a consumer which reports without ever having been handed anything', async () => {
      const store = open();
      await store.report('unasked', 'aks-weu', REPORT);
      await store.first('unasked', 'aks-weu', REPORT.atMs + 1);
      expect(await store.list('unasked')).toMatchObject([
        { consumer: 'aks-weu', firstSeenAtMs: REPORT.atMs, report: REPORT },
      ]);
    });

    test('keeps consumers and credentials apart, whatever they are called', async () => {
      const store = open();
      await store.first('apart', 'a/b', 1);
      await store.first('apart', 'a?b', 1);
      await store.first('apart-2', 'a/b', 1);
      const consumers = (await store.list('apart')).map(({ consumer }) => consumer);
      expect(consumers.toSorted()).toEqual(['a/b', 'a?b']);
    });

    test('forgets instances whose token expired before an instant, to the millisecond', async () => {
      const store = open();
      const told = (instance: string, expiryAtMs: number) =>
        store.instance('pruned', { instance, expiryAtMs, atMs: 1_795_000_000_000 });
      await told('dead', 1_795_000_000_999);
      await told('just-alive', 1_795_000_001_000);
      await store.prune('pruned', 1_795_000_001_000);
      const left = (await store.instances('pruned')).map(({ instance }) => instance);
      expect(left).toEqual(['just-alive']);
    });

    test('knows which expiry a gateway instance runs with, by its last event', async () => {
      const store = open();
      const evidence = {
        instance: 'pod-1',
        expiryAtMs: 1_796_000_000_000,
        atMs: 1_795_000_000_000,
      };
      const later = { ...evidence, expiryAtMs: 1_795_500_000_000, atMs: evidence.atMs + 1 };
      const other = { ...evidence, instance: 'pod-2' };
      for (const told of [evidence, later, { ...other, expiryAtMs: 1_795_500_000_000 }]) {
        await store.instance('instances', told);
      }
      await store.instance('instances', { ...other, atMs: later.atMs });
      const instances = await store.instances('instances');
      expect(instances.toSorted((a, b) => a.instance.localeCompare(b.instance))).toEqual([
        later,
        { ...other, atMs: later.atMs },
      ]);
      expect(await store.list('instances')).toEqual([]);
    });
  });
}
