import { setTimeout as sleep } from 'node:timers/promises';
import { readHostJson } from './host-json.ts';
import { startHttpServer } from './http-server.ts';
import { createInvoke } from './invoke.ts';
import type { Listener, ListenerContext } from './listener.ts';
import { hookContext, loadApp, runHooks, type AppFunction } from './load-app.ts';
import { toError, type Log } from './log.ts';
import { listenToQueue } from './queue-listener.ts';
import type { Settings } from './settings.ts';
import { listenToTimer } from './timer-listener.ts';

/** How long invocations may go on after the host was told to stop. */
const STOP_MS = 5_000;

export interface HostStart {
  /** The built folder: package.json with `main`, host.json, bundle. */
  readonly appDir: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Keeps what timers remember. */
  readonly stateDir: string;
  readonly settings: Settings;
  readonly log: Log;
}

export interface Host {
  readonly port: number;
  readonly functions: readonly string[];
  /** Takes no more work and resolves when invocations have ended, at the latest after 5 seconds. */
  readonly stop: () => Promise<void>;
}

/**
 * Runs a built Functions app as the real host would, in this process.
 * @throws when the app cannot be loaded whole: nothing runs then
 */
export async function startHost(start: HostStart): Promise<Host> {
  const { appDir, port, log } = start;
  const options = await readHostJson(appDir);
  const app = await loadApp(appDir, log);
  const invoke = createInvoke(app, options.functionTimeoutMs, log);
  const context = { ...start, invoke, queues: options.queues };
  const listeners = app.functions.flatMap((target) => toListener(target, context) ?? []);
  const server = await startHttpServer(app, invoke, { routePrefix: options.routePrefix, port });

  const stopping = new AbortController();
  const listening = listeners.map((listen) => listen(stopping.signal));
  const endWork = async () => {
    stopping.abort();
    await Promise.all([...listening, server.stop()]);
    await runHooks(app.hooks.appTerminate, hookContext(app));
  };
  const stop = () => Promise.race([endWork(), sleep(STOP_MS, undefined, { ref: false })]);
  return { port: server.port, functions: app.functions.map(({ name }) => name), stop };
}

function toListener(target: AppFunction, context: ListenerContext): Listener | undefined {
  try {
    if (target.type === 'timerTrigger') return listenToTimer(target, context);
    if (target.type === 'queueTrigger') return listenToQueue(target, context);
    return undefined;
  } catch (thrown) {
    throw new Error(`function "${target.name}": ${toError(thrown).message}`, { cause: thrown });
  }
}
