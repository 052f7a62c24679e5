import { expect, test } from 'vitest';
import { DAY, PRODUCTION } from '../../../shared/core/limits.ts';
import { slotState } from '../../../shared/core/schedule.ts';
import { retireBooked, retired } from '../../../shared/core/transitions.ts';
import {
  decided,
  FENCE,
  policy,
  record,
  retiringSlot,
  seen,
  slot,
  T0,
  usedSlot,
} from '../../support/samples.ts';

test('a retired slot is clean strictly after its retire deadline, the flight and twice the skew', () => {
  const settling = slot('secondary', { retireDeadlineAtMs: T0, retiredAtMs: T0 - 1 });

  expect(slotState(settling, PRODUCTION, T0 + FENCE)).toBe('settling');
  expect(slotState(settling, PRODUCTION, T0 + FENCE + 1)).toBe('clean');
});

test('the next version goes to a settled slot, and stays on the current one until then', () => {
  const settling = slot('secondary', { retireDeadlineAtMs: T0, retiredAtMs: T0 - 1 });
  const request = { ask: 'rotate', reason: '', by: 'ann', atMs: T0 } as const;
  const at = seen(record({ slots: [usedSlot('primary'), settling], request }));

  expect(decided(at, policy(), T0 + FENCE)).toMatchObject({ do: 'publish', slot: 'primary' });
  expect(decided(at, policy(), T0 + FENCE + 1)).toMatchObject({ do: 'publish', slot: 'secondary' });
});

test('a retire which was tried again settles from the latest of its deadlines, whichever clock wrote it', () => {
  const before = record({ slots: [usedSlot('primary'), retiringSlot('secondary', T0 + DAY)] });

  const again = retired(retireBooked(before, 'secondary', T0), 'secondary', T0);

  expect(again.slots[1]).toMatchObject({ retireDeadlineAtMs: T0 + DAY });
});
