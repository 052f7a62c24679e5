import { describe, expect, test } from 'vitest';
import type { SweepStore } from '../../../../shared/ports.ts';

/** What every SweepStore does. */
export function sweepStoreSuite(open: () => SweepStore): void {
  describe('a SweepStore', () => {
    test('knows of no sweep, then of the last one', async () => {
      const store = open();
      expect(await store.last()).toBeUndefined();
      await store.done(1_795_000_000_123);
      await store.done(1_795_000_300_456);
      expect(await store.last()).toBe(1_795_000_300_456);
    });
  });
}
