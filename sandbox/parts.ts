import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Authority } from './certificates.ts';
import type { Seed } from './contract.ts';
import type { Part } from './processes.ts';
import { type ClusterPlan, filesOf, type World } from './world.ts';

/** The account which every Azurite has. */
const STORAGE_ACCOUNT = 'devstoreaccount1';

const SWEEP_SCHEDULE = '*/5 * * * * *';

/** For the smallest instance: what lives is some 40 MB, and without a bound V8 lets garbage grow to ten times that. */
export const APP_NODE_OPTIONS = '--max-semi-space-size=4 --max-old-space-size=128';

/** Compiled code without its types: the next start is faster and holds 20 MB less. */
export const COMPILE_CACHE = join(import.meta.dirname, '../node_modules/.cache/keyturn');

/** A developer's own Azure and proxies must not leak into the sandbox. */
const FOREIGN = /^(AZURE|AzureWebJobs|IDENTITY|MSI|KEYTURN|NODE_|WEBSITE|(https?|all)_proxy$)/i;

/** What all parts need besides the certificates. */
export interface PartContext {
  readonly world: World;
  readonly authority: Authority;
}

export function twinPart({ world, authority }: PartContext): Part {
  const files = filesOf(world);
  return {
    name: 'twin',
    program: program('twin/main.ts'),
    args: flags({
      seed: files.twinSeed,
      state: files.twin,
      port: portOf(world.urls.app),
      cert: authority.certFile,
      key: authority.keyFile,
    }),
    env: environment(authority),
    isReady: saysReady,
  };
}

export function azuritePart({ world, authority }: PartContext): Part {
  return {
    name: 'azurite',
    program: createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js'),
    args: [
      '--silent',
      '--disableTelemetry',
      ...flags({
        oauth: 'basic',
        location: filesOf(world).azurite,
        cert: authority.certFile,
        key: authority.keyFile,
        blobPort: portOf(world.urls.blob),
        queuePort: portOf(world.urls.queue),
        tablePort: portOf(world.urls.table),
      }),
    ],
    env: environment(authority),
    // The tables come last.
    isReady: (line) => line.includes('Table service is successfully listening'),
  };
}

/** The app in its host, with the settings it has at Azure. */
export function appPart({ world, authority }: PartContext, seed: Seed, appDir: string): Part {
  const files = filesOf(world);
  const storage = (service: 'blob' | 'queue' | 'table') => ({
    [`AzureWebJobsStorage__${service}ServiceUri`]: `${world.urls[service]}/${STORAGE_ACCOUNT}`,
  });
  return {
    name: 'app',
    program: program('host/main.ts'),
    args: flags({ app: appDir, port: portOf(world.urls.app), state: files.host }),
    env: {
      ...environment(authority),
      NODE_OPTIONS: APP_NODE_OPTIONS,
      ...storage('blob'),
      ...storage('queue'),
      ...storage('table'),
      AzureWebJobsStorage__credential: 'managedidentity',
      IDENTITY_ENDPOINT: `${world.urls.identity}/msi/token`,
      IDENTITY_HEADER: seed.identityHeader,
      WEBSITE_SITE_NAME: 'keyturn-sandbox',
      KEYTURN_CONFIG: files.configuration,
      KEYTURN_SWEEP_SCHEDULE: SWEEP_SCHEDULE,
    },
    isReady: saysReady,
  };
}

export function clusterPart({ world, authority }: PartContext, { id }: ClusterPlan): Part {
  return {
    name: id,
    program: program('clusters/main.ts'),
    args: flags({ seed: filesOf(world).clusterSeed(id) }),
    env: environment(authority),
    isReady: saysReady,
  };
}

function environment({ caFile }: Authority): Readonly<Record<string, string>> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || FOREIGN.test(name) ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(own),
    NODE_EXTRA_CA_CERTS: caFile,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
}

function saysReady(line: string): boolean {
  return line.startsWith('{"ready":true');
}

function portOf(url: string): string {
  return new URL(url).port;
}

function flags(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

function program(path: string): string {
  return join(import.meta.dirname, path);
}
