import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parse, toSeconds } from 'iso8601-duration';
import { BREAKS } from './break.ts';
import { firstPortInUse } from './free-ports.ts';
import { lock } from './lock.ts';
import { prepare } from './prepare.ts';
import { PartFailed } from './processes.ts';
import { runSandbox } from './run.ts';
import { openScreen } from './timeline/screen.ts';
import { filesOf, makeWorld, MOST_CLUSTERS, type World } from './world.ts';

/** `npm start`: the whole of Keyturn on one machine. */

/** Node's timers overflow after 24.8 days, and fire at once. */
const LONGEST_RUN_MS = 24 * 86_400_000;

interface Options {
  readonly clusters: number;
  readonly for?: number;
  readonly quiet: boolean;
  readonly port: number;
  readonly dir: string;
  readonly break?: (typeof BREAKS)[number];
}

const command = new Command('npm start --')
  .description('Keyturn on one machine: Azure, clusters and the app, with lives of minutes.')
  .option('--clusters <n>', `clusters, 1 to ${MOST_CLUSTERS}`, whole(1, MOST_CLUSTERS), 2)
  .option('--for <duration>', 'end by itself, for instance after PT5M, and judge the run', lengthMs)
  .option('--quiet', 'print the summary only', false)
  .option('--port <n>', "the app's port; the others follow it", whole(1_024, 65_000), 7071)
  .option('--dir <path>', 'where its state lies', '.keyturn')
  .addOption(new Option('--break <how>', 'do harm on purpose; the run must fail').choices(BREAKS))
  .parse();

process.exit(await main(command.opts<Options>()));

async function main(options: Options): Promise<number> {
  const { port, clusters } = options;
  const directory = resolve(options.dir);
  const world = makeWorld({ directory, port, clusters, runAtMs: Date.now() });
  const obstacle = lockObstacle(world) ?? (await portObstacle(world, port));
  if (obstacle) {
    console.error(obstacle);
    return 1;
  }
  const prepared = await prepare(world);
  const screen = openScreen(join(filesOf(world).logs, 'timeline.log'), options.quiet);
  const signal = endOfRun(options.for);
  try {
    const earlyRetire = options.break === 'early-retire';
    const verdict = await runSandbox({ world, screen, signal, earlyRetire }, prepared);
    return verdict?.failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof PartFailed)) throw error;
    console.error(error.message);
    return 1;
  }
}

function lockObstacle(world: World): string | undefined {
  const { directory } = world;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const owner = lock(filesOf(world).lock);
  if (owner === undefined) return undefined;
  return `Process ${owner} runs a sandbox in ${directory}. Stop it, or give another --dir.`;
}

async function portObstacle({ ports }: World, port: number): Promise<string | undefined> {
  const inUse = await firstPortInUse(ports);
  if (inUse === undefined) return undefined;
  const other = `npm start -- --port ${port + 100}`;
  return `Port ${inUse} is in use, perhaps by another sandbox. Stop that, or choose others: ${other}`;
}

/** Aborts when the time is over, or somebody ends the run. */
function endOfRun(forMs: number | undefined): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => ending.abort());
  }
  if (forMs !== undefined) setTimeout(() => ending.abort(), forMs).unref();
  if (process.env['npm_lifecycle_event']) endWithParent(ending);
  return ending.signal;
}

/** A signal to npm ends the shell between us, and does not reach us. */
function endWithParent(ending: AbortController): void {
  const { ppid } = process;
  setInterval(() => process.ppid !== ppid && ending.abort(), 500).unref();
}

function lengthMs(text: string): number {
  const ms = parsedMs(text);
  if (ms >= 1_000 && ms <= LONGEST_RUN_MS) return ms;
  throw new InvalidArgumentError('Give a second at least and 24 days at most.');
}

function parsedMs(text: string): number {
  try {
    return toSeconds(parse(text)) * 1_000;
  } catch {
    throw new InvalidArgumentError('Give an ISO 8601 duration, such as PT5M.');
  }
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}
