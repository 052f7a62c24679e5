import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { QueueOptions } from './host-json.ts';
import type { Invoke, TriggerMetadata } from './invoke.ts';
import type { AppFunction } from './load-app.ts';
import { describe, toError, type Log } from './log.ts';

/** How long a message which is being worked on stays hidden. Azure's: after a crash it takes that long to come back. */
export const HIDDEN_MS = 600_000;

/** The queue a function listens to, and where its failures end. */
export interface MessageQueue {
  readonly target: AppFunction;
  readonly queue: QueueClient;
  readonly poison: QueueClient;
  readonly options: QueueOptions;
  readonly hiddenMs: number;
  readonly invoke: Invoke;
  readonly log: Log;
}

/** A message with the receipt which is valid now: each renewal gives another. */
interface Lease {
  readonly message: DequeuedMessageItem;
  popReceipt: string;
}

/** Runs the function and settles the message. What storage refuses is logged: the message comes back by itself. */
export async function processMessage(
  source: MessageQueue,
  message: DequeuedMessageItem,
): Promise<void> {
  const lease: Lease = { message, popReceipt: message.popReceipt };
  try {
    const text = decode(message.messageText, source.options.messageEncoding);
    const spent = message.dequeueCount > source.options.maxDequeueCount;
    if (text === undefined || spent) return await moveToPoison(source, lease);
    await settle(source, lease, await runFunction(source, lease, text));
  } catch (thrown) {
    source.log('warning', `queue ${source.queue.name}: ${describe(toError(thrown))}`);
  }
}

/** True when the function ended well. The message stays hidden as long as it runs. */
async function runFunction(source: MessageQueue, lease: Lease, text: string): Promise<boolean> {
  let renewed = Promise.resolve();
  const renewal = setInterval(() => {
    renewed = renew(source, lease);
  }, source.hiddenMs / 2);
  try {
    await source.invoke(source.target, { string: text }, toMetadata(lease.message, text));
    return true;
  } catch {
    return false;
  } finally {
    clearInterval(renewal);
    // One under way changes the receipt which settling needs.
    await renewed;
  }
}

async function settle(source: MessageQueue, lease: Lease, succeeded: boolean): Promise<void> {
  const { queue, options } = source;
  const { message, popReceipt } = lease;
  if (succeeded) {
    await queue.deleteMessage(message.messageId, popReceipt);
  } else if (message.dequeueCount >= options.maxDequeueCount) {
    await moveToPoison(source, lease);
  } else {
    const seconds = options.retryAfterMs / 1000;
    await queue.updateMessage(message.messageId, popReceipt, undefined, seconds);
  }
}

async function renew({ queue, hiddenMs, log }: MessageQueue, lease: Lease): Promise<void> {
  const { messageId } = lease.message;
  try {
    const renewed = await queue.updateMessage(
      messageId,
      lease.popReceipt,
      undefined,
      hiddenMs / 1000,
    );
    if (renewed.popReceipt) lease.popReceipt = renewed.popReceipt;
  } catch (thrown) {
    log('warning', `queue ${queue.name}: renewal failed: ${toError(thrown).message}`);
  }
}

/** Copied before it is deleted: a crash between leaves it twice, never lost. */
async function moveToPoison(source: MessageQueue, lease: Lease): Promise<void> {
  const { queue, poison, target, log } = source;
  const { messageText, messageId, dequeueCount } = lease.message;
  await poison.sendMessage(messageText, { messageTimeToLive: -1 });
  await queue.deleteMessage(messageId, lease.popReceipt);
  log('warning', `message ${messageId} moved to ${poison.name} after ${dequeueCount} tries`, {
    function: target.name,
  });
}

/** `undefined` when it is not what host.json promises. */
function decode(text: string, encoding: QueueOptions['messageEncoding']): string | undefined {
  if (encoding === 'none') return text;
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64; .NET, and so the real host, refuses it.
  return bytes.toString('base64') === text ? bytes.toString() : undefined;
}

function toMetadata(message: DequeuedMessageItem, text: string): TriggerMetadata {
  const time = (instant: Date) => ({ json: JSON.stringify(instant) });
  return {
    Id: { string: message.messageId },
    DequeueCount: { string: String(message.dequeueCount) },
    InsertionTime: time(message.insertedOn),
    ExpirationTime: time(message.expiresOn),
    NextVisibleTime: time(message.nextVisibleOn),
    PopReceipt: { string: message.popReceipt },
    QueueTrigger: { string: text },
  };
}
