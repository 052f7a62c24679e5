import { TableClient } from '@azure/data-tables';
import type { EpochMs } from '../core/limits.ts';
import { calling, type Call } from './answers.ts';
import {
  limitOf,
  once,
  readOptions,
  writeOptions,
  type Access,
  type CallLimit,
} from './pipeline.ts';

export interface TableOptions extends Access {
  /** The account's table endpoint, for instance `https://stcontoso.table.core.windows.net`. */
  readonly url: string;
}

type Act<T> = (client: TableClient, limit: CallLimit) => Promise<T>;

/** One table, made at its first use. `idempotent` is for what may be done twice, `write` for what may not. */
export interface Table {
  idempotent<T>(what: string, act: Act<T>): Promise<T>;
  write<T>(what: string, act: Act<T>): Promise<T>;
}

/** @see Table Storage 2019-02-02: Create Table, Query Entities, Insert, Update, Merge, Delete Entity */
export function openTable(options: TableOptions, name: string): Table {
  const { url, credential } = options;
  const patient = new TableClient(url, name, credential, readOptions(options));
  const strict = new TableClient(url, name, credential, writeOptions(options, Infinity));
  const created = once(() => patient.createTable(limitOf(options)));

  const run = <T>(kind: Call['kind'], what: string, client: TableClient, act: Act<T>) =>
    calling({ kind, what, right: 'Storage Table Data Contributor' }, async () => {
      await created();
      return act(client, limitOf(options));
    });
  return {
    idempotent: (what, act) => run('read', what, patient, act),
    write: (what, act) => run('write', what, strict, act),
  };
}

/** A text as a table key: Azure forbids `/ \ # ?` and control characters there, and its SDKs stumble over `%`. */
export function toKey(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%', ':');
}

/** The text of a key which `toKey` made. */
export function fromKey(key: string): string {
  return decodeURIComponent(key.replaceAll(':', '%'));
}

/** Sorts later instants before earlier ones, since a table is read in the order of its keys. */
export function newestFirst(atMs: EpochMs): string {
  return String(9_999_999_999_999 - atMs).padStart(13, '0');
}
