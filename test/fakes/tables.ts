import { KeyturnError } from '../../shared/core/errors.ts';
import type { Adoption, CredentialRecord } from '../../shared/core/nouns.ts';
import type {
  AdoptionStore,
  HistoryEntry,
  HistoryStore,
  InstanceEvidence,
  RecordStore,
  Stored,
  SweepReport,
  SweepStore,
} from '../../shared/ports.ts';

const MOST_INSTANCES = 200;
const MOST_PRUNED = 1_000;

/** Records with compare-and-set, kept as text so that nobody changes one from outside. */
export function memoryRecords(): RecordStore {
  const rows = new Map<string, Stored<string>>();
  let writes = 0;
  return {
    async read(id) {
      const row = rows.get(id);
      return row && { value: JSON.parse(row.value) as CredentialRecord, etag: row.etag };
    },
    async write(record, etag) {
      if (rows.get(record.id)?.etag !== etag) {
        throw new KeyturnError('ERR_CONFLICT', `record ${record.id} was changed by another worker`);
      }
      const written = `W/"${++writes}"`;
      rows.set(record.id, { value: JSON.stringify(record), etag: written });
      return written;
    },
    async list() {
      return [...rows.values()].map(({ value }) => {
        const { id, target, dueAtMs, closed } = JSON.parse(value) as CredentialRecord;
        return { id, target, dueAtMs, closed: closed !== undefined };
      });
    },
  };
}

export function memoryAdoptions(): AdoptionStore {
  const rows = new Map<string, Map<string, Adoption>>();
  const seen = new Map<string, InstanceEvidence[]>();

  const merge = (
    credential: string,
    consumer: string,
    members: Partial<Adoption>,
    atMs: number,
  ) => {
    const consumers = rows.get(credential) ?? new Map<string, Adoption>();
    const before = consumers.get(consumer) ?? { consumer, firstSeenAtMs: atMs };
    consumers.set(consumer, { ...before, ...members, seenAtMs: atMs });
    rows.set(credential, consumers);
  };

  return {
    async list(credential) {
      return structuredClone([...(rows.get(credential)?.values() ?? [])]);
    },
    async first(credential, consumer, atMs) {
      if (!rows.get(credential)?.has(consumer)) merge(credential, consumer, {}, atMs);
    },
    async fetched(credential, consumer, fetched) {
      merge(credential, consumer, { fetched }, fetched.atMs);
    },
    async report(credential, consumer, report) {
      merge(credential, consumer, { report }, report.atMs);
    },
    async instance(credential, instance) {
      const others = (seen.get(credential) ?? []).filter(
        (one) => one.instance !== instance.instance,
      );
      seen.set(credential, [...others, instance]);
    },
    async instances(credential) {
      const newestFirst = (seen.get(credential) ?? []).toSorted(
        (a, b) => b.expiryAtMs - a.expiryAtMs,
      );
      return newestFirst.slice(0, MOST_INSTANCES);
    },
    async prune(credential, beforeMs) {
      const left = (seen.get(credential) ?? []).filter(({ expiryAtMs }) => expiryAtMs >= beforeMs);
      seen.set(credential, left);
    },
  };
}

export function memoryHistory(): HistoryStore {
  let entries: HistoryEntry[] = [];
  return {
    async append(entry) {
      entries.push(entry);
    },
    async list(credential, most) {
      const own = entries.filter((entry) => entry.credential === credential);
      return own.toSorted((a, b) => b.atMs - a.atMs).slice(0, most);
    },
    async prune(credential, beforeMs) {
      const isOld = (entry: HistoryEntry) =>
        entry.credential === credential && entry.atMs < beforeMs;
      const pruned = new Set(entries.filter(isOld).slice(0, MOST_PRUNED));
      entries = entries.filter((entry) => !pruned.has(entry));
    },
  };
}

export function memorySweeps(): SweepStore {
  let last: SweepReport | undefined;
  return {
    async last() {
      return last;
    },
    async done(report) {
      last = report;
    },
  };
}
