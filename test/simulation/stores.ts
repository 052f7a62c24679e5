import { KeyturnError } from '../../shared/core/errors.ts';
import type { DurationMs, EpochMs } from '../../shared/core/limits.ts';
import type { CredentialRecord } from '../../shared/core/nouns.ts';
import type { RecordStore, Stored } from '../../shared/ports.ts';

/** Compare-and-set is honest, but a store which was killed can forget its last seconds (Azurite after `kill -9`). */
export interface Records {
  readonly store: RecordStore;
  /** What is stored of the one credential, behind the ports' backs. */
  peek(): CredentialRecord | undefined;
  goBack(byMs: DurationMs): void;
}

interface Row extends Stored<CredentialRecord> {
  readonly atMs: EpochMs;
}

/** The record of one credential. */
export function openRecords(
  nowMs: () => EpochMs,
  onWrite: (record: CredentialRecord) => void,
): Records {
  let rows: readonly Row[] = [];
  let writes = 0;
  const peek = () => rows.at(-1)?.value;

  return {
    peek,
    goBack(byMs) {
      rows = rows.filter(({ atMs }) => atMs <= nowMs() - byMs);
    },
    store: {
      async read() {
        const row = rows.at(-1);
        return row && { value: row.value, etag: row.etag };
      },
      async write(record, etag) {
        if (rows.at(-1)?.etag !== etag) throw new KeyturnError('ERR_CONFLICT', 'changed meanwhile');
        // As text it would come back: a copy, and without members which are undefined.
        const value = JSON.parse(JSON.stringify(record)) as CredentialRecord;
        const row = { value, etag: `"${(writes += 1)}"`, atMs: nowMs() };
        rows = [...rows.slice(-50), row];
        onWrite(record);
        return row.etag;
      },
      async list() {
        const record = peek();
        if (record === undefined) return [];
        const { id, target, dueAtMs, closed } = record;
        return [{ id, target, dueAtMs, closed: closed !== undefined }];
      },
    },
  };
}
