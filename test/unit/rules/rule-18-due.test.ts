import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR } from '../../../shared/core/limits.ts';
import { spreadMs } from '../../../shared/core/schedule.ts';
import {
  decided,
  GATEWAY,
  LIFETIME,
  policy,
  provenAlive,
  record,
  retiringSlot,
  seen,
  setback,
  T0,
} from '../../support/samples.ts';
import { settledStory, type Story, tellStory } from '../../support/story.ts';

test('the next look is the earliest instant which any check names', () => {
  const renewalMs = T0 + LIFETIME * (2 / 3) - spreadMs(policy());
  const untilRenewal = seen(provenAlive(record(), renewalMs - HOUR));
  expect(decided(untilRenewal, policy(), renewalMs - 1)).toEqual({
    do: 'wait',
    untilMs: renewalMs,
  });

  const untilProbe = seen(provenAlive(record(), T0 + HOUR));
  expect(decided(untilProbe, policy(), T0 + DAY)).toEqual({ do: 'wait', untilMs: T0 + DAY + HOUR });
});

test('the next look is at most a day ahead', () => {
  const nothingDue = seen({ ...record(), deviations: 2 });

  expect(decided(nothingDue, policy(), T0)).toEqual({ do: 'wait', untilMs: T0 + DAY });
});

test('where no slot is open, it is the end of the setback which keeps them shut', () => {
  const untilMs = T0 + 2 * HOUR;
  const setbacks = [setback({ slot: 'primary', untilMs }), setback({ slot: 'secondary', untilMs })];
  const slots = [retiringSlot('primary', T0), retiringSlot('secondary', T0)];
  const request = { ask: 'rotate', reason: 'because', by: 'ann', atMs: T0 } as const;
  const at = seen(provenAlive(record({ slots, setbacks, request }), T0 + HOUR));

  expect(decided(at, policy(), T0 + HOUR)).toEqual({ do: 'wait', untilMs });
});

const THROTTLED = new KeyturnError('ERR_THROTTLED', 'slow down', { retryAfterMs: 90 * DAY });

test.each<{ what: string; happens: (story: Story) => unknown }>([
  { what: 'nothing happens', happens: () => undefined },
  { what: 'it is no longer configured', happens: ({ configure }) => configure(undefined) },
  { what: 'its gateway is deleted', happens: ({ world }) => world.gateways.delete(GATEWAY) },
  { what: 'mode is observe and a renewal is due', happens: (story) => observing(story) },
  {
    what: 'Azure says come back next year',
    happens: ({ world }) => world.fail('issuer.isAlive', THROTTLED),
  },
  {
    what: 'Key Vault is down',
    happens: ({ world }) => world.fail('vault.latest', new KeyturnError('ERR_UNAVAILABLE', 'down')),
  },
])('when $what, every run moves its next look, at most a day ahead', async ({ happens }) => {
  const story = await settledStory();
  await happens(story);
  for (let day = 0; day < 3; day += 1) {
    await story.live(DAY);
    const { dueAtMs, closed } = await story.record();
    expect(dueAtMs).toBeLessThanOrEqual(story.nowMs() + DAY);
    expect(dueAtMs > story.nowMs() || closed?.reason === 'not-configured').toBe(true);
  }
});

test('a credential without a record is due: the sweep finds it', async () => {
  const story = tellStory();
  await story.settle();

  expect(await story.current()).toMatchObject({ slot: 'primary' });
});

test('a message which comes before its time is dropped, so that messages cannot breed', async () => {
  const story = await settledStory();
  await story.settle();
  const before = story.world.calls.length;
  await story.reconcile();

  expect(story.world.calls.slice(before)).toEqual(['records.read']);
});

function observing(story: Story): void {
  story.configure({ mode: 'observe' });
  story.skip(20 * DAY);
}
