import { QueueClient } from '@azure/storage-queue';
import { HOUR, MAX_PARKED, type DurationMs } from '../core/limits.ts';
import type { ReconcileQueue } from '../ports.ts';
import { calling, type Call } from './answers.ts';
import { limitOf, once, type Access } from './pipeline.ts';

export interface QueueOptions extends Access {
  /** The account's queue endpoint, for instance `https://stcontoso.queue.core.windows.net`. */
  readonly url: string;
  readonly name: string;
}

/** An older message tells nothing any more: the sweep has found by itself what was due. */
const MESSAGE_LIFE: DurationMs = HOUR;

/** A message may come twice, so its put may be tried twice. */
const RETRIES = { maxTries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 };

const PUT: Call = {
  kind: 'read',
  what: 'put a message',
  right: 'Storage Queue Data Contributor',
};

/**
 * The queue of the function `reconcile`: text of JSON as it is, which host.json calls `messageEncoding: none`.
 * @see Queue Storage: Create Queue, Put Message
 */
export function openReconcileQueue(options: QueueOptions): ReconcileQueue {
  const client = new QueueClient(`${options.url}/${options.name}`, options.credential, {
    retryOptions: RETRIES,
  });
  const created = once(() => client.createIfNotExists(limitOf(options)));
  return {
    put: (message, delayMs) =>
      calling(PUT, async () => {
        await created();
        await client.sendMessage(JSON.stringify(message), {
          visibilityTimeout: toSeconds(Math.min(Math.max(delayMs, 0), MAX_PARKED)),
          messageTimeToLive: toSeconds(MESSAGE_LIFE),
          ...limitOf(options),
        });
      }),
  };
}

function toSeconds(ms: DurationMs): number {
  return Math.ceil(ms / 1_000);
}
