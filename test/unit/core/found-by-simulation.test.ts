import { expect, test } from 'vitest';
import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import { setBack } from '../../../shared/core/setbacks.ts';
import {
  decided,
  GATEWAY,
  policy,
  provenAlive,
  record,
  rotatedRecord,
  seen,
  setback,
  showing,
  T0,
} from '../../support/samples.ts';
import { tellStory } from '../../support/story.ts';

const ID = 'contoso--paris';

test('a token of the portal keeps its sequence when its credential is taken over again', async () => {
  const story = tellStory();
  const token = story.world.gateways.mint(GATEWAY, 'primary', T0 + 20 * DAY);
  story.world.vault.overwrite(ID, `GatewayKey ${token}`);
  await story.settle();
  const before = await story.current();

  story.configure(undefined);
  await story.live(DAY);
  story.configure({});
  await story.live(DAY);

  expect(await story.current()).toMatchObject({ sequence: before?.sequence });
});

test('a limit of the rate which lasts lets other checks speak, and is met less and less often', () => {
  const step = { step: 'retire', slot: 'secondary' } as const;
  const before = record({ setbacks: [setback({ ...step, count: 10 })] });
  const limit = { code: 'ERR_THROTTLED', remedy: 'Wait.', blocked: false, retryAfterMs: 10_000 };

  const after = setBack(before, step, limit, { limits: PRODUCTION, nowMs: T0 });

  expect(after.dueAtMs).toBe(T0 + 10_000);
  expect(after.setbacks[0]).toMatchObject({ count: 11, untilMs: T0 + HOUR });
});

test('a slot is not retired while Key Vault shows its value, though the repair of that is set back', () => {
  const nowMs = T0 + 11 * DAY;
  const untilMs = nowMs + HOUR;
  const repair = setback({ step: 'publish', slot: 'secondary', code: 'ERR_DEADLINE', untilMs });
  const rotated = provenAlive({ ...rotatedRecord(), setbacks: [repair] }, nowMs);
  const landedLate = showing({ sequence: 99, slot: 'primary', fingerprint: 'f99' });

  expect(decided(seen(rotated), policy(), nowMs)).toMatchObject({ do: 'retire', slot: 'primary' });
  expect(decided(seen(rotated, { vault: landedLate }), policy(), nowMs)).toEqual({
    do: 'wait',
    untilMs,
  });
});
