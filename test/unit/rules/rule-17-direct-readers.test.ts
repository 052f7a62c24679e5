import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import {
  adoptedPolicy,
  decided,
  policy,
  provenAlive,
  reported,
  rotatedRecord,
  seen,
  T0,
} from '../../support/samples.ts';

const EXPIRED = T0 + 10 * DAY + HOUR + 1;

test.each([
  { name: 'adopted', terms: adoptedPolicy() },
  { name: 'after', terms: policy({ retire: { when: 'after', afterMs: DAY } }) },
])('where somebody reads Key Vault directly, `$name` retires as `expired` does', ({ terms }) => {
  const adoption = ['lyon', 'weu'].map((consumer) => reported(consumer, 100, T0 + 2 * DAY));
  const at = (nowMs: number) => seen(provenAlive(rotatedRecord(), nowMs - HOUR), { adoption });
  const direct = { ...terms, directReaders: true };

  expect(decided(at(T0 + 3 * DAY), terms, T0 + 3 * DAY)).toMatchObject({ do: 'retire' });
  expect(decided(at(EXPIRED - 1), direct, EXPIRED - 1)).toEqual({ do: 'wait', untilMs: EXPIRED });
  expect(decided(at(EXPIRED), direct, EXPIRED)).toMatchObject({ do: 'retire' });
});
