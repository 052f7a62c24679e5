import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp, KEYTURN } from '../../scripts/build.ts';
import { makeDirectory } from '../support/directory.ts';
import { startHostProgram, type HostProgram } from '../support/functions-host.ts';
import { CONFIG } from '../support/memory-app.ts';

const DEAD_STORAGE = {
  AzureWebJobsStorage__queueServiceUri: 'https://127.0.0.1:9/devstoreaccount1',
  AzureWebJobsStorage__tableServiceUri: 'https://127.0.0.1:9/devstoreaccount1',
  IDENTITY_ENDPOINT: 'http://127.0.0.1:9/',
  IDENTITY_HEADER: 'test',
  KEYTURN_SWEEP_SCHEDULE: '0 0 0 1 1 *',
};

let appDir: string;
let host: HostProgram;
let configFile: string;

beforeAll(async () => {
  appDir = makeDirectory('keyturn');
  configFile = join(appDir, 'keyturn.yaml');
  await buildApp({ ...KEYTURN, outDir: appDir });
  await writeFile(configFile, 'mode: sleep\n');
  host = await startHostProgram(appDir, {
    ...DEAD_STORAGE,
    KEYTURN_CONFIG: configFile,
    WEBSITE_SITE_NAME: 'keyturn-test',
  });
});
afterAll(() => host.stop());

const DOORS = [
  ['GET', 'v1/credentials/contoso--paris'],
  ['PUT', 'v1/credentials/contoso--paris/adoption'],
  ['GET', 'v1/status'],
  ['GET', 'v1/status/contoso--paris'],
  ['GET', 'v1/status/contoso--paris/history'],
  ['POST', 'v1/operations/contoso--paris/rotate'],
] as const;

const call = (method: string, path: string) => fetch(`${host.url}/${path}`, { method });

test('every function of the service is there', () => {
  expect(host.functions.toSorted()).toEqual([
    'answer-health',
    'on-gateway-event',
    'operate-credential',
    'pull-credential',
    'read-status',
    'reconcile',
    'report-adoption',
    'sweep',
  ]);
});

test('health is told whatever the configuration', async () => {
  const response = await call('GET', 'healthz');
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
});

test.each(DOORS)('%s %s answers 503 while the configuration is wrong', async (method, path) => {
  const response = await call(method, path);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('retry-after')).toBe('10');
  expect(await response.json()).toEqual({
    title: 'Service Unavailable',
    status: 503,
    code: 'ERR_CONFIG',
    detail: 'The configuration is not valid.',
  });
});

test('the log names every problem of the configuration', () => {
  const lines = host.lines.join('\n');
  expect(lines).toContain('- mode: expected rotate or observe');
  expect(lines).toContain('- identity: expected { audiences, tenant }');
});

test('doors ask for a token as soon as the configuration is right, without a restart', async () => {
  await writeFile(configFile, CONFIG);
  for (const [method, path] of DOORS) {
    const response = await call(method, path);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code: 'ERR_UNAUTHENTICATED' });
  }
});

test('settings which are missing are named in the log, and nothing is answered but 503', async () => {
  const bare = await startHostProgram(appDir, {
    ...DEAD_STORAGE,
    AzureWebJobsStorage__tableServiceUri: '',
  });
  const response = await fetch(`${bare.url}/v1/status`);
  expect(response.status).toBe(503);
  const missing =
    'settings are missing: KEYTURN_CONFIG, WEBSITE_SITE_NAME, AzureWebJobsStorage__tableServiceUri';
  expect(bare.lines.join('\n')).toContain(missing);
  await bare.stop();
});
