import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readHostJson } from '../../sandbox/host/host-json.ts';
import { isStale } from '../../scripts/build.ts';
import { makeDirectory } from '../support/directory.ts';
import { buildFixtureApp } from '../support/functions-host.ts';
import { startProgram } from '../support/program.ts';

let appDir: string;

beforeAll(async () => {
  appDir = await buildFixtureApp('every-trigger');
});

test('builds one folder with all that is deployed', async () => {
  expect((await readdir(appDir)).toSorted()).toEqual(['host.json', 'main.mjs', 'package.json']);
});

test('never imports the core module: only `require` is answered inside a host', async () => {
  // The package does not exist outside a host, so an `import` of it anywhere in the bundle would fail here.
  const program = startProgram([join(appDir, 'main.mjs')]);
  expect(await program.ended).toBe(0);
  expect(program.lines.join('\n')).toContain('Failed to detect the Azure Functions runtime');
});

test('deploys a host.json which takes plain messages and serves routes without a prefix', async () => {
  const options = await readHostJson(join(import.meta.dirname, '../..'));
  expect(options.routePrefix).toBe('');
  expect(options.functionTimeoutMs).toBe(300_000);
  expect(options.queues).toMatchObject({ messageEncoding: 'none', maxDequeueCount: 5 });
});

describe('is out of date', () => {
  const [BEFORE, BUILT, AFTER] = [1_000, 2_000, 3_000];
  let sources: string;
  let built: string;

  beforeEach(async () => {
    sources = makeDirectory('sources');
    built = join(makeDirectory('built'), 'main.mjs');
    for (const file of [built, join(sources, 'a.ts'), join(sources, 'b.ts')]) {
      await writeFile(file, '');
    }
    await utimes(built, BUILT, BUILT);
    for (const path of ['a.ts', 'b.ts', '']) await utimes(join(sources, path), BEFORE, BEFORE);
  });

  test('never while every source is older', () => {
    expect(isStale(built, [sources])).toBe(false);
  });

  test('when a source is younger', async () => {
    await utimes(join(sources, 'b.ts'), AFTER, AFTER);
    expect(isStale(built, [sources])).toBe(true);
  });

  test('when a source was deleted', async () => {
    await rm(join(sources, 'b.ts'));
    expect(isStale(built, [sources])).toBe(true);
  });

  test('when nothing was built', async () => {
    await rm(built);
    expect(isStale(built, [sources])).toBe(true);
  });
});
