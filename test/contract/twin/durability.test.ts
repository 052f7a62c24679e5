import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLog } from '../../../sandbox/twin/log.ts';
import { ARM, VAULT } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

const VERSION = 'api-version=2024-05-01';

let twin: TestTwin;

beforeAll(async () => {
  twin = await startTwin({ gateways: ['paris', 'lyon'] });
});
afterAll(() => twin.remove());

async function arm(method: string, path: string, request: object = {}) {
  const url = `${twin.service}/gateways${path}?${VERSION}`;
  return twin.call(method, url, { token: await twin.tokenOf('owner', ARM), ...request });
}

async function vault(method: string, path: string, request: object = {}) {
  const url = `${twin.urls.vault}${path}?api-version=7.5`;
  return twin.call(method, url, { token: await twin.tokenOf('owner', VAULT), ...request });
}

async function restart() {
  await twin.kill('SIGKILL');
  await twin.start();
}

describe('after kill -9', () => {
  test('what was answered is there: gateways, keys, secrets, the journal', async () => {
    await arm('POST', '/paris/regenerateKey', { body: { keyType: 'primary' } });
    await arm('DELETE', '/lyon', { headers: { 'if-match': '*' } });
    await vault('PUT', '/secrets/kept', { body: { value: 'old', tags: { n: '1' } } });
    await vault('PUT', '/secrets/kept', { body: { value: 'new' } });
    await vault('PATCH', '/secrets/kept/', { body: { tags: { n: '2' } } });
    const look = async () => [
      await arm('GET', ''),
      await arm('POST', '/paris/listKeys'),
      await vault('GET', '/secrets/kept/'),
    ];
    const bodies = async () => (await look()).map(({ body }) => body);
    const before = [await bodies(), await twin.journal()];
    await restart();
    expect([await bodies(), await twin.journal()]).toEqual(before);
    expect((await arm('GET', '')).body.count).toBe(1);
  });

  test.each([0, 1, 2])('in the middle of a burst, nothing answered is lost (%i)', async (round) => {
    const token = await twin.tokenOf('owner', VAULT);
    const answered: string[] = [];
    const write = async (name: string) => {
      const url = `${twin.urls.vault}/secrets/${name}?api-version=7.5`;
      const { status } = await twin.call('PUT', url, { token, body: { value: 'v' } });
      if (status === 200) answered.push(name);
    };
    const burst = Array.from({ length: 40 }, (_, index) => write(`burst-${round}-${index}`));
    await Promise.any(burst);
    await restart();
    await Promise.allSettled(burst);
    expect(answered.length).toBeGreaterThan(0);
    const found = await Promise.all(answered.map((name) => vault('GET', `/secrets/${name}/`)));
    expect(found.map(({ status }) => status)).toEqual(answered.map(() => 200));
  });

  test('the journal’s numbers go on, in order and each once', async () => {
    await restart();
    await vault('PUT', '/secrets/after', { body: { value: 'v' } });
    const numbers = (await twin.journal()).map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

test('SIGTERM ends the twin with exit code 0', async () => {
  expect(await twin.kill('SIGTERM')).toBe(0);
  await twin.start();
});

describe('the log', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-log-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('drops a last line which was not finished, and goes on in its place', () => {
    const file = join(directory, 'torn.jsonl');
    openLog(file).append({ n: 1 });
    appendFileSync(file, '{"n":2,"val');
    const log = openLog(file);
    expect(log.lines).toEqual([{ n: 1 }]);
    log.append({ n: 3 });
    expect(readFileSync(file, 'utf8')).toBe('{"n":1}\n{"n":3}\n');
  });

  test('does not open over a broken line in the middle', () => {
    const file = join(directory, 'broken.jsonl');
    appendFileSync(file, '{"n":1}\nbroken\n{"n":2}\n');
    expect(() => openLog(file)).toThrow(SyntaxError);
  });
});
