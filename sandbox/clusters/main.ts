import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ClusterSeed, ClusterStatus } from '../contract.ts';
import { seededRandom } from '../random.ts';
import { startAgent, type Workload } from './agent.ts';
import { type Cluster, storedVersion } from './cluster.ts';
import { openIssuer } from './issuer.ts';
import { openKeyturn } from './keyturn.ts';
import { openLogin } from './login.ts';
import { startPods } from './pods.ts';
import { clusterRoutes, listen } from './server.ts';
import { beat, openState } from './state.ts';

/** One cluster: an OIDC issuer, an agent, and the pods of its gateways. `--seed FILE` holds a `ClusterSeed`. */

const BEAT_EVERY_MS = 1_000;

const { values } = parseArgs({ options: { seed: { type: 'string' } } });
if (!values.seed) throw new Error('Give --seed FILE, the path of a ClusterSeed as JSON.');
await run(JSON.parse(await readFile(values.seed, 'utf8')) as ClusterSeed);

async function run(seed: ClusterSeed): Promise<void> {
  const file = openState(seed, Date.now());
  const cluster = { seed, file, random: seededRandom(seed.id) };
  const issuer = await openIssuer(seed, file);
  const keyturn = openKeyturn(seed.urls.app, openLogin(seed, issuer));
  const workloads = seed.gateways.map((gateway) => ({
    gateway,
    pods: startPods(cluster, gateway),
  }));
  await listen(
    clusterRoutes(seed, issuer, () => statusOf(cluster, workloads)),
    seed,
  );
  for (const workload of workloads) startAgent(cluster, keyturn, workload);
  setInterval(() => beat(file, Date.now()), BEAT_EVERY_MS);
  console.log(JSON.stringify({ ready: true }));
  process.once('SIGTERM', () => {
    file.save();
    process.exit(0);
  });
}

function statusOf(cluster: Cluster, workloads: readonly Workload[]): ClusterStatus {
  const { calls, pauses, restarts, pulls } = cluster.file.state;
  const gateways = workloads.map(({ gateway, pods }) => {
    const stored = storedVersion(cluster, gateway.credential)?.sequence;
    return {
      name: gateway.name,
      credential: gateway.credential,
      ...(stored !== undefined && { stored }),
      pods: pods.map(({ name, running }) => ({
        name,
        ...(running && { version: running.sequence }),
      })),
    };
  });
  return { id: cluster.seed.id, gateways, calls, pauses, restarts, pulls };
}
