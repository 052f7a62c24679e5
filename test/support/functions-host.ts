import { join } from 'node:path';
import { buildApp } from '../../scripts/build.ts';
import { makeDirectory } from './directory.ts';
import { startProgram, type Program } from './program.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Settings with which every function of the app `every-trigger` can be loaded; its timer never comes due. */
export const QUIET_SETTINGS = {
  TICK_SCHEDULE: '0 0 0 1 1 *',
  QUEUE_NAME: 'work',
  AzureWebJobsStorage__queueServiceUri: 'https://127.0.0.1:9/devstoreaccount1',
  IDENTITY_ENDPOINT: 'http://127.0.0.1:9/',
  IDENTITY_HEADER: 'test',
};

/** The local host with one app: a program of its own, as in the sandbox. */
export interface HostProgram extends Program {
  readonly url: string;
  readonly functions: readonly string[];
}

/** Builds an app of `test/fixtures/apps` into a new folder, with the code which builds Keyturn. */
export async function buildFixtureApp(name: string): Promise<string> {
  const source = join(ROOT, 'test/fixtures/apps', name);
  const outDir = makeDirectory(name);
  await buildApp({ entry: join(source, 'main.ts'), hostJson: join(source, 'host.json'), outDir });
  return outDir;
}

/** Starts the host without waiting for it: for apps which it should refuse. */
export function launchHostProgram(appDir: string, env: NodeJS.ProcessEnv = {}, port = 0): Program {
  const main = join(ROOT, 'sandbox/host/main.ts');
  const args = ['--app', appDir, '--port', String(port), '--state', join(appDir, 'state')];
  return startProgram([main, ...args], env);
}

export async function startHostProgram(
  appDir: string,
  env: NodeJS.ProcessEnv,
): Promise<HostProgram> {
  const program = launchHostProgram(appDir, env);
  const ready = await program.until((line) => line.startsWith('{"ready":true'));
  const { port, functions } = JSON.parse(ready) as { port: number; functions: string[] };
  return { ...program, url: `http://127.0.0.1:${port}`, functions };
}
