/**
 * `npm run bench:memory -- --credentials 1000 --pulls 1000000`: what the app's process holds at rest and under load.
 */
import { parseArgs } from 'node:util';
import { type Keyturn, startKeyturn } from './keyturn.ts';
import { load, type Request } from './measure.ts';
import { machine, residentMegabytes, type Server } from './server.ts';

/** Each brings a token which the app has not seen, and ends before that token does. */
const BATCH = 25_000;

const QUARTERS = 4;
const LOOK_EVERY_MS = 1_000;

interface Row {
  readonly pulls: number;
  readonly 'requests/s': number;
  readonly 'resident MB, most': number;
  readonly 'resident MB, after': number;
}

/** Of each credential a pull which gets the value, and one which has it already. */
async function requestsFor({ server, paths, token }: Keyturn): Promise<readonly Request[]> {
  const headers = { authorization: `Bearer ${await token()}` };
  const requests: Request[] = [];
  for (const path of paths) {
    const response = await fetch(server.url + path, { headers });
    await response.body?.cancel();
    const etag = response.headers.get('etag') ?? '';
    requests.push({ path, headers }, { path, headers: { ...headers, 'if-none-match': etag } });
  }
  return requests;
}

async function pull(keyturn: Keyturn, amount: number): Promise<void> {
  for (let left = amount; left > 0; left -= BATCH) {
    const requests = await requestsFor(keyturn);
    const target = { name: 'pulls', server: keyturn.server, requests, statuses: [200, 304] };
    await load(target, { amount: Math.min(left, BATCH) });
  }
}

/** Looks at a process again and again while `work` goes on. */
async function mostMegabytes(server: Server, work: Promise<void>): Promise<number> {
  let most = 0;
  const look = () => (most = Math.max(most, residentMegabytes(server)));
  const looking = setInterval(look, LOOK_EVERY_MS);
  await work.finally(() => clearInterval(looking));
  return look();
}

async function quarterOf(keyturn: Keyturn, amount: number, pulls: number): Promise<Row> {
  const beganAtMs = Date.now();
  const most = await mostMegabytes(keyturn.server, pull(keyturn, amount));
  return {
    pulls,
    'requests/s': Math.round((amount / (Date.now() - beganAtMs)) * 1_000),
    'resident MB, most': most,
    'resident MB, after': residentMegabytes(keyturn.server),
  };
}

const { values } = parseArgs({
  options: {
    credentials: { type: 'string', default: '100' },
    pulls: { type: 'string', default: '100000' },
  },
});
const [credentials, pulls] = [Number(values.credentials), Number(values.pulls)];
console.log(machine());
console.log(`issuing ${credentials} credentials; ARM takes 200 writes at once, then 10 a second`);
const keyturn = await startKeyturn(credentials);
try {
  console.log(`at rest: ${residentMegabytes(keyturn.server)} MB resident`);
  const rows: Row[] = [];
  for (let quarter = 1; quarter <= QUARTERS; quarter += 1) {
    const share = pulls / QUARTERS;
    rows.push(await quarterOf(keyturn, share, share * quarter));
  }
  console.table(rows);
} finally {
  await keyturn.server.stop();
}
