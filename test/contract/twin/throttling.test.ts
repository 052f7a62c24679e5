import { afterAll, beforeAll, expect, test } from 'vitest';
import { withOneLess } from '../../../sandbox/twin/arm/throttle.ts';
import { ARM } from '../../support/twin-seed.ts';
import { type Answer, startTwin, type TestTwin } from '../../support/twin.ts';

const WRITES = 'x-ms-ratelimit-remaining-subscription-writes';
const READS = 'x-ms-ratelimit-remaining-subscription-reads';

/** Far more than the bucket holds and gets back while they are sent. */
const MOST_REQUESTS = 2000;

let twin: TestTwin;

beforeAll(async () => {
  twin = await startTwin();
});
afterAll(() => twin.remove());

function mint(token: string) {
  const url = `${twin.service}/gateways/paris/generateToken?api-version=2024-05-01`;
  const body = { keyType: 'primary', expiry: '2020-03-19T23:52:00Z' };
  return twin.call('POST', url, { token, body });
}

test('counts generateToken and listKeys as writes, and GET as a read', async () => {
  const token = await twin.tokenOf('owner', ARM);
  const gateway = `${twin.service}/gateways/paris`;
  const read = await twin.call('GET', `${gateway}?api-version=2024-05-01`, { token });
  expect(read.headers.get(READS)).toBe('249');
  expect(read.headers.get(WRITES)).toBeNull();
  const first = await mint(token);
  expect(first.headers.get(WRITES)).toBe('199');
  const keys = await twin.call('POST', `${gateway}/listKeys?api-version=2024-05-01`, { token });
  expect(keys.headers.get(WRITES)).toMatch(/^\d+$/);
  expect(keys.headers.get(READS)).toBeNull();
});

test('answers 429 with Retry-After when the bucket is empty, to this caller only', async () => {
  const token = await twin.tokenOf('app', ARM);
  const url = `${twin.service}/gateways/paris/listKeys?api-version=2024-05-01`;
  const ask = () => twin.call('POST', url, { token });
  const answers: Answer[] = [];
  while (answers.every(({ status }) => status !== 429) && answers.length < MOST_REQUESTS) {
    answers.push(...(await Promise.all([ask(), ask(), ask(), ask()])));
  }
  const refused = answers.find(({ status }) => status === 429);
  expect(answers.length).toBeGreaterThan(200);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused?.body.error.code).toBe('SubscriptionRequestsThrottled');
  expect((await mint(await twin.tokenOf('owner', ARM))).status).toBe(200);
});

test('has a token again when it came back, and not a millisecond before', () => {
  const limit = { size: 2, perSecond: 10 };
  const full = withOneLess(undefined, limit, 0);
  const empty = withOneLess(full, limit, 0);
  expect([full.tokens, empty.tokens]).toEqual([1, 0]);
  expect(withOneLess(empty, limit, 99).tokens).toBeLessThan(0);
  expect(withOneLess(empty, limit, 100).tokens).toBe(0);
  expect(withOneLess(empty, limit, 60_000).tokens).toBe(1);
});
