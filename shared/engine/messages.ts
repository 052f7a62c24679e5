import { z } from 'zod';
import { DAY, type EpochMs } from '../core/limits.ts';
import type { Message } from '../ports.ts';
import type { Context } from './context.ts';
import { leaveToSweep } from './leave-to-sweep.ts';
import { reconcile } from './reconcile.ts';
import { sweep } from './sweep.ts';

/** An older message says nothing any more: the sweep has found what was due. */
const MAX_AGE = DAY;

const atMs = z.int().min(0);

const MESSAGE = z.union([
  z.object({
    v: z.literal(1),
    reconcile: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/),
    target: z.string().max(1_000).exactOptional(),
    atMs,
  }),
  z.object({ v: z.literal(1), sweep: z.literal(true), atMs }),
]);

/** Takes one message of the queue. A foreign, newer, broken or old one is dropped with a line, never retried. */
export async function takeMessage(context: Context, item: unknown): Promise<void> {
  const { log, nowMs } = context.ports;
  const message = readMessage(item, nowMs());
  if (typeof message === 'string') return log('warn', `message dropped: ${message}`);
  if ('reconcile' in message) return reconcile(context, message);
  return leaveToSweep(log, 'sweep', () => sweep(context));
}

/** The message, or why it is none. */
export function readMessage(item: unknown, nowMs: EpochMs): Message | string {
  const parsed = MESSAGE.safeParse(item);
  if (!parsed.success) return 'it is not of this release';
  if (nowMs - parsed.data.atMs > MAX_AGE) return 'it is older than a day';
  return parsed.data;
}
