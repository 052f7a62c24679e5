import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, MAX_PARKED, MINUTE } from '../../../shared/core/limits.ts';
import { reconcile } from '../../../shared/engine/reconcile.ts';
import { GATEWAY, T0 } from '../../support/samples.ts';
import { settledStory, tellStory } from '../../support/story.ts';

test('the first look at a credential creates its record, and asks for the next look at once', async () => {
  const story = tellStory();
  await story.reconcile();

  expect(await story.record()).toMatchObject({
    id: 'contoso--paris',
    target: GATEWAY,
    dueAtMs: T0,
  });
  expect(story.world.messages).toMatchObject([
    { message: { reconcile: 'contoso--paris' }, visibleAtMs: T0 },
  ]);
});

test('a look which follows within a quarter of an hour has a message, a later one is left to the sweep', async () => {
  const story = await settledStory();
  for (const dueInMs of [MAX_PARKED, MAX_PARKED + MINUTE]) {
    story.world.messages.length = 0;
    story.world.failOnce(
      'vault.latest',
      new KeyturnError('ERR_THROTTLED', '429', { retryAfterMs: dueInMs }),
    );
    await story.wake();
    await story.reconcile();
    const expected = dueInMs > MAX_PARKED ? [] : [story.nowMs() + dueInMs];
    expect(story.world.messages.map(({ visibleAtMs }) => visibleAtMs)).toEqual(expected);
  }
});

test('a message for a credential which nobody ever configured is dropped with a line', async () => {
  const story = tellStory();
  story.configure(undefined);
  await story.reconcile();

  expect(story.world.calls).toEqual(['records.read']);
  expect(story.world.lines).toMatchObject([
    { level: 'warn', message: 'message dropped: nobody configured contoso--paris' },
  ]);
});

test('a wait forgets that the world could not be read', async () => {
  const story = await settledStory();
  await story.live(DAY);
  story.world.failOnce('vault.latest', new KeyturnError('ERR_UNAVAILABLE', '503'));
  await story.wake();
  await story.settle();
  expect((await story.record()).setbacks).toMatchObject([{ step: 'observe' }]);

  await story.live(2 * MINUTE);
  expect((await story.record()).setbacks).toEqual([]);
});

test('a history which cannot be written holds nothing up', async () => {
  const story = tellStory();
  story.world.fail('history.append', new KeyturnError('ERR_UNAVAILABLE', '503'));
  await story.settle();

  expect(story.accepts()).toBe(true);
});

test('a configuration which is not valid is left to the next sweep', async () => {
  const story = await settledStory();
  const configuration = () => Promise.reject(new KeyturnError('ERR_CONFIG', 'line 3'));
  const message = { v: 1, reconcile: 'contoso--paris', atMs: T0 } as const;
  story.world.calls.length = 0;
  await reconcile({ ...story.context, configuration }, message);

  expect(story.world.calls).toEqual([]);
  expect(story.world.lines.at(-1)).toMatchObject({ fields: { code: 'ERR_CONFIG' } });
});

test('every setback is told in the history, with what a person has to do', async () => {
  const story = await settledStory();
  await story.rotate();
  story.world.failOnce(
    'vault.publish',
    new KeyturnError('ERR_FORBIDDEN', 'setSecret was refused.'),
  );
  await story.settle();

  expect(await story.history('setback')).toEqual([
    expect.stringMatching(
      /^publish on secondary: ERR_FORBIDDEN\. setSecret was refused\. The identity lacks/,
    ),
  ]);
});
