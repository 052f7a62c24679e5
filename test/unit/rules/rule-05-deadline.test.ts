import { expect, test } from 'vitest';
import { DAY, type DurationMs, MINUTE } from '../../../shared/core/limits.ts';
import { GATEWAY } from '../../support/samples.ts';
import { settledStory, type Story } from '../../support/story.ts';

/** The adapters' half, the check as the last policy before the wire, is tested with them. */
const DEADLINE = 2 * MINUTE;

async function toPublish(): Promise<Story> {
  const story = await settledStory();
  await story.rotate();
  return story;
}

async function toRetire(): Promise<Story> {
  const story = await settledStory();
  await story.live(20 * DAY);
  await story.revoke('primary');
  return story;
}

test.each([
  { step: 'publish', prepare: toPublish },
  { step: 'retire', prepare: toRetire },
])(
  'a worker which sleeps after its $step intent sends until the deadline, and not at it',
  async (one) => {
    expect(await changesAzure(await one.prepare(), DEADLINE - 1)).toBe(true);
    expect(await changesAzure(await one.prepare(), DEADLINE)).toBe(false);
  },
);

/** Does a worker still change anything at Azure which wakes so long after it wrote its intent? */
async function changesAzure(story: Story, sleepMs: DurationMs): Promise<boolean> {
  const before = azure(story);
  const worker = await story.worker({ when: 'after', call: 'records.write' });
  story.skip(sleepMs);
  await worker.resume();
  return azure(story) !== before;
}

/** What is published, and a token which tells whether the primary key is still the same. */
function azure({ published, world }: Story): string {
  return `${published()} ${world.gateways.mint(GATEWAY, 'primary', 0)}`;
}
