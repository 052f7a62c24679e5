import { expect, test } from 'vitest';
import { DAY, MINUTE } from '../../../shared/core/limits.ts';
import { publishBooked } from '../../../shared/core/transitions.ts';
import {
  attempt,
  decided,
  FENCE,
  policy,
  provenAlive,
  rotatedRecord,
  seen,
  T0,
} from '../../support/samples.ts';

/** The operator's word is enough at once, so that only the fence is left. */
const AT_ONCE = policy({ retire: { when: 'after', afterMs: 0 } });

test('a slot is retired only when nothing published on it can still arrive', () => {
  const deadlineAtMs = T0 + DAY;
  const previous = rotatedRecord({ publishDeadlineAtMs: deadlineAtMs });
  const at = seen(provenAlive(previous, deadlineAtMs + 20 * MINUTE));
  const fromMs = deadlineAtMs + FENCE + 1;

  expect(decided(at, AT_ONCE, fromMs - 1)).toEqual({ do: 'wait', untilMs: fromMs });
  expect(decided(at, AT_ONCE, fromMs)).toMatchObject({ do: 'retire', slot: 'primary' });
});

test('an earlier deadline, from a clock behind, never shortens the fence', () => {
  const before = rotatedRecord({ publishDeadlineAtMs: T0 + DAY });

  const after = publishBooked(before, attempt({ slot: 'primary' }), T0);

  expect(after.slots[0]).toMatchObject({ publishDeadlineAtMs: T0 + DAY });
});
