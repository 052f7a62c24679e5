/** Time in which something did not run: its process was gone, or the machine slept. */
export interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A silence shorter than this is a restart or a busy machine, and excuses nothing. */
export const LONGEST_SILENCE_MS = 10_000;

/** From the end of a pause until every pod must run with a living token again. */
export const RECOVERY_MS = 60_000;

const KEPT = 50;

/** Adds the silence between two signs of life, where it was long enough to be a pause. */
export function withSilence(
  pauses: readonly Pause[],
  lastBeatAtMs: number,
  nowMs: number,
): readonly Pause[] {
  if (nowMs - lastBeatAtMs <= LONGEST_SILENCE_MS) return pauses;
  return [...pauses, { fromMs: lastBeatAtMs, toMs: nowMs }].slice(-KEPT);
}

/**
 * Is a refused call explained by a pause? Only where the token had expired, and not later than
 * `RECOVERY_MS` after the pause: a token which the service killed is never excused, nor one which
 * it had every opportunity to renew.
 */
export function isExplainedByPause(
  refusal: { readonly reason: string; readonly atMs: number },
  pauses: readonly Pause[],
): boolean {
  if (refusal.reason !== 'expired') return false;
  return pauses.some(
    ({ fromMs, toMs }) => refusal.atMs >= fromMs && refusal.atMs <= toMs + RECOVERY_MS,
  );
}

/** How much of the time between two instants was paused. Pauses of different processes may overlap. */
export function pausedMs(pauses: readonly Pause[], fromMs: number, toMs: number): number {
  let paused = 0;
  let countedUntilMs = fromMs;
  for (const pause of pauses.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const startMs = Math.max(pause.fromMs, countedUntilMs);
    const endMs = Math.min(pause.toMs, toMs);
    if (endMs <= startMs) continue;
    paused += endMs - startMs;
    countedUntilMs = endMs;
  }
  return paused;
}
