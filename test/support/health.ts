import type { Story } from './story.ts';

/** All is well: what is published is alive and is what the record says, and nothing is left over. */
export const HEALTHY = { isAlive: true, isRecorded: true, leftOver: { setbacks: [] } };

/** To be compared with `HEALTHY`. */
export async function healthOf(story: Story) {
  const { current, intent, next, request, setbacks } = await story.record();
  const latest = story.world.vault.versions('contoso--paris').at(-1);
  const isSequence = latest?.tags.sequence === current?.sequence;
  return {
    isAlive: story.accepts(),
    isRecorded: isSequence && latest?.version === current?.vaultVersion,
    leftOver: { intent, next, request, setbacks },
  };
}
