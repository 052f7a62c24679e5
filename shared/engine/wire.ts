import { openApiManagement } from '../azure/api-management.ts';
import { openConfigSource } from '../azure/config-source.ts';
import { readGatewayEvent } from '../azure/gateway-events.ts';
import { openIdentity } from '../azure/identity.ts';
import { openKeyVault } from '../azure/key-vault.ts';
import { openReconcileQueue } from '../azure/queue.ts';
import { openTables } from '../azure/tables.ts';
import { type Limits, PRODUCTION } from '../core/limits.ts';
import { isLoopback } from '../core/loopback.ts';
import type { Ports } from '../ports.ts';
import { type App, openApp } from './app.ts';
import type { Configuration } from './config.ts';
import { currentConfiguration } from './current-configuration.ts';
import { fetchJson } from './fetch-json.ts';
import { answering, type Call, type Reply } from './http.ts';
import { leaveToSweep } from './leave-to-sweep.ts';
import { openIssuerKeys } from './issuer-keys.ts';
import { log, loggingTo, type LogSink } from './log.ts';
import { readSettings, type Settings } from './settings.ts';

/** The queue of the function `reconcile`. */
const QUEUE = 'keyturn-reconcile';

const nowMs = () => Date.now();

/** Answers a request at one of the doors; whatever is wrong with the configuration becomes a problem document too. */
export function answer(name: keyof App['doors'], call: Call, sink: LogSink): Promise<Reply> {
  const door = answering(log, name, async (each) => (await app()).doors[name](each));
  return loggingTo(sink, () => door(call));
}

/** @throws ERR_CONFIG, ERR_UNAVAILABLE, ERR_FORBIDDEN: the run is shown as failed, and the timer comes again. */
export function runSweep(sink: LogSink): Promise<void> {
  return loggingTo(sink, async () => (await app()).sweep());
}

/** Takes a message of the queue. Without a valid configuration it is left to the sweep, which has none either. */
export function takeMessage(item: unknown, sink: LogSink): Promise<void> {
  const take = async () => (await app()).take(item);
  return loggingTo(sink, () => leaveToSweep(log, 'message', take));
}

/** Takes an event of Event Grid, which sends it again where this throws. */
export function takeEvent(event: unknown, sink: LogSink): Promise<void> {
  return loggingTo(sink, async () => (await app()).receive(event));
}

interface Process {
  readonly settings: Settings;
  readonly configuration: () => Promise<Configuration>;
}

let opened: Process | undefined;
let running: { readonly known: Configuration; readonly key: string; readonly app: App } | undefined;

/** The app of this process, built again only where the configuration names another vault or another Azure. */
async function app(): Promise<App> {
  opened ??= openProcess();
  const known = await opened.configuration();
  if (running?.known === known) return running.app;
  const key = JSON.stringify([known.vault, known.endpoints.arm, known.limits.callTimeoutMs]);
  const kept = running?.key === key ? running.app : build(opened, known);
  running = { known, key, app: kept };
  return kept;
}

function openProcess(): Process {
  const settings = readSettings(process.env);
  const source = openConfigSource(settings.configuration, access(settings, PRODUCTION));
  return { settings, configuration: currentConfiguration(source, { log, nowMs }) };
}

function build({ settings, configuration }: Process, known: Configuration): App {
  const ports = openPorts(settings, known);
  const { installation } = settings;
  const keys = openIssuerKeys(fetchJson, ports);
  return openApp({ ports, installation, configuration }, keys, readGatewayEvent);
}

function openPorts(settings: Settings, { vault, endpoints, limits }: Configuration): Ports {
  const shared = access(settings, limits);
  const { issuer, gateways } = openApiManagement({
    ...shared,
    endpoint: endpoints.arm,
    credentialScopes: scopeOf(endpoints.arm),
  });
  return {
    nowMs,
    log,
    ...openTables({ ...shared, url: settings.tableUrl }),
    queue: openReconcileQueue({ ...shared, url: settings.queueUrl, name: QUEUE }),
    vault: openKeyVault({ ...shared, url: vault }),
    issuers: { 'gateway-token': issuer },
    gateways,
  };
}

function access({ clientId }: Settings, { callTimeoutMs }: Limits) {
  return { credential: openIdentity(clientId), nowMs, callTimeoutMs };
}

/** Sovereign clouds have audiences of their own; what stands for Azure on this machine takes the public one's. */
function scopeOf(arm: string): string {
  return `${isLoopback(arm) ? 'https://management.azure.com' : arm}/.default`;
}
