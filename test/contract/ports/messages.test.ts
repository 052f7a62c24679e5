import { expect, test } from 'vitest';
import { NOW_MS, scriptedAzure } from './suites/scripted-azure.ts';

const azure = scriptedAzure();

const DONE = {
  status: 201,
  headers: { 'content-type': 'application/xml' },
  body: '<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage></QueueMessagesList>',
};

test.each([
  [-5_000, '0'],
  [1, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [9_000_000, '900'],
])(
  'a message delayed by %i ms is hidden for %s s and kept for an hour',
  async (delayMs, seconds) => {
    azure.script(() => DONE);
    await azure.open().queue.put({ v: 1, sweep: true, atMs: NOW_MS }, delayMs);
    const put = azure.received().find(({ method }) => method === 'POST');
    expect(put?.url.searchParams.get('visibilitytimeout')).toBe(seconds);
    expect(put?.url.searchParams.get('messagettl')).toBe('3600');
  },
);

test('a message which a broken connection may have lost is put again', async () => {
  azure.script(({ method }) => {
    const puts = azure.received().filter((request) => request.method === 'POST');
    return method === 'POST' && puts.length === 1 ? 'cut' : DONE;
  });
  await azure.open().queue.put({ v: 1, sweep: true, atMs: NOW_MS }, 0);
  expect(azure.received().filter(({ method }) => method === 'POST')).toHaveLength(2);
});
