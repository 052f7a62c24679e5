import { ManagedIdentityCredential } from '@azure/identity';
import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue';
import { MIN_POLLING_MS } from './host-json.ts';
import { pause, type Listener, type ListenerContext } from './listener.ts';
import type { AppFunction } from './load-app.ts';
import { toError } from './log.ts';
import { HIDDEN_MS, processMessage, type MessageQueue } from './queue-message.ts';
import { requireSetting, resolveSettings, type Settings } from './settings.ts';

/** The listener tries again itself: the clients' own retries would only hide an outage from it. */
const ONE_TRY = {
  storage: { retryOptions: { maxTries: 1, tryTimeoutInMs: 30_000 } },
  identity: { retryOptions: { maxRetries: 0 } },
};

interface Polling {
  /** Grows while there is nothing to do, whether the queue is empty or out of reach. */
  pauseMs: number;
  queuesExist: boolean;
  outage: boolean;
}

/** @throws when the queue's name or its account is not in the settings */
export function listenToQueue(target: AppFunction, context: ListenerContext): Listener {
  const { settings, queues: options, invoke, log } = context;
  const name = resolveSettings(target.trigger.queueName ?? '', settings);
  const service = connect(target.trigger.connection || 'AzureWebJobsStorage', settings);
  const queue = service.getQueueClient(name);
  const poison = service.getQueueClient(`${name}-poison`);
  const source = { target, queue, poison, options, hiddenMs: HIDDEN_MS, invoke, log };
  return (stopping) => listenToMessages(source, stopping);
}

/** Identity-based, as everything at Azure: `<connection>__queueServiceUri`, and `__clientId` for a user-assigned one. */
function connect(connection: string, settings: Settings): QueueServiceClient {
  const url = requireSetting(`${connection}__queueServiceUri`, settings);
  const clientId = settings[`${connection}__clientId`];
  const credential = new ManagedIdentityCredential({
    ...ONE_TRY.identity,
    ...(clientId && { clientId }),
  });
  return new QueueServiceClient(url, credential, ONE_TRY.storage);
}

/** Takes as many messages as there is room for, and looks less often while there are none. */
export async function listenToMessages(source: MessageQueue, stopping: AbortSignal): Promise<void> {
  const { batchSize, maxPollingMs } = source.options;
  const polling: Polling = { pauseMs: MIN_POLLING_MS, queuesExist: false, outage: false };
  const running = new Set<Promise<void>>();
  while (!stopping.aborted) {
    const messages = await receive(source, polling, batchSize - running.size);
    for (const message of messages) {
      const run = processMessage(source, message).finally(() => running.delete(run));
      running.add(run);
    }
    if (messages.length > 0) polling.pauseMs = MIN_POLLING_MS;
    if (running.size === batchSize) await Promise.race(running);
    else if (messages.length === 0) {
      await pause(polling.pauseMs, stopping);
      polling.pauseMs = Math.min(polling.pauseMs * 2, maxPollingMs);
    }
  }
  await Promise.all(running);
}

/** Nothing while storage is out of reach, with one line when that begins and one when it ends. */
async function receive(
  { queue, poison, hiddenMs, log }: MessageQueue,
  polling: Polling,
  numberOfMessages: number,
): Promise<readonly DequeuedMessageItem[]> {
  try {
    if (!polling.queuesExist) {
      await Promise.all([queue.createIfNotExists(), poison.createIfNotExists()]);
      polling.queuesExist = true;
    }
    // Never aborted: messages whose answer nobody reads would stay hidden.
    const received = await queue.receiveMessages({
      numberOfMessages,
      visibilityTimeout: hiddenMs / 1000,
    });
    if (polling.outage) log('information', `queue ${queue.name}: storage answers again`);
    polling.outage = false;
    return received.receivedMessageItems;
  } catch (thrown) {
    const reason = toError(thrown).message;
    if (!polling.outage) log('warning', `queue ${queue.name}: trying again: ${reason}`);
    polling.outage = true;
    polling.queuesExist = false;
    return [];
  }
}
