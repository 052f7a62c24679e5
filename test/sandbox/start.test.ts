import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LONGEST_SILENCE_MS } from '../../sandbox/lock.ts';
import { twinSeed } from '../../sandbox/seed.ts';
import { makeWorld } from '../../sandbox/world.ts';
import { startProgram } from '../support/program.ts';

const MAIN = join(import.meta.dirname, '../../sandbox/main.ts');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-start-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('grants the app no more than it needs', () => {
  expect(
    twinSeed(makeWorld({ directory, port: 7071, clusters: 2, runAtMs: 0 })).identities[0]?.rights,
  ).toEqual([
    'gateways/read',
    'gateways/generateToken',
    'gateways/regenerateKey',
    'secrets/get',
    'secrets/list',
    'secrets/set',
    'secrets/update',
    'secrets/recover',
  ]);
});

it('says which port is in use and what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const program = startProgram([MAIN, '--dir', directory, '--port', String(port)]);
  expect(await program.ended).toBe(1);
  expect(program.lines.join('\n')).toContain(`Port ${port} is in use`);
  expect(program.lines.join('\n')).toContain(`npm start -- --port ${port + 100}`);
  server.close();
});

it('takes a folder whose owner gave no sign of life, whoever has its process id now', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(directory, 'lock');
  await writeFile(file, String(process.pid));
  const silentSince = new Date(Date.now() - LONGEST_SILENCE_MS);
  await utimes(file, silentSince, silentSince);
  const program = startProgram([MAIN, '--dir', directory, '--port', String(port)]);
  expect(await program.ended).toBe(1);
  expect(program.lines.join('\n')).toContain(`Port ${port} is in use`);
  server.close();
});

it('does not start where another sandbox runs', async () => {
  await writeFile(join(directory, 'lock'), String(process.pid));
  const program = startProgram([MAIN, '--dir', directory]);
  expect(await program.ended).toBe(1);
  expect(program.lines.join('\n')).toContain(`Process ${process.pid} runs a sandbox in`);
});

it('refuses options which mean nothing, and says what was expected', () => {
  const outcome = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' }).stderr;
  expect(outcome('--for', '5 minutes')).toContain('Give an ISO 8601 duration, such as PT5M.');
  expect(outcome('--for', 'PT0S')).toContain('Give a second at least and 24 days at most.');
  expect(outcome('--for', 'P25D')).toContain('Give a second at least and 24 days at most.');
  expect(outcome('--clusters', '9')).toContain('Give a whole number from 1 to 8.');
  expect(outcome('--break', 'everything')).toContain('Allowed choices are early-retire');
});

it('checks the version of Node in a file which every Node can read', async () => {
  const source = await readFile(join(import.meta.dirname, '../../sandbox/start.mjs'), 'utf8');
  const old = source.replace('process.versions.node', '"20.20.2"');
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', old], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('needs Node 22.18 or newer'),
  });
});
