import { describe, expect, test } from 'vitest';
import type { HistoryEntry, HistoryStore } from '../../../../shared/ports.ts';

const AT_MS = 1_795_000_000_000;

function entry(credential: string, atMs: number, message = 'published'): HistoryEntry {
  return { credential, atMs, event: 'publish', message, sequence: 7, slot: 'primary' };
}

/** What every HistoryStore does. */
export function historyStoreSuite(open: () => HistoryStore): void {
  describe('a HistoryStore', () => {
    test('lists the newest first, as many as were asked for, of one credential', async () => {
      const store = open();
      for (const atMs of [AT_MS, AT_MS + 2, AT_MS + 1]) await store.append(entry('order', atMs));
      await store.append(entry('another', AT_MS + 3));
      expect(await store.list('order', 2)).toEqual([
        entry('order', AT_MS + 2),
        entry('order', AT_MS + 1),
      ]);
      expect(await store.list('order', 0)).toEqual([]);
    });

    test('keeps two entries of one instant', async () => {
      const store = open();
      await store.append(entry('instant', AT_MS, 'published'));
      await store.append(entry('instant', AT_MS, 'retired'));
      expect(await store.list('instant', 10)).toHaveLength(2);
    });

    test('prunes what is older than an instant, to the millisecond', async () => {
      const store = open();
      for (const atMs of [AT_MS - 1, AT_MS, AT_MS + 1]) await store.append(entry('prune', atMs));
      await store.append(entry('kept', AT_MS - 1));
      await store.prune('prune', AT_MS);
      const left = (await store.list('prune', 10)).map(({ atMs }) => atMs);
      expect(left).toEqual([AT_MS + 1, AT_MS]);
      expect(await store.list('kept', 10)).toHaveLength(1);
    });

    test('prunes more than one transaction holds', async () => {
      const store = open();
      const many = Array.from({ length: 120 }, (_, index) => store.append(entry('many', index)));
      await Promise.all(many);
      await store.prune('many', AT_MS);
      expect(await store.list('many', 1)).toEqual([]);
    });
  });
}
