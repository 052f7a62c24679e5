import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildFixtureApp,
  QUIET_SETTINGS,
  startHostProgram,
  type HostProgram,
} from '../support/functions-host.ts';

let host: HostProgram;

beforeAll(async () => {
  host = await startHostProgram(await buildFixtureApp('every-trigger'), QUIET_SETTINGS);
});
afterAll(() => host.stop());

async function post(functionName: string, kind: string | undefined, body: unknown) {
  const response = await fetch(
    `${host.url}/runtime/webhooks/eventgrid?functionName=${functionName}`,
    {
      method: 'POST',
      headers: kind ? { 'aeg-event-type': kind } : {},
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
  );
  return [response.status, await response.text()];
}

const event = (id: string) => ({ id, eventType: 'Test', data: { Value: id } });

test('says which function it does not know', async () => {
  expect(await post('nobody', 'Notification', [event('a')])).toEqual([
    404,
    "cannot find function: 'nobody'",
  ]);
});

test('knows no other kind of function', async () => {
  expect((await post('greet', 'Notification', [event('a')]))[0]).toBe(404);
});

test.each([
  ['an event', [{ data: { validationCode: 'C0DE', validationUrl: 'https://example.org' } }]],
  ['a cloud event', { data: JSON.stringify({ validationCode: 'C0DE' }) }],
])('shakes hands with the code in %s', async (_, body) => {
  expect(await post('notice', 'SubscriptionValidation', body)).toEqual([
    200,
    '{"validationResponse":"C0DE"}',
  ]);
});

test('invokes the function once for each event, keys untouched', async () => {
  expect(await post('notice', 'Notification', [event('first'), event('second')])).toEqual([
    202,
    '',
  ]);
  for (const id of ['first', 'second']) {
    const line = await host.until((text) => text.includes(`"${id}\\"`));
    expect(JSON.parse(JSON.parse(line).message).input).toEqual(event(id));
  }
});

test('takes a cloud event without an array around it', async () => {
  expect((await post('notice', 'Notification', event('single')))[0]).toBe(202);
});

test('fails the whole delivery when one event fails, with its message', async () => {
  const answer = await post('notice', 'Notification', [event('fine'), event('fail')]);
  expect(answer).toEqual([500, 'asked to fail']);
  await host.until((text) => text.includes('"fine\\"'));
});

test('answers 500 to what is no JSON, so that Event Grid sends it again', async () => {
  expect((await post('notice', 'Notification', '{'))[0]).toBe(500);
});

test('agrees to an unsubscribe', async () => {
  expect((await post('notice', 'Unsubscribe', ''))[0]).toBe(202);
});

test.each([undefined, 'Hello'])('answers 400 to a request of kind %s', async (kind) => {
  expect((await post('notice', kind, []))[0]).toBe(400);
});
