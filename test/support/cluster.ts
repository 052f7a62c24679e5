import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { makeAuthority } from '../../sandbox/certificates.ts';
import type { ClusterSeed, ClusterStatus } from '../../sandbox/contract.ts';

/** What a cluster speaks to: Keyturn, Entra and the configuration endpoint in one, as a test wants them to answer. */
interface FakeAzure {
  /** What a pull gets. */
  version: number;
  /** Status of every answer of Keyturn where it is not 200. */
  failWith: number | undefined;
  /** The configuration endpoint's answer to a token. */
  judge: (token: string) => { readonly status: number; readonly reason?: string };
  readonly calls: readonly FakeCall[];
}

interface FakeCall {
  readonly path: string;
  readonly authorization: string;
  readonly body: unknown;
}

export interface FakeCluster {
  readonly azure: FakeAzure;
  readonly seed: ClusterSeed;
  readonly caFile: string;
  start(more?: Partial<ClusterSeed>): Promise<void>;
  kill(): Promise<void>;
  status(): Promise<ClusterStatus>;
  close(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, '../../sandbox/clusters/main.ts');

export async function makeCluster(): Promise<FakeCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-cluster-'));
  const authority = await makeAuthority(directory);
  const { azure, url, close } = await startFakeAzure();
  const seed: ClusterSeed = {
    id: 'edge-test',
    runAtMs: 1,
    port: await freePort(),
    gateways: [{ name: 'paris', credential: 'contoso--paris', pods: 2 }],
    login: 'direct',
    subject: 'system:serviceaccount:gateways:keyturn-agent',
    audience: 'api://keyturn.test',
    tenant: 'tenant',
    application: 'application',
    urls: { app: url, login: url, configuration: url },
    tls: { certFile: authority.certFile, keyFile: authority.keyFile },
    stateFile: join(directory, 'state.json'),
    restartEveryMs: 3_600_000,
    callEveryMs: 20,
  };
  let child: ChildProcess | undefined;
  const kill = async () => {
    child?.kill('SIGKILL');
    if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {
    azure,
    seed,
    caFile: authority.caFile,
    async start(more) {
      const seedFile = join(directory, 'seed.json');
      await writeFile(seedFile, JSON.stringify({ ...seed, ...more }));
      child = await spawnReady([PROGRAM, '--seed', seedFile]);
    },
    kill,
    async status() {
      const response = await fetch(`https://127.0.0.1:${seed.port}/status`);
      return (await response.json()) as ClusterStatus;
    },
    async close() {
      await kill();
      close();
      await rm(directory, { recursive: true });
    },
  };
}

async function spawnReady(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"ready":true')) return child;
  }
  throw new Error('the cluster ended before it was ready');
}

async function startFakeAzure() {
  const calls: FakeCall[] = [];
  const azure: FakeAzure = {
    version: 1,
    failWith: undefined,
    judge: () => ({ status: 200 }),
    calls,
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = await answer(azure, calls, request);
    response.writeHead(status, headers);
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { azure, url: `http://127.0.0.1:${port}`, close };
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function answer(
  azure: FakeAzure,
  calls: FakeCall[],
  request: IncomingMessage,
): Promise<Answer> {
  const { url: path = '', method, headers } = request;
  const { authorization = '' } = headers;
  const body = method === 'PUT' ? await json(request) : undefined;
  calls.push({ path, authorization, body });
  if (path.startsWith('/gateways/')) {
    const { status, reason } = azure.judge(authorization);
    return { status, body: { reason } };
  }
  if (path.endsWith('/token')) {
    return { status: 200, body: { access_token: 'from-entra', expires_in: 3_600 } };
  }
  if (azure.failWith !== undefined) return { status: azure.failWith };
  if (method === 'PUT') return { status: 204 };
  return pullAnswer(azure, headers['if-none-match']);
}

function pullAnswer({ version }: FakeAzure, presented: string | undefined): Answer {
  const etag = `"${version}-abc"`;
  const headers = { etag, 'keyturn-poll-after': '1' };
  if (presented === etag) return { status: 304, headers };
  return { status: 200, headers, body: { version, value: `GatewayKey paris&${version}` } };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
