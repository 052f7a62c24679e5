import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Scripted } from '../../support/scripted-server.ts';
import { POLICY, publish, scriptedAzure, VALUE } from './suites/scripted-azure.ts';

const azure = scriptedAzure();

const ECHO = { error: { code: VALUE, message: VALUE, innererror: { code: VALUE } } };

test.each<[string, Scripted]>([
  ['refused with an echo', { status: 400, body: ECHO }],
  ['conflicting with an echo', { status: 409, body: ECHO }],
  ['a fault with an echo', { status: 500, body: ECHO, headers: { 'x-ms-request-id': VALUE } }],
  ['answered by what is not JSON', { status: 200, body: VALUE }],
  ['throttled', { status: 429, headers: { 'retry-after': VALUE } }],
  ['cut off', 'cut'],
  ['never answered', 'hang'],
])('no error of a publish holds the value: %s', async (_, scripted) => {
  azure.script(() => scripted);
  const error = await publish(azure.open()).catch((thrown) => thrown);
  expect(azure.received().at(-1)?.body).toContain(VALUE);
  expect(error).toMatchObject({ name: 'KeyturnError' });
  expect(told(error as Error)).not.toContain('c2VjcmV0');
});

test.each([
  ['a secret', () => azure.open().vault.latest('paris')],
  ['a version', () => azure.open().vault.version('paris', '0123')],
  ['a token', () => azure.open().issuer.bytesOf(POLICY, 'primary', 0, true)],
])('no error of a read holds the value of %s whose answer is broken', async (_, read) => {
  azure.script(() => ({ status: 200, body: `{"value":"${VALUE}"` }));
  const error = await read().then(String, (thrown: Error) => thrown);
  expect(error).toMatchObject({ name: 'KeyturnError' });
  expect(told(error as Error)).not.toContain('c2VjcmV0');
});

/** All that a log could make of an error. */
function told(error: Error): string {
  const inspected = inspect(error, { depth: 20, showHidden: true });
  const texts = [inspected, JSON.stringify(error), String(error), error.stack, String(error.cause)];
  return texts.join('\n');
}
