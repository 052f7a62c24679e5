import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { answering } from '../../../shared/engine/http.ts';
import { callOf } from '../../support/memory-app.ts';

function failing(error: Error) {
  const lines: string[] = [];
  const door = answering(
    (level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    'pull',
    async () => {
      throw error;
    },
  );
  return { lines, reply: () => door(callOf({ params: { id: 'paris' } })) };
}

describe('an error of a door', () => {
  it("tells what is the caller's to mend", async () => {
    const { reply, lines } = failing(new KeyturnError('ERR_INPUT', 'stored: expected a number'));
    expect(await reply()).toEqual({
      status: 400,
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({
        title: 'Bad Request',
        status: 400,
        code: 'ERR_INPUT',
        detail: 'stored: expected a number',
      }),
    });
    expect(lines).toEqual([
      'warn pull: stored: expected a number {"code":"ERR_INPUT","id":"paris"}',
    ]);
  });

  it('keeps what is ours to mend for the log', async () => {
    const { reply, lines } = failing(
      new KeyturnError('ERR_FORBIDDEN', 'kv-contoso: right missing'),
    );
    const { status, body } = await reply();
    expect(status).toBe(503);
    expect(body).not.toContain('kv-contoso');
    expect(lines[0]).toContain('kv-contoso: right missing');
  });

  it('passes on how long Azure asked us to stay away', async () => {
    const { reply } = failing(new KeyturnError('ERR_THROTTLED', 'x', { retryAfterMs: 1_500 }));
    expect(await reply()).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
  });

  it.each([new TypeError('x is undefined'), new KeyturnError('ERR_BUG', 'x')])(
    'that is a bug is left to the host: %s',
    async (error) => {
      await expect(failing(error).reply()).rejects.toBe(error);
    },
  );
});
