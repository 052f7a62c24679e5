import { ERRORS, type KeyturnError } from './errors.ts';
import type { DurationMs, Limits, EpochMs } from './limits.ts';
import type { CredentialRecord, Setback, Trouble } from './nouns.ts';

/**
 * The step is passed over for a while, longer at each failure in a row (rule 9). Where Azure limits the rate, nothing is
 * tried for as long as it says (at most `maxIdleMs`), and the step which met it is passed over no shorter than after another
 * failure, so that a limit which lasts starves no later check.
 */
export function setBack(
  record: CredentialRecord,
  step: Pick<Setback, 'step' | 'slot'>,
  trouble: Trouble,
  now: { readonly limits: Limits; readonly nowMs: EpochMs },
): CredentialRecord {
  const before = record.setbacks.find((one) => isFor(one, step));
  const count = (before?.count ?? 0) + 1;
  const { code, remedy, blocked, retryAfterMs } = trouble;
  const quietUntilMs = now.nowMs + Math.min(retryAfterMs ?? 0, now.limits.maxIdleMs);
  const untilMs = Math.max(quietUntilMs, now.nowMs + pauseMs(count, now.limits));
  const setback = { step: step.step, slot: step.slot, code, remedy, blocked, count, untilMs };
  const others = record.setbacks.filter((one) => !isFor(one, step));
  const dueAtMs = step.step === 'observe' ? untilMs : quietUntilMs;
  return { ...record, setbacks: [...others, setback], dueAtMs };
}

/** 1, 2, 4 ... minutes in production, up to an hour. */
function pauseMs(count: number, { maxSetbackMs }: Limits): DurationMs {
  return Math.min(maxSetbackMs, (maxSetbackMs / 60) * 2 ** (count - 1));
}

/**
 * Steps which went well forget their setbacks, on every slot, since a version may have gone to another one than failed;
 * and that the world could not be read. So blocked conditions clear themselves.
 */
export function succeeded<T extends Pick<CredentialRecord, 'setbacks'>>(
  record: T,
  ...steps: readonly Setback['step'][]
): T {
  const done = new Set<Setback['step']>([...steps, 'observe']);
  return { ...record, setbacks: record.setbacks.filter(({ step }) => !done.has(step)) };
}

function isFor(setback: Setback, { step, slot }: Pick<Setback, 'step' | 'slot'>): boolean {
  return setback.step === step && setback.slot === slot;
}

/** What an error means for the step which met it. */
export function troubleOf(error: KeyturnError): Trouble {
  return {
    code: error.code,
    remedy: `${error.message} ${ERRORS[error.code][1]}`,
    blocked: error.remedy === 'blocked',
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}
