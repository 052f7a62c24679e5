import { cp, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startHost } from '../../sandbox/host/host.ts';
import { makeDirectory } from '../support/directory.ts';
import {
  buildFixtureApp,
  launchHostProgram,
  QUIET_SETTINGS,
  startHostProgram,
} from '../support/functions-host.ts';

/** An app without the library, which says to the core module what `code` says. */
async function writeApp(code: string, hostJson: object = {}): Promise<string> {
  const dir = makeDirectory('app');
  const core = "createRequire(import.meta.url)('@azure/functions-core')";
  const model = 'core.setProgrammingModel({ getCapabilities: async () => ({}) });';
  const main = `import { createRequire } from 'node:module';\nconst core = ${core};\n${model}\n${code}`;
  await writeFile(join(dir, 'main.mjs'), main);
  await writeFile(join(dir, 'package.json'), '{ "main": "main.mjs" }');
  await writeFile(join(dir, 'host.json'), JSON.stringify({ version: '2.0', ...hostJson }));
  return dir;
}

const register = (trigger: object, more: object = {}) =>
  `core.registerFunction(${JSON.stringify({ name: 'one', bindings: { in: trigger }, ...more })}, () => {});`;
const HTTP = { type: 'httpTrigger', direction: 'in', authLevel: 'anonymous', methods: ['GET'] };
const QUEUES = (options: object) => ({ extensions: { queues: options } });

describe('an app which cannot run as at Azure is refused with the reason', () => {
  test.each<[string, string, object, string]>([
    ['no function', '', {}, 'registers no function'],
    ['a main which throws', "throw new Error('broken main')", {}, 'broken main'],
    ['two functions of one name', register(HTTP).repeat(2), {}, 'already been registered'],
    [
      'a function with keys',
      register({ ...HTTP, authLevel: 'function' }),
      {},
      'authLevel function',
    ],
    ['another trigger', register({ type: 'blobTrigger', direction: 'in' }), {}, 'blobTrigger'],
    ['a retry policy', register(HTTP, { retryOptions: {} }), {}, 'retry policy'],
    ['a route with a constraint', register({ ...HTTP, route: '{id:int}' }), {}, '{id:int}'],
    ['no setting', register({ type: 'timerTrigger', schedule: '%WHEN%' }), {}, 'WHEN is missing'],
    ['no schedule', register({ type: 'timerTrigger', schedule: '00:05:00' }), {}, 'no NCRONTAB'],
    ['no account', register({ type: 'queueTrigger', queueName: 'q' }), {}, '__queueServiceUri'],
    ['an unknown hook', "core.registerHook('log', () => {})", {}, 'Unrecognized hook'],
    ['an unknown option', register(HTTP), QUEUES({ newBatchThreshold: 1 }), 'newBatchThreshold'],
    ['a bad time span', register(HTTP), { functionTimeout: '5 minutes' }, 'hh:mm:ss'],
  ])('%s', async (_, code, hostJson, reason) => {
    const appDir = await writeApp(code, hostJson);
    const start = startHost({ appDir, port: 0, stateDir: appDir, settings: {}, log: () => {} });
    await expect(start).rejects.toThrow(reason);
  });
});

test('ends with exit code 1 and says so when the app registers no function', async () => {
  const program = launchHostProgram(await writeApp(''));
  expect(await program.ended).toBe(1);
  expect(program.lines.join('\n')).toContain('registers no function');
});

test('names the port which is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const program = launchHostProgram(await writeApp(register(HTTP)), {}, port);
  expect(await program.ended).toBe(1);
  expect(program.lines.join('\n')).toContain(`port ${port} is in use`);
  other.close();
});

describe('the app with every trigger', () => {
  let appDir: string;
  beforeAll(async () => {
    appDir = await buildFixtureApp('every-trigger');
  });

  test('answers the request under way and runs the hooks before it ends at SIGTERM', async () => {
    const host = await startHostProgram(appDir, QUIET_SETTINGS);
    onTestFinished(async () => void (await host.stop()));
    // The client keeps its connection, which must not keep the host.
    const answer = once(
      get(`${host.url}/slow`, { agent: new Agent({ keepAlive: true }) }),
      'response',
    );
    await host.until((line) => line.includes('slow begins'));
    const stopped = host.stop();
    const [response] = (await answer) as [IncomingMessage];
    expect(await text(response)).toBe('done');
    expect(await stopped).toBe(0);
    expect(host.lines).toContain('appStart');
    expect(host.lines).toContain('appTerminate');
  });

  test('has the prefix "api" where host.json names none', async () => {
    const dir = makeDirectory('app');
    await cp(appDir, dir, { recursive: true });
    await writeFile(join(dir, 'host.json'), '{ "version": "2.0" }');
    const host = await startHostProgram(dir, QUIET_SETTINGS);
    onTestFinished(async () => void (await host.stop()));
    expect((await fetch(`${host.url}/api/greet`)).status).toBe(200);
    expect((await fetch(`${host.url}/greet`)).status).toBe(404);
  });
});
