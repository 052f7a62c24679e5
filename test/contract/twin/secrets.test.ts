import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VAULT } from '../../support/twin-seed.ts';
import { type Request, startTwin, type TestTwin } from '../../support/twin.ts';

let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  twin = await startTwin();
  owner = await twin.tokenOf('owner', VAULT);
});
afterAll(() => twin.remove());

function call(method: string, path: string, request: Request = {}) {
  const separator = path.includes('?') ? '&' : '?';
  const url = `${twin.urls.vault}${path}${separator}api-version=2025-07-01`;
  return twin.call(method, url, { token: owner, ...request });
}

function set(name: string, value: string, rest: object = {}) {
  return call('PUT', `/secrets/${name}`, { body: { value, ...rest } });
}

/** Every item of a list, and how many pages were empty. */
async function readPages(path: string): Promise<{ ids: readonly string[]; empty: number }> {
  const ids: string[] = [];
  let empty = 0;
  let answer = await call('GET', path);
  for (;;) {
    const { value, nextLink } = answer.body;
    if (value.length === 0) empty += 1;
    ids.push(...value.map(({ id }: { id: string }) => id));
    if (nextLink === null) return { ids, empty };
    expect(new URL(nextLink).port).toBe(new URL(twin.urls.vault).port);
    answer = await twin.call('GET', nextLink, { token: owner });
  }
}

describe('values and versions', () => {
  test('gives back what was set, as the latest version and by its id', async () => {
    const attributes = { nbf: 1_600_000_000, exp: 1_900_000_000 };
    const rest = { contentType: 'text/plain', tags: { color: 'blue' }, attributes };
    const made = await set('whole', 'the value', rest);
    expect(made.body).toMatchObject({ value: 'the value', ...rest });
    expect(made.body.attributes).toMatchObject({
      enabled: true,
      recoveryLevel: 'Recoverable+Purgeable',
    });
    const [, id] = /\/secrets\/whole\/([0-9a-f]{32})$/.exec(made.body.id) ?? [];
    expect((await call('GET', '/secrets/whole/')).body).toEqual(made.body);
    expect((await call('GET', `/secrets/whole/${id}`)).body).toEqual(made.body);
  });

  test('keeps the older versions, and lists them without their values', async () => {
    await set('aged', 'first');
    await set('aged', 'second');
    const { ids } = await readPages('/secrets/aged/versions');
    expect(ids).toHaveLength(2);
    expect((await call('GET', '/secrets/aged/')).body.value).toBe('second');
    const values = await Promise.all(
      ids.map(async (id) => (await call('GET', new URL(id).pathname)).body.value),
    );
    expect(new Set(values)).toEqual(new Set(['first', 'second']));
    const page = await call('GET', '/secrets/aged/versions');
    expect(JSON.stringify(page.body)).not.toContain('first');
  });

  test('replaces tags as a whole and never answers a PATCH with the value', async () => {
    await set('tagged', 'v', { tags: { a: '1', b: '2' }, contentType: 'text/plain' });
    const { body } = await call('PATCH', '/secrets/tagged/', { body: { tags: { c: '3' } } });
    expect(body).toMatchObject({ tags: { c: '3' }, contentType: 'text/plain' });
    expect(body.tags).not.toHaveProperty('a');
    expect(body).not.toHaveProperty('value');
  });

  test('answers 403 for a disabled latest version, with no other one in its place', async () => {
    await set('switched', 'old');
    const latest = await set('switched', 'new', { attributes: { enabled: false } });
    expect(latest).toMatchObject({ status: 200, body: { value: 'new' } });
    const refused = await call('GET', '/secrets/switched/');
    expect(refused).toMatchObject({
      status: 403,
      body: { error: { code: 'Forbidden', innererror: { code: 'SecretDisabled' } } },
    });
    const enabled = { body: { attributes: { enabled: true } } };
    expect((await call('PATCH', '/secrets/switched/', enabled)).status).toBe(200);
    expect((await call('GET', '/secrets/switched/')).body.value).toBe('new');
  });

  test('says of a secret and of a version that it was not found', async () => {
    await set('there', 'v');
    for (const path of ['/secrets/nowhere/', `/secrets/there/${'0'.repeat(32)}`]) {
      const { status, body } = await call('GET', path);
      expect([status, body.error.code]).toEqual([404, 'SecretNotFound']);
    }
  });

  test('refuses a bad name, a missing value and a sixteenth tag', async () => {
    const tags = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, '']));
    const bad = [await set('bad_name', 'v'), await set('good', 'v', { tags })];
    bad.push(await call('PUT', '/secrets/good', { body: {} }));
    for (const { status, body } of bad) {
      expect([status, body.error.code]).toEqual([400, 'BadParameter']);
    }
  });
});

describe('lists', () => {
  test('come in pages some of which are empty and not the last', async () => {
    for (let index = 0; index < 5; index += 1) await set(`listed-${index}`, 'v');
    const first = await call('GET', '/secrets?maxresults=2');
    expect(first.body).toMatchObject({ value: [], nextLink: expect.any(String) });
    const { ids, empty } = await readPages('/secrets?maxresults=2');
    expect(empty).toBeGreaterThan(1);
    expect(ids).toContain(`${twin.urls.vault}/secrets/listed-4`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('have 25 items on a page at most', async () => {
    for (const wrong of ['0', '26', 'many']) {
      expect((await call('GET', `/secrets?maxresults=${wrong}`)).status).toBe(400);
    }
  });
});

describe('the challenge', () => {
  test('tells a caller without a token where to get one', async () => {
    const url = `${twin.urls.vault}/secrets/whole/?api-version=7.5`;
    const { status, headers } = await twin.call('GET', url);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(
      `Bearer authorization="${twin.urls.login}/${twin.seed.tenant}", resource="https://vault.azure.net"`,
    );
  });

  test('is the answer to a token for another resource too', async () => {
    const token = await twin.tokenOf('owner', 'https://management.azure.com/');
    expect((await call('GET', '/secrets/whole/', { token })).status).toBe(401);
  });
});
