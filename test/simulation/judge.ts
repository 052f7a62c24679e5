import { DAY } from '../../shared/core/limits.ts';
import type { History } from './history.ts';
import { INVARIANTS } from './invariants/index.ts';
import { simulate } from './simulate.ts';
import { storyOf } from './story.ts';

/** Days of faults and people, where nobody asks for another number. */
export const STORM_DAYS = 30;

/** An invariant which did not hold, with all that is needed to understand it and to see it again. */
export interface Finding {
  readonly invariant: string;
  readonly told: string;
  readonly at: string;
  readonly story: readonly string[];
  readonly replay: string;
}

export interface Judged {
  readonly history: History;
  /** The first of each invariant; empty when the run was good. */
  readonly findings: readonly Finding[];
}

/** Runs a seed and asks every invariant. */
export async function judge(seed: number, days = STORM_DAYS): Promise<Judged> {
  const history = await simulate(String(seed), days * DAY);
  const findings = INVARIANTS.flatMap((invariant): readonly Finding[] => {
    const [first] = invariant(history);
    if (first === undefined) return [];
    const at = new Date(first.atMs).toISOString();
    const replay = `npm run simulate -- --seed ${seed} --days ${days}`;
    const story = storyOf(history, first.atMs);
    return [{ invariant: invariant.name, told: first.told, at, story, replay }];
  });
  return { history, findings };
}

/** A finding as a person reads it. */
export function toText({ invariant, told, at, story, replay }: Finding): string {
  const lines = [`${invariant} does not hold at ${at}: ${told}`, '', ...story, '', `  ${replay}`];
  return `${lines.join('\n')}\n`;
}

/** What happened, counted: a run in which nothing happens proves nothing. */
export function countsOf({ happenings }: History): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of happenings) {
    const by = 'by' in one ? ` by ${one.by}` : '';
    counts[`${one.what}${by}`] = (counts[`${one.what}${by}`] ?? 0) + 1;
  }
  return counts;
}
