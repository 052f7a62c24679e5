/**
 * `npm run bench:pull`: what a pull costs, beside a function which only says hello in the same kind of host, and beside
 * Node alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../scripts/build.ts';
import { type Calls, type Keyturn, startKeyturn } from './keyturn.ts';
import { measure, type Measurement, median, METHOD, type Target } from './measure.ts';
import { machine, type Server, startServer } from './server.ts';

const ROOT = join(import.meta.dirname, '..');
const HOST = join(ROOT, 'sandbox/host/main.ts');
const HELLO_APP = join(ROOT, 'test/fixtures/apps/hello');
const BASELINE = 'hello function';
const NOTE = 'hello and pulls: the same local host, started alike, each in a process of its own';

async function startHello(folder: string): Promise<Server> {
  const [entry, hostJson] = [join(HELLO_APP, 'main.ts'), join(HELLO_APP, 'host.json')];
  const outDir = join(folder, 'app');
  await buildApp({ entry, hostJson, outDir });
  return startServer(folder, HOST, ['--app', outDir, '--port', '0']);
}

async function pullTargets({ server, paths, token }: Keyturn): Promise<readonly Target[]> {
  const [path = ''] = paths;
  const headers = { authorization: `Bearer ${await token()}` };
  const { headers: answered } = await fetch(server.url + path, { headers });
  const etag = answered.get('etag') ?? '';
  const unchanged = { path, headers: { ...headers, 'if-none-match': etag } };
  return [
    { name: 'pull, 200', server, requests: [{ path, headers }], statuses: [200] },
    { name: 'pull, 304', server, requests: [unchanged], statuses: [304] },
  ];
}

/** The ratio is of each round, whose bursts come one after the other. */
function print(measurements: readonly Measurement[]): void {
  const hello = measurements.find(({ name }) => name === BASELINE)?.bursts ?? [];
  const rows = measurements.map(({ name, bursts, megabytes }) => {
    const ratios = bursts.map(({ perSecond }, round) => perSecond / (hello[round]?.perSecond ?? 0));
    const row = {
      'requests/s': Math.round(median(bursts.map(({ perSecond }) => perSecond))),
      'of hello': round2(median(ratios)),
      'p50 ms': round2(median(bursts.map(({ p50Ms }) => p50Ms))),
      'p99 ms': round2(median(bursts.map(({ p99Ms }) => p99Ms))),
      'resident MB': megabytes,
    };
    return [name, row] as const;
  });
  console.table(Object.fromEntries(rows));
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

function printCalls(before: Calls, after: Calls, pulls: number): void {
  const keyVault = after.keyVault - before.keyVault;
  const [arm, keys] = [after.arm - before.arm, after.keys - before.keys];
  console.log(
    `meanwhile: ${pulls} pulls; calls: Key Vault ${keyVault}, ARM ${arm}, issuer's keys ${keys}`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'keyturn-bench-'));
console.log(machine());
const bare = await startServer(folder, join(ROOT, 'bench/bare-server.ts'));
const hello = await startHello(folder);
const keyturn = await startKeyturn(1);
try {
  const targets = [
    { name: 'bare node:http', server: bare, requests: [{ path: '/' }], statuses: [200] },
    { name: BASELINE, server: hello, requests: [{ path: '/hello' }], statuses: [200] },
    ...(await pullTargets(keyturn)),
  ];
  const before = await keyturn.calls();
  const measurements = await measure(targets);
  print(measurements);
  console.log(`${METHOD}\n${NOTE}`);
  const pulls = measurements.filter(({ name }) => name.startsWith('pull'));
  const count = pulls.flatMap(({ bursts }) => bursts).reduce((sum, each) => sum + each.requests, 0);
  printCalls(before, await keyturn.calls(), count);
} finally {
  await Promise.all([bare, hello, keyturn.server].map(({ stop }) => stop()));
  await rm(folder, { recursive: true });
}
