import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FUNCTION_TIMEOUT, MINUTE } from '../../shared/core/limits.ts';

interface HostJson {
  readonly functionTimeout: string;
  readonly extensions: { readonly queues: { readonly messageEncoding: string } };
}

const host = JSON.parse(readFileSync('host.json', 'utf8')) as HostJson;

test('the platform ends an invocation when limits.ts says so', () => {
  const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);
  expect(((hours * 60 + minutes) * 60 + seconds) * 1_000).toBe(FUNCTION_TIMEOUT);
  expect(FUNCTION_TIMEOUT % MINUTE).toBe(0);
});

test('queue messages are plain text, as the adapter writes them', () => {
  expect(host.extensions.queues.messageEncoding).toBe('none');
});
