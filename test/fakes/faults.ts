import { KeyturnError } from '../../shared/core/errors.ts';
import type { EpochMs } from '../../shared/core/limits.ts';

export interface Faults {
  /** Port methods called so far, in order, for instance `vault.publish`. */
  readonly calls: string[];
  /** The next call of the method throws and does nothing. */
  failOnce(call: string, error: Error): void;
  /** Every call of the method throws and does nothing, until `mend`. */
  fail(call: string, error: Error): void;
  mend(call: string): void;
  /** The next call of the method does its work and throws ERR_REPLY_LOST. */
  loseReplyOnce(call: string): void;
  /** The port, obeying the faults which are set on `<name>.<method>`. */
  watch<Port extends object>(name: string, port: Port): Port;
}

interface Fault {
  readonly error: Error;
  readonly acts: boolean;
  readonly lasts?: boolean;
}

export function armFaults(): Faults {
  const calls: string[] = [];
  const armed = new Map<string, Fault>();

  const invoke = async (call: string, act: () => Promise<unknown>): Promise<unknown> => {
    calls.push(call);
    const fault = armed.get(call);
    if (fault === undefined) return act();
    if (!fault.lasts) armed.delete(call);
    if (fault.acts) await act();
    throw fault.error;
  };

  return {
    calls,
    failOnce: (call, error) => void armed.set(call, { error, acts: false }),
    fail: (call, error) => void armed.set(call, { error, acts: false, lasts: true }),
    mend: (call) => void armed.delete(call),
    loseReplyOnce(call) {
      const error = new KeyturnError('ERR_REPLY_LOST', `the answer of ${call} was lost`);
      armed.set(call, { error, acts: true });
    },
    watch(name, port) {
      const wrapped = Object.entries(port).map(([method, act]) => [
        method,
        (...args: unknown[]) => invoke(`${name}.${method}`, () => act(...args)),
      ]);
      return Object.fromEntries(wrapped);
    },
  };
}

/** Rule 5: nothing is sent at or after the deadline. */
export function refuseLate(deadlineAtMs: EpochMs, nowMs: () => EpochMs): void {
  if (nowMs() >= deadlineAtMs) throw new KeyturnError('ERR_DEADLINE', 'the deadline has passed');
}
