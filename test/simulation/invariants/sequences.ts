import type { EpochMs } from '../../../shared/core/limits.ts';
import type { History } from '../history.ts';
import type { Violation } from './violation.ts';

/** A consumer which keeps the contract never goes back. */
export function sequencesOnlyGrow({ happenings }: History): readonly Violation[] {
  const last = new Map<string, number>();
  return happenings.flatMap((one) => {
    if (one.what !== 'stored' || one.sequence === 0) return [];
    const before = last.get(one.consumer) ?? 0;
    last.set(one.consumer, one.sequence);
    const told = `${one.consumer} goes from #${before} to #${one.sequence}`;
    return one.sequence > before ? [] : [{ atMs: one.atMs, told }];
  });
}

/** One sequence is one value. */
export function noTwoValuesShareASequence(history: History): readonly Violation[] {
  const values = new Map<number, string>();
  return shown(history).flatMap(({ sequence, fingerprint, atMs }) => {
    const before = values.get(sequence) ?? fingerprint;
    values.set(sequence, before);
    const told = `#${sequence} is another value than before`;
    return before === fingerprint ? [] : [{ atMs, told }];
  });
}

/** One value is one sequence to those who have it: else a fleet restarts for nothing. */
export function noValueHasTwoSequences({ happenings }: History): readonly Violation[] {
  const sequences = new Map<string, number>();
  return happenings.flatMap((one) => {
    if (one.what !== 'stored' || one.sequence === 0) return [];
    const before = sequences.get(one.fingerprint) ?? one.sequence;
    sequences.set(one.fingerprint, before);
    const told = `the value of #${before} comes again as #${one.sequence}`;
    return before === one.sequence ? [] : [{ atMs: one.atMs, told }];
  });
}

interface Shown {
  readonly sequence: number;
  readonly fingerprint: string;
  readonly atMs: EpochMs;
}

/** Every numbered value which left Keyturn, to Key Vault or to a consumer. */
function shown({ happenings }: History): readonly Shown[] {
  return happenings.flatMap((one) => {
    if (one.what !== 'stored' && one.what !== 'secret-set') return [];
    const { sequence = 0, fingerprint, atMs } = one;
    return sequence === 0 ? [] : [{ sequence, fingerprint, atMs }];
  });
}
