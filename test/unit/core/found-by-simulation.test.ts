import { expect, test } from 'vitest';
import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import { setBack } from '../../../shared/core/setbacks.ts';
import { GATEWAY, record, setback, T0 } from '../../support/samples.ts';
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
