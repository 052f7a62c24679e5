import type { CredentialRecord } from '../core/nouns.ts';
import type { RecordStore } from '../ports.ts';

/** One credential's record in the hands of one worker: what it read, and the right to write over exactly that. */
export interface Ledger {
  readonly record: CredentialRecord;
  /** @throws ERR_CONFLICT when another worker wrote meanwhile; nothing is changed then. */
  write(next: CredentialRecord): Promise<void>;
}

export function openLedger(
  records: RecordStore,
  record: CredentialRecord,
  readEtag: string | undefined,
): Ledger {
  let held = record;
  let etag = readEtag;
  return {
    get record() {
      return held;
    },
    async write(next) {
      etag = await records.write(next, etag);
      held = next;
    },
  };
}
