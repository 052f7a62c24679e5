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
  version,
} from '../../support/samples.ts';
import { settledStory, tellStory } from '../../support/story.ts';

const LIFE = 30 * DAY;
const PAST_FROM = T0 + LIFE + HOUR + 1;

/** First seen at `T0`, and booked far ahead, so that expiry proves nothing yet. */
const STRANGE = { pastKnown: false, firstSeenAtMs: T0, maxExpiryAtMs: T0 + 40 * DAY };

test.each([
  {
    when: 'adoption',
    terms: adoptedPolicy(),
    adoption: ['lyon', 'weu'].map((consumer) => reported(consumer, 100, T0 + 20 * DAY)),
  },
  { when: 'the operator', terms: policy({ retire: { when: 'after', afterMs: 0 } }), adoption: [] },
])('a slot of unknown past is not retired by $when before the longest life and an hour', (one) => {
  const current = version({
    slot: 'secondary',
    expiryAtMs: T0 + 60 * DAY,
    publishedAtMs: T0 + 25 * DAY,
  });
  const strange = { ...rotatedRecord(STRANGE), current };
  const at = seen(provenAlive(strange, T0 + LIFE), { adoption: one.adoption });

  expect(decided(at, one.terms, PAST_FROM - 1)).toEqual({ do: 'wait', untilMs: PAST_FROM });
  expect(decided(at, one.terms, PAST_FROM)).toMatchObject({ do: 'retire', slot: 'primary' });
});

test('a record rebuilt from tags is a take-over: both pasts are unknown again', async () => {
  const old = await settledStory();
  const found = tellStory();
  found.world.vault.overwrite('contoso--paris', old.published() ?? '', {
    installation: 'keyturn-prod',
    sequence: (await old.current()).sequence,
    slot: 'primary',
  });
  await found.settle();

  expect(await found.current()).toMatchObject({ slot: 'primary', publishedAtMs: T0 });
  for (const name of ['primary', 'secondary']) {
    expect(await found.slot(name)).toMatchObject({ pastKnown: false, firstSeenAtMs: T0 });
  }
});

test("a record whose sequence is lower than Key Vault's tag is a take-over too", async () => {
  const story = await settledStory();
  const old = await story.ports.records.read('contoso--paris');
  await story.rotate();
  await story.settle();
  const published = await story.current();
  const newer = await story.ports.records.read('contoso--paris');

  await story.ports.records.write({ ...old!.value, dueAtMs: story.nowMs() }, newer?.etag);
  await story.settle();

  expect(await story.current()).toMatchObject({ sequence: published.sequence, slot: 'secondary' });
  expect(await story.slot('primary')).toMatchObject({
    pastKnown: false,
    firstSeenAtMs: story.nowMs(),
  });
});

test('a retire makes the past of its slot known', async () => {
  const story = tellStory();
  await story.settle();
  expect(await story.slot('secondary')).toMatchObject({ pastKnown: false });

  await story.live(31 * DAY);
  expect(await story.slot('secondary')).toMatchObject({ pastKnown: true });
});
