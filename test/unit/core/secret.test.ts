/* oxlint-disable typescript/restrict-template-expressions -- how a secret prints is what is tested */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { Secret } from '../../../shared/core/secret.ts';

const VALUE = 'paris&202612301200&bm90IGZvciB5b3VyIGV5ZXM=';

const secret = new Secret(VALUE);

test.each<{ way: string; shown: string }>([
  { way: 'a template', shown: `${secret}` },
  { way: 'String()', shown: String(secret) },
  { way: 'concatenation', shown: 'it is ' + secret },
  { way: 'JSON', shown: JSON.stringify({ secret, list: [secret] }) },
  { way: 'util.inspect', shown: inspect({ secret }, { showHidden: true, depth: 9 }) },
  {
    way: 'an error which carries it as cause',
    shown: inspect(new KeyturnError('ERR_BUG', 'x', { cause: secret })),
  },
  { way: 'its own keys', shown: JSON.stringify(Object.entries(secret)) },
  { way: 'a copy', shown: JSON.stringify(structuredClone(secret)) },
])('$way does not show the value', ({ shown }) => {
  expect(shown).not.toContain(VALUE);
});

test('only `reveal` lets the value out', () => {
  expect(secret.reveal()).toBe(VALUE);
  expect(`${secret}`).toBe('[secret]');
});
