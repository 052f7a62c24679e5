import type { DurationMs, EpochMs } from '../../shared/core/limits.ts';
import type { Happening, History, Place } from './history.ts';

/** From, to. */
export type Period = readonly [fromMs: EpochMs, toMs: EpochMs];

/** When nobody could renew: what it takes was out of order, or a person wanted it so. */
export function hindrances(history: History): readonly Period[] {
  const outages = (['storage', 'vault', 'arm', 'setSecret', 'timers'] satisfies Place[]).map(
    (place) => (one: Happening) =>
      one.what === 'outage' && one.place === place ? !one.isOver : undefined,
  );
  const asleep = (one: Happening) =>
    one.what === 'terms' ? one.terms.mode === 'observe' || !one.terms.isConfigured : undefined;
  const gone = (one: Happening) => (one.what === 'gateway' ? !one.exists : undefined);
  const holds = history.happenings.flatMap((one): readonly Period[] =>
    one.what === 'held' ? [[one.atMs, one.untilMs]] : [],
  );
  return [...outages, asleep, gone].flatMap((turns) => periodsOf(history, turns)).concat(holds);
}

/** When a consumer could not pull. */
export function silences(history: History, consumer: string): readonly Period[] {
  const turns = (['storage', 'vault'] satisfies Place[]).map(
    (place) => (one: Happening) =>
      one.what === 'outage' && one.place === place ? !one.isOver : undefined,
  );
  const offline = (one: Happening) =>
    one.what === 'offline' && one.consumer === consumer ? !one.isOver : undefined;
  const removed = (one: Happening) =>
    one.what === 'terms'
      ? !one.terms.isConfigured || !one.terms.consumers.includes(consumer)
      : undefined;
  return [...turns, offline, removed].flatMap((turn) => periodsOf(history, turn));
}

/** @param turns whether a period begins (true) or ends (false) with a happening, or neither */
function periodsOf(
  { happenings, endedAtMs }: History,
  turns: (happening: Happening) => boolean | undefined,
): readonly Period[] {
  const periods: Period[] = [];
  let fromMs: EpochMs | undefined;
  for (const happening of happenings) {
    const begins = turns(happening);
    if (begins === true) fromMs ??= happening.atMs;
    if (begins !== false || fromMs === undefined) continue;
    periods.push([fromMs, happening.atMs]);
    fromMs = undefined;
  }
  return fromMs === undefined ? periods : [...periods, [fromMs, endedAtMs]];
}

/** How much of a span lies in none of the periods. */
export function clearMs([fromMs, toMs]: Period, periods: readonly Period[]): DurationMs {
  let reachedMs = fromMs;
  let clear = 0;
  for (const [beginMs, endMs] of periods.toSorted((a, b) => a[0] - b[0])) {
    if (beginMs >= toMs) break;
    clear += Math.max(0, beginMs - reachedMs);
    reachedMs = Math.max(reachedMs, endMs);
  }
  return clear + Math.max(0, toMs - reachedMs);
}
