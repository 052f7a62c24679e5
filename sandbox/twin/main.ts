import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { parseArgs } from 'node:util';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { PORT_OFFSETS, type Seed } from '../contract.ts';
import { armApi } from './arm/routes.ts';
import { controlApi } from './control.ts';
import { loginApi } from './entra/login.ts';
import { identityApi } from './entra/managed-identity.ts';
import { startEventGrid } from './event-grid.ts';
import { configurationApi } from './gateway/configuration.ts';
import { watchConnections } from './gateway/connections.ts';
import { graphApi } from './graph.ts';
import type { Env } from './http.ts';
import { openTwin, type Twin } from './twin.ts';
import { vaultApi } from './vault/routes.ts';

/** Longer than any client keeps an idle connection, so that it is never closed under a request. */
const KEEP_ALIVE_MS = 75_000;

type Door = Exclude<keyof typeof PORT_OFFSETS, 'app' | 'blob' | 'queue' | 'table' | 'clusters'>;

const PLAIN_HTTP: readonly Door[] = ['identity', 'control'];

const { values: args } = parseArgs({
  options: {
    seed: { type: 'string' },
    state: { type: 'string' },
    port: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
  },
});
const seed = JSON.parse(readFileSync(required('seed'), 'utf8')) as Seed;
const basePort = Number(required('port'));
const tls = { cert: readFileSync(required('cert')), key: readFileSync(required('key')) };

const twin = await openTwin(seed, required('state'), basePort);
const doors = doorsOf(twin);
const servers = await Promise.all(
  Object.entries(doors).map(([door, api]) => listen(door as Door, api)),
);
startEventGrid(twin);
process.once('SIGTERM', stop);
console.log(JSON.stringify({ ready: true }));

function required(name: keyof typeof args): string {
  const value = args[name];
  if (value !== undefined) return value;
  console.error(`--${name} is missing. All of --seed --state --port --cert --key are needed.`);
  process.exit(2);
}

function doorsOf(open: Twin): Readonly<Record<Door, Hono<Env>>> {
  return {
    arm: armApi(open),
    vault: vaultApi(open),
    login: loginApi(open),
    graph: graphApi(open),
    configuration: configurationApi(open, watchConnections(open)),
    identity: identityApi(open),
    control: controlApi(open),
  };
}

async function listen(door: Door, api: Hono<Env>) {
  const keepAlive = { keepAliveTimeout: KEEP_ALIVE_MS };
  const server = PLAIN_HTTP.includes(door)
    ? createAdaptorServer({ fetch: api.fetch, serverOptions: keepAlive })
    : createAdaptorServer({
        fetch: api.fetch,
        createServer: createTlsServer,
        serverOptions: { ...keepAlive, ...tls },
      });
  server.listen(basePort + PORT_OFFSETS[door], '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Everything else is durable already. */
function stop(): void {
  for (const server of servers) server.close();
  twin.counters.save();
  process.exit(0);
}
