import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority } from '../../sandbox/certificates.ts';
import { type JournalEntry, PORT_OFFSETS, type Seed } from '../../sandbox/contract.ts';
import { type DescribedApi, violations } from './api-description.ts';
import { trustedAuthority } from './certificates.ts';
import { identity, SEED, serviceIdOf } from './twin-seed.ts';

const DOORS = ['arm', 'vault', 'login', 'graph', 'configuration', 'identity', 'control'] as const;
const PLAIN = ['identity', 'control'];

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape.
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or nothing when there is no body. */
  readonly body: Json;
}

export interface Request {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The twin as a process of its own, with everything a test does to it. */
export interface TestTwin {
  readonly seed: Seed;
  readonly authority: Authority;
  readonly urls: Readonly<Record<(typeof DOORS)[number], string>>;
  /** URL of the API Management service. */
  readonly service: string;
  /** What an exchange with Resource Manager or Key Vault breaks of Microsoft's description is thrown. */
  readonly call: (method: string, url: string, request?: Request) => Promise<Answer>;
  /** A token of the identity with this name. */
  readonly tokenOf: (name: string, resource: string) => Promise<string>;
  readonly journal: () => Promise<readonly JournalEntry[]>;
  readonly fault: (fault: object) => Promise<void>;
  /** Ends the process by a signal and waits until it is gone. */
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => Promise<number | null>;
  readonly start: () => Promise<void>;
  /** Ends it and removes its state. */
  readonly remove: () => Promise<void>;
}

/** Starts a twin with the seed below, changed where `changes` says so. */
export async function startTwin(changes: Partial<Seed> = {}): Promise<TestTwin> {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-twin-'));
  const seed: Seed = { ...SEED, ...changes };
  const authority = await trustedAuthority(join(directory, 'tls'));
  writeFileSync(join(directory, 'seed.json'), JSON.stringify(seed));
  const port = await freePorts();
  let child = launch(directory, authority, port);
  const urls = urlsFrom(port);
  const call = caller(urls);
  const kill: TestTwin['kill'] = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  await ready(child);
  return {
    seed,
    authority,
    urls,
    service: `${urls.arm}${serviceIdOf(seed)}`,
    call,
    tokenOf: async (name, resource) => {
      const { clientId, clientSecret = '' } = identity(seed, name);
      const url = `${urls.login}/${seed.tenant}/oauth2/v2.0/token`;
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource.replace(/\/$/, '')}/.default`,
      });
      return (await call('POST', url, { body })).body.access_token;
    },
    journal: async () => (await call('GET', `${urls.control}/control/journal`)).body,
    fault: async (body) => {
      await call('POST', `${urls.control}/control/faults`, { body });
    },
    kill,
    start: async () => {
      child = launch(directory, authority, port);
      await ready(child);
    },
    remove: async () => {
      await kill('SIGTERM');
      rmSync(directory, { recursive: true });
    },
  };
}

function caller(urls: TestTwin['urls']): TestTwin['call'] {
  return async (method, url, { token, body, headers = {} } = {}) => {
    const form = body instanceof URLSearchParams;
    const sent = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const payload = body === undefined || form ? body : JSON.stringify(body);
    const answer = await fetch(url, { method, headers: sent, ...(payload && { body: payload }) });
    const text = await answer.text();
    const parsed = text === '' ? undefined : JSON.parse(text);
    const api = describedApi(urls, url);
    if (api !== undefined) {
      const { status } = answer;
      const wrong = violations(api, {
        method,
        url,
        headers: lower(sent),
        body,
        status,
        answer: parsed,
      });
      if (wrong.length > 0) throw new Error(`${method} ${url} ${status}\n${wrong.join('\n')}`);
    }
    return { status: answer.status, headers: answer.headers, body: parsed };
  };
}

function describedApi(urls: TestTwin['urls'], url: string): DescribedApi | undefined {
  if (url.startsWith(`${urls.arm}/`)) return 'api-management';
  return url.startsWith(`${urls.vault}/`) ? 'key-vault' : undefined;
}

function lower(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function urlsFrom(port: number): TestTwin['urls'] {
  const url = (door: (typeof DOORS)[number]) =>
    `${PLAIN.includes(door) ? 'http' : 'https'}://127.0.0.1:${port + PORT_OFFSETS[door]}`;
  return Object.fromEntries(DOORS.map((door) => [door, url(door)])) as TestTwin['urls'];
}

function launch(directory: string, { caFile, certFile, keyFile }: Authority, port: number) {
  const program = new URL('../../sandbox/twin/main.ts', import.meta.url).pathname;
  const files = ['--seed', join(directory, 'seed.json'), '--state', join(directory, 'state')];
  const tls = ['--cert', certFile, '--key', keyFile];
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile };
  const args = [program, ...files, ...tls, '--port', String(port)];
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function ready(child: ChildProcess): Promise<void> {
  const { stdout } = child;
  if (stdout === null) throw new Error('The twin has no standard output.');
  const line = once(stdout, 'data').then(([chunk]) => String(chunk));
  const death = once(child, 'exit').then(() => 'The twin ended before it was ready.');
  const first = await Promise.race([line, death]);
  if (first !== '{"ready":true}\n') throw new Error(first);
}

/** A port below the ephemeral ones from which the twin's doors are free. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 1000) * 16;
    const free = await Promise.all(DOORS.map((door) => isFree(port + PORT_OFFSETS[door])));
    if (free.every(Boolean)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const [event] = await Promise.race([
    once(server, 'listening').then(() => ['free']),
    once(server, 'error').then(() => ['taken']),
  ]);
  await new Promise((resolve) => server.close(resolve));
  return event === 'free';
}
