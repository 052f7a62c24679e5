import { KeyturnError } from '../core/errors.ts';
import { type DurationMs, type EpochMs, EVIDENCE_EVERY, MINUTE } from '../core/limits.ts';
import type { Policy } from '../core/nouns.ts';
import type { Ports } from '../ports.ts';
import { boundedMap, waitPatiently } from './memory.ts';

/** A write which failed or hangs is tried again after this, at the next pull. */
const RETRY_AFTER: DurationMs = MINUTE;

const MAX_PAIRS = 20_000;

/** What pulls tell about consumers. */
export interface Evidence {
  /** Rule 14: recorded before a value goes out. @throws ERR_EVIDENCE */
  handedOut(policy: Policy, consumer: string): Promise<void>;
  /** A presented ETag: the consumer has this version. Never fails: weaker evidence only delays a retire. */
  presented(policy: Policy, consumer: string, sequence: number | undefined): Promise<void>;
}

export function openEvidence(ports: Ports): Evidence {
  const handedTo = boundedMap<true>(MAX_PAIRS);
  const written = boundedMap<{ sequence: number; againAtMs: EpochMs }>(MAX_PAIRS);

  return {
    async handedOut(policy, consumer) {
      const pair = `${policy.id} ${consumer}`;
      if (policy.retire.when !== 'adopted' || handedTo.get(pair)) return;
      try {
        await ports.adoptions.first(policy.id, consumer, ports.nowMs());
      } catch (cause) {
        if (!(cause instanceof KeyturnError) || cause.remedy === 'crash') throw cause;
        throw new KeyturnError('ERR_EVIDENCE', `${pair}: ${cause.message}`, { cause });
      }
      handedTo.set(pair, true);
    },

    async presented({ id }, consumer, sequence) {
      const pair = `${id} ${consumer}`;
      const last = written.get(pair);
      const nowMs = ports.nowMs();
      if (sequence === undefined) return;
      if (last?.sequence === sequence && nowMs < last.againAtMs) return;
      // Before the write, so that pulls which come together write once.
      written.set(pair, { sequence, againAtMs: nowMs + RETRY_AFTER });
      const write = async () => {
        if (!(await writeFetched(ports, { id, consumer, sequence }))) return;
        written.set(pair, { sequence, againAtMs: nowMs + EVIDENCE_EVERY });
      };
      await waitPatiently(write());
    },
  };
}

/** Reads before it writes, since another instance may know since when. */
async function writeFetched(
  { adoptions, nowMs, log }: Ports,
  { id, consumer, sequence }: { id: string; consumer: string; sequence: number },
): Promise<boolean> {
  try {
    const known = (await adoptions.list(id)).find((one) => one.consumer === consumer)?.fetched;
    const atMs = nowMs();
    const sinceMs = known?.sequence === sequence ? known.sinceMs : atMs;
    await adoptions.fetched(id, consumer, { sequence, sinceMs, atMs });
    return true;
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    log('warn', `${id}: evidence of ${consumer} was not written: ${error.message}`, {
      code: error.code,
    });
    return false;
  }
}
