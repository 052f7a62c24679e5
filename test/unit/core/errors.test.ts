import { expect, test } from 'vitest';
import { ERRORS, KeyturnError } from '../../../shared/core/errors.ts';

test('an error has its code, the remedy of that code, and its evidence as cause', () => {
  const cause = new Error('socket hang up');
  const error = new KeyturnError('ERR_UNAVAILABLE', 'Key Vault did not answer.', { cause });

  expect(error).toMatchObject({
    name: 'KeyturnError',
    code: 'ERR_UNAVAILABLE',
    remedy: 'retry',
    message: 'Key Vault did not answer.',
    cause,
  });
});

test('without evidence there is no cause, and without advice no time to stay away', () => {
  const error = new KeyturnError('ERR_CONFLICT', 'changed meanwhile');

  expect(Object.hasOwn(error, 'cause')).toBe(false);
  expect(error.retryAfterMs).toBeUndefined();
});

test('every code says ERR, has one of the five remedies, and a sentence for a person', () => {
  for (const [code, [remedy, sentence]] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^ERR_[A-Z_]+$/);
    expect(['retry', 'reobserve', 'blocked', 'reject', 'crash']).toContain(remedy);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
