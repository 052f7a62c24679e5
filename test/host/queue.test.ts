import { QueueServiceClient, StorageSharedKeyCredential } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Authority } from '../../sandbox/certificates.ts';
import type { AppFunction } from '../../sandbox/host/load-app.ts';
import { listenToMessages } from '../../sandbox/host/queue-listener.ts';
import type { MessageQueue } from '../../sandbox/host/queue-message.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite, type Azurite } from '../support/azurite.ts';
import { trustedAuthority } from '../support/certificates.ts';
import { makeDirectory } from '../support/directory.ts';
import {
  buildFixtureApp,
  QUIET_SETTINGS,
  startHostProgram,
  type HostProgram,
} from '../support/functions-host.ts';
import { startIdentityEndpoint, type IdentityEndpoint } from '../support/identity-endpoint.ts';

let authority: Authority;
let azurite: Azurite;
let identity: IdentityEndpoint;
let appDir: string;
let host: HostProgram;
let service: QueueServiceClient;

beforeAll(async () => {
  authority = await trustedAuthority(makeDirectory('ca'));
  azurite = await startAzurite(authority);
  identity = await startIdentityEndpoint();
  service = connect(azurite.queueUrl);
  appDir = await buildFixtureApp('every-trigger');
  host = await startHostProgram(appDir, settingsFor(azurite.queueUrl));
  await host.until((line) => line.startsWith('{"ready"'));
});
afterAll(async () => {
  await Promise.all([host.stop(), azurite.stop(), identity.stop()]);
});

const settingsFor = (queueUrl: string) => ({
  ...QUIET_SETTINGS,
  ...identity.settings,
  NODE_EXTRA_CA_CERTS: authority.caFile,
  AzureWebJobsStorage__queueServiceUri: queueUrl,
});

function connect(url: string): QueueServiceClient {
  return new QueueServiceClient(url, new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY));
}

/** Puts a message as a sender at Azure would, once the host has made the queue. */
async function send(text: string): Promise<void> {
  const queue = service.getQueueClient('work');
  await expect.poll(() => queue.exists()).toBe(true);
  await queue.sendMessage(text);
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

/** What the function told of its invocation with the message named `name`, `times` times. */
async function toldOf(name: string, times = 1) {
  const own = () =>
    host.lines.filter((line) => line.includes('"information"') && line.includes(`${name}\\"`));
  await host.until(() => own().length >= times);
  return own().map((line) => JSON.parse(JSON.parse(line).message));
}

async function lengthOf(queue: string): Promise<number | undefined> {
  return (await service.getQueueClient(queue).getProperties()).approximateMessagesCount;
}

test('logs in as managed identity, passes the message on and deletes it', async () => {
  await send(base64({ name: 'plain' }));
  const [told] = await toldOf('plain');
  expect(told.input).toEqual({ name: 'plain' });
  expect(told.metadata).toMatchObject({ dequeueCount: 1, queueTrigger: { name: 'plain' } });
  expect(told.metadata).toHaveProperty('popReceipt');
  expect(told.metadata).toHaveProperty('id');
  for (const time of ['insertionTime', 'expirationTime', 'nextVisibleTime']) {
    expect(new Date(told.metadata[time]).toISOString()).toBe(told.metadata[time]);
  }
  await expect.poll(() => lengthOf('work')).toBe(0);
});

test('gives a failing message again, and to the poison queue after the last try', async () => {
  await send(base64({ name: 'fail-always' }));
  const told = await toldOf('fail-always', 2);
  expect(told.map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2]);
  await expect.poll(() => lengthOf('work-poison')).toBe(1);
  const [poisoned] = (await service.getQueueClient('work-poison').receiveMessages())
    .receivedMessageItems;
  expect(poisoned?.messageText).toBe(base64({ name: 'fail-always' }));
  expect(await lengthOf('work')).toBe(0);
});

test('moves what is no base64 to the poison queue without invoking the function', async () => {
  await service.getQueueClient('work-poison').clearMessages();
  await send('{"name":"not-encoded"}');
  await expect.poll(() => lengthOf('work-poison')).toBe(1);
  expect(host.lines.join('\n')).not.toContain('not-encoded');
});

test('goes on trying while storage is out of reach, and tells it in two lines', async () => {
  const first = await startAzurite(authority);
  await first.stop();
  const late = await startHostProgram(appDir, settingsFor(first.queueUrl));
  onTestFinished(async () => void (await late.stop()));
  await late.until((line) => line.includes('trying again'));
  const second = await startAzurite(authority, Number(new URL(first.queueUrl).port));
  onTestFinished(async () => void (await second.stop()));
  await late.until((line) => line.includes('answers again'));
  expect(late.lines.filter((line) => line.includes('queue work'))).toHaveLength(2);
});

/** Listens here, with messages hidden for two seconds only and `run` in place of the function. */
async function listenTo(
  name: string,
  texts: readonly string[],
  run: (stopping: AbortController) => unknown,
): Promise<void> {
  const queue = service.getQueueClient(name);
  await queue.create();
  for (const text of texts) await queue.sendMessage(text);
  const stopping = new AbortController();
  const source: MessageQueue = {
    target: { name } as AppFunction,
    queue,
    poison: service.getQueueClient(`${name}-poison`),
    options: OPTIONS,
    hiddenMs: 2000,
    invoke: async () => (await run(stopping), {}),
    log: () => {},
  };
  await listenToMessages(source, stopping.signal);
}

const OPTIONS = {
  batchSize: 2,
  maxDequeueCount: 1,
  retryAfterMs: 60_000,
  maxPollingMs: 200,
  messageEncoding: 'none',
} as const;

test('keeps a message hidden as long as its function runs', async () => {
  let runs = 0;
  await listenTo('long', ['x'], async (stopping) => {
    runs += 1;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    stopping.abort();
  });
  expect([runs, await lengthOf('long')]).toEqual([1, 0]);
});

test('runs no more messages at a time than host.json allows', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  await listenTo('many', ['a', 'b', 'c', 'd', 'e'], async (stopping) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 50));
    running -= 1;
    if (++runs === 5) stopping.abort();
  });
  expect([most, await lengthOf('many')]).toEqual([2, 0]);
});

test('moves a message right after its last try, however long the pause between tries is', async () => {
  await listenTo('last', ['x'], (stopping) => {
    stopping.abort();
    throw new Error('asked to fail');
  });
  expect([await lengthOf('last'), await lengthOf('last-poison')]).toEqual([0, 1]);
});
