import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import { decided, policy, provenAlive, rotatedRecord, seen, T0 } from '../../support/samples.ts';

test('a slot is retired by expiry only an hour after the latest expiry ever signed on it', () => {
  const maxExpiryAtMs = T0 + 10 * DAY;
  const at = seen(provenAlive(rotatedRecord({ maxExpiryAtMs }), maxExpiryAtMs));
  const fromMs = maxExpiryAtMs + HOUR + 1;

  expect(decided(at, policy(), fromMs - 1)).toEqual({ do: 'wait', untilMs: fromMs });
  expect(decided(at, policy(), fromMs)).toMatchObject({
    do: 'retire',
    slot: 'primary',
    cause: 'superseded',
  });
});

test.each([
  { retire: { when: 'adopted', overlapMs: 20 * DAY } },
  { retire: { when: 'after', afterMs: 20 * DAY } },
] as const)('expiry is proof enough under any policy: $retire.when', (terms) => {
  const atMs = T0 + 10 * DAY;
  const at = seen(provenAlive(rotatedRecord(), atMs));

  expect(decided(at, policy(terms), atMs + HOUR + 1)).toMatchObject({ do: 'retire' });
});
