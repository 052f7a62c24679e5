import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR, MINUTE, PRODUCTION } from '../../../shared/core/limits.ts';
import { setBack } from '../../../shared/core/setbacks.ts';
import {
  decided,
  policy,
  provenAlive,
  record,
  rotatedRecord,
  seen,
  setback,
  T0,
} from '../../support/samples.ts';
import { settledStory } from '../../support/story.ts';

const TROUBLE = { code: 'ERR_FORBIDDEN', remedy: 'Grant the role.', blocked: true };

test('a step which failed is passed over until its setback ends', () => {
  const nowMs = T0 + 11 * DAY;
  const setbacks = [setback({ untilMs: nowMs })];
  const at = seen({ ...provenAlive(rotatedRecord(), nowMs - HOUR), setbacks });

  expect(decided(at, policy(), nowMs - 1)).toEqual({ do: 'wait', untilMs: nowMs });
  expect(decided(at, policy(), nowMs)).toMatchObject({ do: 'retire', slot: 'primary' });
});

test('while a step is passed over, the checks behind it speak', () => {
  const request = { ask: 'rotate', reason: 'because', by: 'ann', atMs: T0 } as const;
  const setbacks = [setback({ step: 'publish', slot: 'secondary', untilMs: T0 + 3 * DAY })];
  const at = seen(record({ request, setbacks }));

  expect(decided(at, policy(), T0 + 2 * DAY)).toMatchObject({ do: 'probe' });
});

test('a setback on one slot does not pass over the same step on another', () => {
  const nowMs = T0 + 11 * DAY;
  const setbacks = [setback({ slot: 'secondary', untilMs: nowMs + HOUR })];
  const at = seen({ ...provenAlive(rotatedRecord(), nowMs - HOUR), setbacks });

  expect(decided(at, policy(), nowMs)).toMatchObject({ do: 'retire', slot: 'primary' });
});

test('its length doubles at each failure in a row, from a minute to an hour', () => {
  const now = { limits: PRODUCTION, nowMs: T0 };
  let failed = record();
  const lengths = Array.from({ length: 8 }, () => {
    failed = setBack(failed, { step: 'probe', slot: 'primary' }, TROUBLE, now);
    return ((failed.setbacks[0]?.untilMs ?? 0) - T0) / MINUTE;
  });

  expect(lengths).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(failed.setbacks).toHaveLength(1);
});

test('a regenerateKey which is forbidden for two weeks starves no renewal, and is tried once an hour', async () => {
  const story = await settledStory();
  await story.live(28 * DAY);
  const { sequence } = await story.current();
  story.world.fail('issuer.retire', new KeyturnError('ERR_FORBIDDEN', 'regenerateKey'));
  await story.live(14 * DAY);

  const { current, setbacks } = await story.record();
  expect(current?.sequence).toBeGreaterThan(sequence);
  expect(current?.expiryAtMs).toBeGreaterThan(story.nowMs() + 20 * DAY);
  expect(story.count('issuer.retire')).toBeLessThan(14 * 24);
  expect(setbacks).toMatchObject([{ step: 'retire', code: 'ERR_FORBIDDEN', blocked: true }]);

  story.world.mend('issuer.retire');
  await story.live(HOUR);
  expect((await story.record()).setbacks).toEqual([]);
});
