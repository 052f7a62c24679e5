import { setTimeout as pause } from 'node:timers/promises';
import type { DurationMs, EpochMs } from '../core/limits.ts';

/** A caller who could go on without waits no longer than this. */
const PATIENCE: DurationMs = 500;

/** Waits for what the caller can do without, no longer than for a newer answer; it goes on by itself. */
export async function waitPatiently(work: Promise<void>): Promise<void> {
  await Promise.race([work, pause(PATIENCE, undefined, { ref: false })]);
}

export interface MemoryTerms {
  readonly nowMs: () => EpochMs;
  /** An older answer is read again; Infinity for what never changes. */
  readonly maxAgeMs: DurationMs;
  /** The key which was unused for longest leaves when there would be more. */
  readonly most: number;
  /** Told when a read fails while the last answer goes on. */
  readonly onStale?: (key: string, error: unknown) => void;
}

interface Answer<T> {
  readonly value: T;
  /** When it was read, or when reading it again last failed. */
  readonly triedAtMs: EpochMs;
}

/**
 * Remembers what `read` answered. One read at a time for each key; while reading fails or takes long the last answer
 * goes on, so that an outage of storage does not become one of pulls. Without an answer the error is the caller's.
 */
export function remembering<T>(
  read: (key: string, last: T | undefined) => Promise<T>,
  terms: MemoryTerms,
): (key: string) => Promise<T> {
  const answers = boundedMap<Answer<T>>(terms.most);
  const reading = new Map<string, { fresh: Promise<T>; freshOrLast: Promise<T> }>();

  async function readAgain(key: string, last: Answer<T> | undefined): Promise<T> {
    const keep = (value: T) => answers.set(key, { value, triedAtMs: terms.nowMs() });
    try {
      const value = await read(key, last?.value);
      keep(value);
      return value;
    } catch (error) {
      if (last === undefined) throw error;
      terms.onStale?.(key, error);
      keep(last.value);
      return last.value;
    }
  }

  function start(key: string, last: Answer<T> | undefined) {
    const fresh = readAgain(key, last).finally(() => reading.delete(key));
    // One pause for all callers: those who come while a read hangs do not wait anew.
    const freshOrLast = last
      ? Promise.race([fresh, pause(PATIENCE, last.value, { ref: false })])
      : fresh;
    reading.set(key, { fresh, freshOrLast });
    return { fresh, freshOrLast };
  }

  return async (key) => {
    const last = answers.get(key);
    if (last && terms.nowMs() - last.triedAtMs < terms.maxAgeMs) return last.value;
    const { fresh, freshOrLast } = reading.get(key) ?? start(key, last);
    return last ? freshOrLast : fresh;
  };
}

/** A map which holds at most so many keys: the one unused for longest leaves. */
export interface BoundedMap<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

export function boundedMap<T>(most: number): BoundedMap<T> {
  const entries = new Map<string, T>();
  let newest: string | undefined;
  const put = (key: string, value: T) => {
    entries.delete(key);
    entries.set(key, value);
    newest = key;
    if (entries.size <= most) return;
    for (const oldest of entries.keys()) return void entries.delete(oldest);
  };
  return {
    get(key) {
      const value = entries.get(key);
      // Moving a key costs more than finding it, and one key is often asked for many times in a row.
      if (value !== undefined && key !== newest) put(key, value);
      return value;
    },
    set: put,
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}
