import { describe, expect, test } from 'vitest';
import type { SweepReport, SweepStore } from '../../../../shared/ports.ts';

const FIRST: SweepReport = {
  atMs: 1_795_000_000_123,
  findings: [{ code: 'NAME_TAKEN', severity: 'alert', message: 'taken', remedy: 'rename' }],
};

const SECOND: SweepReport = { atMs: 1_795_000_300_456, findings: [] };

/** What every SweepStore does. */
export function sweepStoreSuite(open: () => SweepStore): void {
  describe('a SweepStore', () => {
    test('knows of no sweep, then of the last one and what it found', async () => {
      const store = open();
      expect(await store.last()).toBeUndefined();
      await store.done(FIRST);
      expect(await store.last()).toEqual(FIRST);
      await store.done(SECOND);
      expect(await store.last()).toEqual(SECOND);
    });
  });
}
