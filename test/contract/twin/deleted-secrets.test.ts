import { afterAll, beforeAll, expect, test } from 'vitest';
import { VAULT } from '../../support/twin-seed.ts';
import { type Request, startTwin, type TestTwin } from '../../support/twin.ts';

const MOST_POLLS = 10;

let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  twin = await startTwin();
  owner = await twin.tokenOf('owner', VAULT);
});
afterAll(() => twin.remove());

function call(method: string, path: string, request: Request = {}) {
  return twin.call(method, `${twin.urls.vault}${path}?api-version=7.5`, {
    token: owner,
    ...request,
  });
}

function set(name: string, body: object = { value: 'v' }) {
  return call('PUT', `/secrets/${name}`, { body });
}

/** Asks until the answer is not 404; how often it was. */
async function poll(path: string): Promise<{ status: number; misses: number }> {
  for (let misses = 0; misses < MOST_POLLS; misses += 1) {
    const { status } = await call('GET', path);
    if (status !== 404) return { status, misses };
  }
  throw new Error(`${path} never came.`);
}

test('a deleted secret is gone at once and shows up as deleted some polls later', async () => {
  await set('gone');
  const deleted = await call('DELETE', '/secrets/gone');
  expect(deleted.body.recoveryId).toBe(`${twin.urls.vault}/deletedsecrets/gone`);
  expect(deleted.body.scheduledPurgeDate).toBeGreaterThan(deleted.body.deletedDate);
  expect((await call('GET', '/secrets/gone/')).status).toBe(404);
  const { status, misses } = await poll('/deletedsecrets/gone');
  expect(status).toBe(200);
  expect(misses).toBeGreaterThan(0);
});

test('its name is refused while it is being deleted, and for another reason after', async () => {
  await set('taken');
  await call('DELETE', '/secrets/taken');
  const reason = async () => {
    const { status, body } = await set('taken');
    return [status, body.error.innererror.code];
  };
  expect(await reason()).toEqual([409, 'ObjectIsBeingDeleted']);
  await poll('/deletedsecrets/taken');
  expect(await reason()).toEqual([409, 'ObjectIsDeletedButRecoverable']);
});

test('it is recovered with its versions, some polls later', async () => {
  await set('back', { value: 'kept' });
  await call('DELETE', '/secrets/back');
  await poll('/deletedsecrets/back');
  expect((await call('POST', '/deletedsecrets/back/recover')).status).toBe(200);
  expect((await call('GET', '/secrets/back/')).status).toBe(404);
  const { status, misses } = await poll('/secrets/back/');
  expect(status).toBe(200);
  expect(misses).toBeGreaterThan(0);
  expect((await call('GET', '/secrets/back/')).body.value).toBe('kept');
});

test('a purged one frees its name', async () => {
  await set('purged');
  await call('DELETE', '/secrets/purged');
  await poll('/deletedsecrets/purged');
  expect((await call('DELETE', '/deletedsecrets/purged')).status).toBe(204);
  expect((await set('purged')).status).toBe(200);
});

test('one whose latest version is disabled is not shown', async () => {
  await set('dark', { value: 'v', attributes: { enabled: false } });
  await call('DELETE', '/secrets/dark');
  expect((await poll('/deletedsecrets/dark')).status).toBe(403);
});

test('the list of deleted secrets has it, the list of secrets has not', async () => {
  await set('listed');
  await call('DELETE', '/secrets/listed');
  await poll('/deletedsecrets/listed');
  const names = async (path: string) => {
    const first = await call('GET', path);
    const { body } = await twin.call('GET', first.body.nextLink, { token: owner });
    return body.value.map(({ id }: { id: string }) => id.split('/').at(-1));
  };
  await set('other');
  expect(await names('/deletedsecrets')).toContain('listed');
  expect(await names('/secrets')).not.toContain('listed');
});
