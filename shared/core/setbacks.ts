import { ERRORS, type KeyturnError } from './errors.ts';
import type { DurationMs, Limits, EpochMs } from './limits.ts';
import type { CredentialRecord, Setback, Trouble } from './nouns.ts';

/**
 * The step is passed over for a while, longer at each failure in a row (rule 9); where Azure limits the rate, as long
 * as it says (at most `maxIdleMs`), and then nothing else is tried either.
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
  const longMs = retryAfterMs ?? pauseMs(count, now.limits);
  const untilMs = now.nowMs + Math.min(longMs, now.limits.maxIdleMs);
  const setback = { step: step.step, slot: step.slot, code, remedy, blocked, count, untilMs };
  const others = record.setbacks.filter((one) => !isFor(one, step));
  const alone = step.step === 'observe' || retryAfterMs !== undefined;
  return { ...record, setbacks: [...others, setback], dueAtMs: alone ? untilMs : now.nowMs };
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
