import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { makeAuthority } from '../sandbox/certificates.ts';
import type { ClusterSeed, Counters } from '../sandbox/contract.ts';
import { firstPortInUse } from '../sandbox/free-ports.ts';
import { appPart, azuritePart, type PartContext, twinPart } from '../sandbox/parts.ts';
import { writeJson } from '../sandbox/prepare.ts';
import { superviseProcesses } from '../sandbox/processes.ts';
import { clusterSeed, issuerOf, twinSeed } from '../sandbox/seed.ts';
import * as sandbox from '../sandbox/world.ts';
import { buildIfStale, KEYTURN } from '../scripts/build.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { endBenchmark, type Server } from './server.ts';

const FIRST_PORT = 14_000;
const PORT_BLOCKS = 200;
const PORT_BLOCK = 20;

/** Azure's, of a gateway's token. */
const MAX_TOKEN_LIFE_MS = 30 * 86_400_000;

/** Its timer rests, so that what is counted is the pulls' alone; the first pull asks for the sweep which is late. */
const SWEEP_SCHEDULE = '0 0 0 1 1 *';

const LOOK_EVERY_MS = 500;

/** After so long without a call what was issued is probed and recorded, and nothing is due for a quarter of an hour. */
const QUIET_MS = 5_000;

/** What the app asked of others since it was started. */
export interface Calls {
  readonly keyVault: number;
  readonly arm: number;
  /** Requests for the keys of the consumer's issuer. */
  readonly keys: number;
}

/**
 * Keyturn with the constants of production, in its host, with the twin and Azurite: tokens live for a
 * month, so nothing rotates while pulls are measured. No gateway runs, and nobody pulls but the benchmark.
 */
export interface Keyturn {
  readonly server: Server;
  readonly paths: readonly string[];
  /** A projected service account token of the one consumer; it lives for ten minutes. */
  readonly token: () => Promise<string>;
  readonly calls: () => Promise<Calls>;
}

/** Resolves when every gateway's token is issued and the app is at rest. */
export async function startKeyturn(gateways: number): Promise<Keyturn> {
  await buildIfStale();
  const world = await makeWorld(gateways);
  const { logs, azurite, certificates } = sandbox.filesOf(world);
  for (const folder of [logs, azurite]) await mkdir(folder);
  const context = { world, authority: await makeAuthority(certificates) };
  const issuer = await startIssuer(issuerSeed(context));
  const app = await startParts(context);
  const keyturn = {
    paths: world.credentials.map(({ id }) => `/v1/credentials/${id}`),
    token: issuer.project,
    calls: () => callsOf(world, issuer),
    server: {
      ...app,
      stop: async () => {
        await app.stop();
        issuer.stop();
        await rm(world.directory, { recursive: true });
      },
    },
  };
  await untilAtRest(keyturn);
  return keyturn;
}

/** A folder and ports of its own, and a gateway for each credential which `"*"` finds. */
async function makeWorld(gateways: number): Promise<sandbox.World> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-bench-'));
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_BLOCKS) * PORT_BLOCK;
    const world = sandbox.makeWorld({ directory, port, clusters: 1, runAtMs: Date.now() });
    const credentials = Array.from({ length: gateways }, (_, index) => credentialOf(index + 1));
    if ((await firstPortInUse(world.ports)) === undefined) return { ...world, credentials };
  }
}

function credentialOf(number: number): sandbox.CredentialPlan {
  const gateway = `gateway-${number}`;
  const id = `${sandbox.SERVICE}--${gateway}`;
  return { id, gateway, discovered: true, retire: 'adopted', consumers: [] };
}

function issuerSeed({ world, authority }: PartContext): ClusterSeed {
  const [cluster] = world.clusters;
  if (cluster === undefined) throw new Error('The world has no cluster.');
  return clusterSeed(world, cluster, authority);
}

/** The parts of the sandbox, without its starter, timeline and clusters. */
async function startParts(context: PartContext): Promise<Server> {
  const { world } = context;
  const files = sandbox.filesOf(world);
  const seed = { ...twinSeed(world), maxTokenLifeMs: MAX_TOKEN_LIFE_MS };
  await writeJson(files.twinSeed, seed);
  await writeFile(files.configuration, configurationOf(world));
  const processes = superviseProcesses(files.logs, endBenchmark);
  const app = appPart(context, seed, KEYTURN.outDir);
  const env = { ...app.env, KEYTURN_SWEEP_SCHEDULE: SWEEP_SCHEDULE };
  await Promise.all([azuritePart(context), twinPart(context)].map(processes.start));
  await processes.start({ ...app, env });
  return { url: world.urls.app, pid: processes.ids()['app'] ?? NaN, stop: processes.stop };
}

/** `adopted`, since it asks more of a pull than `expired`. */
function configurationOf({ urls, clusters }: sandbox.World): string {
  const { AUDIENCE, SERVICE_ID, SUBJECT, TENANT } = sandbox;
  return stringify({
    mode: 'rotate',
    vault: urls.vault,
    identity: { audiences: [AUDIENCE], tenant: TENANT },
    consumers: clusters.map(({ id, port }) => ({ id, issuer: issuerOf(port), subject: SUBJECT })),
    gatewayTokens: [
      {
        service: SERVICE_ID,
        gateway: '*',
        consumers: clusters.map(({ id }) => id),
        retire: 'adopted',
      },
    ],
    endpoints: { arm: urls.arm, login: urls.login },
  });
}

/** The first pull finds that nobody swept yet, and asks for it. */
async function untilAtRest({ paths, server, token, calls }: Keyturn): Promise<void> {
  for (const path of paths) {
    while (!(await isIssued(server.url + path, await token()))) await sleep(LOOK_EVERY_MS);
  }
  for (let before = ''; ;) {
    const now = JSON.stringify(await calls());
    if (now === before) return;
    before = now;
    await sleep(QUIET_MS);
  }
}

async function isIssued(url: string, token: string): Promise<boolean> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await response.body?.cancel();
  return response.ok;
}

async function callsOf({ urls }: sandbox.World, { keyFetches }: Issuer): Promise<Calls> {
  const response = await fetch(`${urls.control}/control/counters`);
  const { appRequests } = (await response.json()) as Counters;
  const sum = (api: string) =>
    Object.entries(appRequests)
      .filter(([operation]) => operation.startsWith(`${api} `))
      .reduce((total, [, count]) => total + count, 0);
  return { keyVault: sum('vault'), arm: sum('arm'), keys: keyFetches() };
}
