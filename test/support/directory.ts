import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

/** A new empty folder, which goes when the test file which asked for it has ended. */
export function makeDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `keyturn-${name}-`));
  made.push(directory);
  return directory;
}

afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});
