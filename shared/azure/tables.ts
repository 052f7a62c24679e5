import type { AdoptionStore, HistoryStore, RecordStore, SweepStore } from '../ports.ts';
import { openAdoptions } from './adoption-store.ts';
import { openHistory } from './history-store.ts';
import { openRecords } from './record-store.ts';
import { openSweeps } from './sweep-store.ts';
import type { TableOptions } from './table.ts';

/** All that Keyturn remembers, in four tables of one storage account, each made at its first use. */
export function openTables(options: TableOptions): {
  readonly records: RecordStore;
  readonly adoptions: AdoptionStore;
  readonly history: HistoryStore;
  readonly sweeps: SweepStore;
} {
  return {
    records: openRecords(options),
    adoptions: openAdoptions(options),
    history: openHistory(options),
    sweeps: openSweeps(options),
  };
}
