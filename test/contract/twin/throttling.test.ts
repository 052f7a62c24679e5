import { afterAll, beforeAll, expect, test } from 'vitest';
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
  expect(keys.headers.get(WRITES)).toBe('198');
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
