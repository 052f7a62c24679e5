import type { History } from '../history.ts';
import type { Violation } from './violation.ts';

/** `mode: observe` publishes nothing, retires nothing, and mints nothing new. */
export function observingChangesNothing({ happenings }: History): readonly Violation[] {
  return happenings.flatMap((one) => {
    if (one.what !== 'sent' || !one.isObserving) return [];
    return [
      { atMs: one.atMs, told: `${one.worker} calls ${one.call} while it should only observe` },
    ];
  });
}

/** No value in records, history, evidence, messages and log lines. */
export function noValueIsTold({ happenings }: History): readonly Violation[] {
  return happenings.flatMap((one) =>
    one.what === 'leak' ? [{ atMs: one.atMs, told: `a value is told to ${one.where}` }] : [],
  );
}

/** Nothing throws but what the host may see: five throws would poison a message. */
export function noWorkerMeetsABug({ happenings }: History): readonly Violation[] {
  return happenings.flatMap((one) =>
    one.what === 'bug' ? [{ atMs: one.atMs, told: `${one.worker} throws ${one.message}` }] : [],
  );
}
