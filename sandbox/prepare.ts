import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { type Authority, makeAuthority } from './certificates.ts';
import { configurationOf } from './configuration.ts';
import type { Seed } from './contract.ts';
import { clusterSeed, twinSeed } from './seed.ts';
import { filesOf, type World } from './world.ts';

export interface Prepared {
  readonly authority: Authority;
  readonly seed: Seed;
}

/** Writes what the parts are started with. */
export async function prepare(world: World): Promise<Prepared> {
  const files = filesOf(world);
  for (const folder of [files.logs, files.azurite]) await mkdir(folder, { recursive: true });
  // Of a run which was killed: whoever waits for the file waits for this run.
  await rm(files.sandbox, { force: true });
  const authority = await makeAuthority(files.certificates);
  const seed = twinSeed(world);
  await writeJson(files.twinSeed, seed);
  await writeFile(files.configuration, configurationOf(world));
  for (const plan of world.clusters) {
    await writeJson(files.clusterSeed(plan.id), clusterSeed(world, plan, authority));
  }
  return { authority, seed };
}

/** Whoever reads it finds the old content or the new one, never half of it. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
