import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR, MINUTE, PRODUCTION } from '../../../shared/core/limits.ts';
import { setBack, troubleOf } from '../../../shared/core/setbacks.ts';
import { record, setback, T0 } from '../../support/samples.ts';

const now = { limits: PRODUCTION, nowMs: T0 };
const publish = { step: 'publish', slot: 'primary' } as const;
const trouble = { code: 'ERR_UNAVAILABLE', remedy: 'Wait.', blocked: false };

test('a setback is written with its step, slot, code and end, beside those of other steps', () => {
  const other = setback();
  const after = setBack(record({ setbacks: [other] }), publish, trouble, now);

  expect(after.setbacks).toEqual([
    other,
    { ...publish, ...trouble, count: 1, untilMs: T0 + MINUTE },
  ]);
});

test('the other checks speak at once, except where nothing could be read or Azure limits the rate', () => {
  const observe = { step: 'observe', slot: '' } as const;
  const throttled = { ...trouble, retryAfterMs: 7 * MINUTE };

  expect(setBack(record(), publish, trouble, now).dueAtMs).toBe(T0);
  expect(setBack(record(), observe, trouble, now).dueAtMs).toBe(T0 + MINUTE);
  expect(setBack(record(), publish, throttled, now).dueAtMs).toBe(T0 + 7 * MINUTE);
});

test.each([
  { asked: 10_000, waits: 10_000 },
  { asked: 2 * HOUR, waits: 2 * HOUR },
  { asked: DAY, waits: DAY },
  { asked: DAY + 1, waits: DAY },
])('Retry-After of $asked ms is obeyed for $waits ms', ({ asked, waits }) => {
  const after = setBack(record(), publish, { ...trouble, retryAfterMs: asked }, now);

  expect(after.dueAtMs).toBe(T0 + waits);
});

test('after a thousand failures in a row the pause is still an hour', () => {
  const before = record({ setbacks: [setback({ ...publish, count: 2_000 })] });

  expect(setBack(before, publish, trouble, now).setbacks[0]).toMatchObject({
    count: 2_001,
    untilMs: T0 + HOUR,
  });
});

test('trouble tells a person what happened and what to do, and whether only a person can', () => {
  const error = new KeyturnError('ERR_FORBIDDEN', 'generateToken was refused.');

  expect(troubleOf(error)).toEqual({
    code: 'ERR_FORBIDDEN',
    blocked: true,
    remedy:
      'generateToken was refused. The identity lacks a right. Grant the role of the remedy to the managed identity.',
  });
  const throttled = new KeyturnError('ERR_THROTTLED', 'x', { retryAfterMs: 5 });
  expect(troubleOf(throttled)).toMatchObject({ blocked: false, retryAfterMs: 5 });
});
