/**
 * `npm run bench:pull`: what a pull costs, beside a function which only says hello and beside Node alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../scripts/build.ts';
import { measure, startServer, type Measurement, type Target } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');
const HELLO_APP = join(ROOT, 'test/fixtures/apps/hello');
const BASELINE = 'hello function';

async function startTargets(helloDir: string): Promise<readonly Target[]> {
  const [entry, hostJson] = [join(HELLO_APP, 'main.ts'), join(HELLO_APP, 'host.json')];
  await buildApp({ entry, hostJson, outDir: helloDir });
  const host = join(ROOT, 'sandbox/host/main.ts');
  const bare = await startServer([join(ROOT, 'bench/bare-server.ts')]);
  const hello = await startServer([host, '--app', helloDir, '--port', '0']);
  return [
    { name: 'bare node:http', server: bare, path: '/', status: 200 },
    { name: BASELINE, server: hello, path: '/hello', status: 200 },
  ];
}

function print(measurements: readonly Measurement[]): void {
  const hello = measurements.find(({ name }) => name === BASELINE);
  console.table(
    Object.fromEntries(
      measurements.map(({ name, perSecond, ...rest }) => [
        name,
        {
          'requests/s': Math.round(perSecond),
          'of hello': round(perSecond / (hello?.perSecond ?? NaN)),
          'p50 ms': round(rest.p50Ms),
          'p99 ms': round(rest.p99Ms),
          'MB at rest': Math.round(rest.megabytesAtRest),
          'MB after': Math.round(rest.megabytesAfter),
        },
      ]),
    ),
  );
}

const round = (value: number) => Math.round(value * 100) / 100;

const helloDir = await mkdtemp(join(tmpdir(), 'keyturn-bench-'));
const targets = await startTargets(helloDir);
try {
  print(await measure(targets));
} finally {
  await Promise.all(targets.map(({ server }) => server.stop()));
  await rm(helloDir, { recursive: true });
}
