import { Command, InvalidArgumentError } from 'commander';
import { countsOf, judge, STORM_DAYS, toText } from '../test/simulation/judge.ts';
import { proveMutants } from '../test/simulation/mutants.ts';

/** A line of progress after so many runs. */
const REPORT_EVERY = 50;

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly days: number;
  readonly minutes?: number;
  readonly mutants: boolean;
}

const command = new Command('npm run simulate --')
  .description(
    'Runs the protocol in a world which the seed decides and asks every invariant. A violation prints its story and the command which replays it.',
  )
  .option('--seed <n>', 'the first seed', positive, 1)
  .option('--runs <n>', 'so many seeds', positive, 1)
  .option('--days <n>', 'how long faults rage in each run', positive, STORM_DAYS)
  .option('--minutes <n>', 'go on until so much time has passed, whatever --runs says', positive)
  .option('--mutants', 'switch off one rule at a time: the simulation has to notice', false)
  .parse();

const print = (line: string) => void process.stdout.write(`${line}\n`);
const options = command.opts<Options>();
const passed = options.mutants ? proveMutants(print) : await runSeeds(options);
process.exitCode = passed ? 0 : 1;

/** Stops at the first seed which violates an invariant, at the last one, or when the time is over. */
async function runSeeds({ seed: first, runs, days, minutes }: Options): Promise<boolean> {
  const last = minutes === undefined ? first + runs : Infinity;
  const endAtMs = minutes === undefined ? Infinity : Date.now() + minutes * 60_000;
  const totals: Record<string, number> = {};
  let seed = first;
  for (; seed < last && Date.now() < endAtMs; seed += 1) {
    const { history, findings } = await judge(seed, days);
    for (const finding of findings) print(toText(finding));
    if (findings.length > 0) return false;
    for (const [what, count] of Object.entries(countsOf(history))) {
      totals[what] = (totals[what] ?? 0) + count;
    }
    if ((seed - first + 1) % REPORT_EVERY === 0) print(`${seed - first + 1} runs`);
  }
  const told = Object.entries(totals).map(([what, count]) => `${count} ${what}`);
  print(`${seed - first} runs, every invariant holds: ${told.join(', ')}`);
  return true;
}

/** A simulation of nothing must not say that all is well. */
function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Give a number above zero.');
}
