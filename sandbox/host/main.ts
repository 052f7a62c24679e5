/**
 * A small Functions host for one machine: `npx node sandbox/host/main.ts --app DIR --port N`. App settings are the
 * environment, as at Azure. The first line on stdout which has `ready` says that everything is loaded and listening.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHost, type Host } from './host.ts';
import { logToStdout, toError } from './log.ts';

const { values } = parseArgs({
  options: {
    app: { type: 'string', default: 'dist' },
    port: { type: 'string', default: '7071' },
    state: { type: 'string', default: '.keyturn/host' },
  },
});

try {
  const host = await startHost({
    appDir: resolve(values.app),
    port: Number(values.port),
    stateDir: resolve(values.state),
    settings: process.env,
    log: logToStdout,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(host));
  const { port, functions } = host;
  process.stdout.write(`${JSON.stringify({ ready: true, port, functions })}\n`);
} catch (thrown) {
  logToStdout('critical', toError(thrown).message);
  process.exit(1);
}

async function end(host: Host): Promise<void> {
  await host.stop();
  process.exit(0);
}
