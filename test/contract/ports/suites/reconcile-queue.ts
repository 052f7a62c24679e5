import { describe, expect, test } from 'vitest';
import type { Message, ReconcileQueue } from '../../../../shared/ports.ts';

/** A queue, and the messages in it which can be seen now. */
export interface QueueWorld {
  readonly queue: ReconcileQueue;
  visible(): Promise<readonly unknown[]>;
}

/** What every ReconcileQueue does. */
export function reconcileQueueSuite(open: () => QueueWorld): void {
  const at = (reconcile: string): Message => ({ v: 1, reconcile, atMs: 1_795_000_000_000 });

  describe('a ReconcileQueue', () => {
    test('shows a message without a delay at once, and another only after its delay', async () => {
      const { queue, visible } = open();
      await queue.put(at('now'), 0);
      await queue.put(at('later'), 60_000);
      await queue.put({ v: 1, sweep: true, atMs: 1 }, 0);
      const messages = await visible();
      expect(messages).toContainEqual(at('now'));
      expect(messages).toContainEqual({ v: 1, sweep: true, atMs: 1 });
      expect(messages).not.toContainEqual(at('later'));
    });

    test('takes a delay below zero as none', async () => {
      const { queue, visible } = open();
      await queue.put(at('past'), -5_000);
      expect(await visible()).toContainEqual(at('past'));
    });
  });
}
