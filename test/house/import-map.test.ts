import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The map of docs/architecture.md: what each room may know, packages by name, `node:` for Node's own. */
const MAP: Readonly<Record<string, readonly RegExp[]>> = {
  'shared/core/': [/^shared\/core\//, /^node:crypto$/],
  'shared/ports.ts': [/^shared\/core\//],
  'shared/engine/wire.ts': [/^shared\/(core|engine|azure)\//, /^shared\/ports\.ts$/, /^node:/],
  'shared/engine/': [
    /^shared\/(core|engine)\//,
    /^shared\/ports\.ts$/,
    /^(node:.*|jose|zod|yaml|iso8601-duration)$/,
  ],
  'shared/azure/': [/^shared\/(core|azure)\//, /^shared\/ports\.ts$/, /^(node:|@azure\/)/, /^zod$/],
  'functions/': [/^shared\/engine\//, /^functions\//, /^@azure\/functions$/],
  // The starter builds the app it runs when that is out of date.
  'sandbox/run.ts': [/^sandbox\//, /^scripts\/build\.ts$/, /^node:/],
  'sandbox/': [/^sandbox\//, /^(?!shared\/|functions\/|test\/|scripts\/)[^.]/],
};

const FIXTURES = 'test/fixtures/house';

describe('import map', () => {
  test.each(globSync('{functions,shared,sandbox}/**/*.ts'))('%s knows only what it may', (file) => {
    const room = Object.keys(MAP).find((prefix) => file.startsWith(prefix));
    expect(room).toBeDefined();
    const foreign = importsOf(file).filter(
      (name) => !MAP[room ?? '']?.some((one) => one.test(name)),
    );
    expect(foreign).toEqual([]);
  });
});

describe('lint', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'keyturn-house-'));
    cpSync(FIXTURES, copy, { recursive: true });
    cpSync('.oxlintrc.json', join(copy, '.oxlintrc.json'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  test.each(globSync('**/*.ts', { cwd: FIXTURES }))('refuses %s', (file) => {
    const { status, stdout } = spawnSync('oxlint', [file], { cwd: copy, encoding: 'utf8' });
    expect(stdout).toMatch(/no-restricted-(imports|globals|properties)/);
    expect(status).toBe(1);
  });
});

/** Every module a file names, relative ones as paths from the root. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  const names = [...text.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].map(
    ([, name = '']) => name,
  );
  return names.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name));
}
