import type { DurationMs } from '../../shared/core/limits.ts';
import type { CredentialRecord, Request, SlotName } from '../../shared/core/nouns.ts';
import type { Ports } from '../../shared/ports.ts';
import { policy } from './samples.ts';

/** What operators ask for and consumers tell. Each writes, and has the credential looked at now (rule 18). */
export interface People {
  rotate(): Promise<void>;
  revoke(slot: SlotName, how?: 'withoutNew'): Promise<void>;
  hold(durationMs: DurationMs): Promise<void>;
  release(): Promise<void>;
  /** An event, or anybody else who only asks for a look now. */
  wake(): Promise<void>;
  /** A consumer stored a version, and all of its pods run it. */
  report(consumer: string, sequence: number): Promise<void>;
}

export function people(ports: Ports): People {
  const { id } = policy();

  const change = async (to: (before: CredentialRecord) => CredentialRecord): Promise<void> => {
    const stored = await ports.records.read(id);
    if (stored === undefined) throw new Error('nothing is recorded yet');
    const { value, etag } = stored;
    await ports.records.write({ ...to(value), dueAtMs: ports.nowMs() }, etag);
  };
  const ask = (request: Request) => change((before) => ({ ...before, request }));
  const person = () => ({ reason: 'because', by: 'ann', atMs: ports.nowMs() });

  return {
    rotate: () => ask({ ask: 'rotate', ...person() }),
    revoke: (slot, how) =>
      ask({ ask: 'revoke', slot, withoutNew: how === 'withoutNew', ...person() }),
    hold: (durationMs) =>
      change((before) => ({
        ...before,
        hold: { untilMs: ports.nowMs() + durationMs, ...person() },
      })),
    release: () => change(({ hold: _, ...kept }) => kept),
    wake: () => change((before) => before),
    async report(consumer, sequence) {
      const running = [{ version: sequence, pods: 2 }];
      const report = { stored: sequence, running, desired: 2, atMs: ports.nowMs() };
      await ports.adoptions.report(id, consumer, report);
      await change((before) => before);
    },
  };
}
