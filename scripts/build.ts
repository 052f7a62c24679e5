/**
 * Builds the folder which is deployed: `npm run build`. It holds everything; there is no `npm install` at Azure.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const ROOT = dirname(import.meta.dirname);

export interface BuildPlan {
  /** Imports every file which registers a function. */
  readonly entry: string;
  readonly hostJson: string;
  readonly outDir: string;
}

/** Keyturn itself. */
export const KEYTURN: BuildPlan = {
  entry: join(ROOT, 'functions/main.ts'),
  hostJson: join(ROOT, 'host.json'),
  outDir: join(ROOT, 'dist'),
};

const FILES = ['main.mjs', 'host.json', 'package.json'] as const;

const SOURCES = ['functions', 'shared', 'host.json', 'package-lock.json', 'scripts/build.ts'];

/** Some dependencies call `require` for Node's own modules, which an ES module does not have. */
const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * One file, because importing it takes half as long as split chunks do; lazy imports in it still run late. An ES
 * module, because the Azure SDKs read `import.meta.url`. Names stay, so that a stack trace can be read.
 * @returns the files of the folder
 */
export async function buildApp({ entry, hostJson, outDir }: BuildPlan): Promise<readonly string[]> {
  const newDir = join(outDir, `new-${process.pid}`);
  await build({
    entryPoints: [entry],
    outfile: join(newDir, 'main.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: REQUIRE_BANNER },
    // Exists only inside the host, which answers `require` for it and never `import`.
    external: ['@azure/functions-core'],
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  });
  await copyFile(hostJson, join(newDir, 'host.json'));
  const manifest = { name: 'keyturn', private: true, type: 'module', main: 'main.mjs' };
  await writeFile(join(newDir, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await replaceFiles(outDir, newDir);
  return FILES.map((name) => join(outDir, name));
}

/** One by one, each at once: a host which starts from the folder meanwhile finds every file whole. */
async function replaceFiles(outDir: string, newDir: string): Promise<void> {
  for (const name of FILES) await rename(join(newDir, name), join(outDir, name));
  await rm(newDir, { recursive: true });
}

/** Builds Keyturn if a source is younger than the build. */
export async function buildIfStale(): Promise<void> {
  const sources = SOURCES.map((path) => join(ROOT, path));
  if (isStale(join(KEYTURN.outDir, 'main.mjs'), sources)) await buildApp(KEYTURN);
}

/** Folders count with what is in them, so that a deleted file is noticed too. */
export function isStale(built: string, sources: readonly string[]): boolean {
  if (!existsSync(built)) return true;
  const builtAtMs = statSync(built).mtimeMs;
  return sources.flatMap(listAll).some((path) => statSync(path).mtimeMs > builtAtMs);
}

function listAll(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const inside = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return [path, ...inside.map((name) => join(path, name))];
}

async function printFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const kilobytes = (await stat(file)).size / 1000;
    console.log(`${basename(file).padEnd(14)}${kilobytes.toFixed(1).padStart(9)} kB`);
  }
}

if (import.meta.main) await printFiles(await buildApp(KEYTURN));
