import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** An append-only file of JSON lines: what `append` returned from survives a kill and a power cut. */
export interface Log<Line> {
  /** The lines found when the file was opened. */
  readonly lines: readonly Line[];
  append(line: Line): void;
}

/**
 * Opens or creates `file`. A last line without its end was being written when the process died: its
 * request was never answered, so it is cut off. Everything before it must parse.
 */
export function openLog<Line>(file: string): Log<Line> {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(file, end);
  const descriptor = openSync(file, 'a', 0o600);
  syncDirectory(dirname(file));
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  return {
    lines: lines.map((line) => JSON.parse(line) as Line),
    append: (line) => {
      appendFileSync(descriptor, `${JSON.stringify(line)}\n`);
      fsyncSync(descriptor);
    },
  };
}

/** A new file is only there after a power cut when its directory was synced too. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
