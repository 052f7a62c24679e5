import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARM } from '../../support/twin-seed.ts';
import { startTwin, type TestTwin } from '../../support/twin.ts';

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly request: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const file = new URL(
  '../../fixtures/recordings/apim-gateway-keys-2019-12-01-preview.json',
  import.meta.url,
);
const { entries } = JSON.parse(readFileSync(file, 'utf8')) as { entries: readonly Recorded[] };

/** Random at Azure and random here: only their shape can be the same. */
const RANDOM_VALUES: Readonly<Record<string, RegExp>> = {
  primary: /^[A-Za-z0-9+/]{86}==$/,
  secondary: /^[A-Za-z0-9+/]{86}==$/,
  value: /^gatewayid7079&202003192352&[A-Za-z0-9+/]{86}==$/,
};

/** What is left depends on who else asked: a number, and the header is there. */
const COUNTED_HEADERS = /^x-ms-ratelimit-remaining-/;

/** The recording kept no request headers; API Management asks for this one (docs/azure-facts.md). */
const UNRECORDED_HEADERS = { DELETE: { 'if-match': '*' } };

const matching = (shape: RegExp): unknown => expect.stringMatching(shape);

let twin: TestTwin;
let owner: string;

beforeAll(async () => {
  const [, subscription, , resourceGroup] = entries[0]?.url.split('/').slice(1) ?? [];
  const names = { subscription: subscription ?? '', resourceGroup: resourceGroup ?? '' };
  twin = await startTwin({ ...names, service: 'sdktestservicemapi', gateways: [] });
  owner = await twin.tokenOf('owner', ARM);
});
afterAll(() => twin.remove());

describe('the recorded life of a gateway', () => {
  test.each(entries.map((entry, index) => ({ index, entry, name: nameOf(entry) })))(
    'goes as recorded: $index $name',
    async ({ entry }) => {
      const { method, url, request } = entry;
      const answer = await twin.call(method, `${twin.urls.arm}${url}`, {
        token: owner,
        headers: method === 'DELETE' ? UNRECORDED_HEADERS.DELETE : {},
        ...(request === null ? {} : { body: request }),
      });
      expect(answer.status).toBe(entry.status);
      expect(answer.body ?? '').toEqual(expectedBody(entry.body));
      const given = Object.keys(entry.headers).map((name) => [name, answer.headers.get(name)]);
      expect(Object.fromEntries(given)).toEqual(expectedHeaders(entry.headers));
    },
  );
});

function nameOf({ method, url }: Recorded): string {
  return `${method} ${url.split('?')[0]?.split('/').slice(9).join('/')}`;
}

function expectedHeaders(recorded: Recorded['headers']): unknown {
  const headers = Object.entries(recorded).map(([name, value]) => {
    const isCounted = COUNTED_HEADERS.test(name);
    return [name, isCounted ? matching(/^\d+$/) : value];
  });
  return Object.fromEntries(headers);
}

function expectedBody(recorded: unknown): unknown {
  if (typeof recorded !== 'object' || recorded === null || 'count' in recorded) return recorded;
  const members = Object.entries(recorded).map(([name, value]) => {
    const shape = RANDOM_VALUES[name];
    return [name, shape === undefined ? value : matching(shape)];
  });
  return Object.fromEntries(members);
}
