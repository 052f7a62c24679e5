/**
 * `npm run simulate -- [--seed N] [--runs R] [--days D] [--minutes M]`: runs the protocol in a world which the seed decides
 * and asks every invariant; a violation prints its story and the command which replays it. `--mutants` switches off one rule at
 * a time and expects the simulation to notice.
 */
import { parseArgs } from 'node:util';
import { countsOf, judge, STORM_DAYS, toText } from '../test/simulation/judge.ts';
import { proveMutants } from '../test/simulation/mutants.ts';

const number = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seed: number,
    runs: number,
    days: number,
    minutes: number,
    mutants: { type: 'boolean', default: false },
  },
});

/** A simulation of nothing must not say that all is well. */
function positive(name: 'seed' | 'runs' | 'days' | 'minutes', otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  if (value > 0) return value;
  process.stderr.write(`--${name}: give a number above zero, not "${values[name]}".\n`);
  process.exit(2);
}

const passed = values.mutants
  ? proveMutants((line) => void process.stdout.write(`${line}\n`))
  : await runSeeds();
process.exitCode = passed ? 0 : 1;

/** Stops at the first seed which violates an invariant, at the last one, or when the time is over. */
async function runSeeds(): Promise<boolean> {
  const first = positive('seed', 1);
  const runs = positive('runs', values.minutes === undefined ? 1 : Infinity);
  const endAtMs = Date.now() + positive('minutes', Infinity) * 60_000;
  const days = positive('days', STORM_DAYS);
  const totals: Record<string, number> = {};
  let seed = first;
  for (; seed < first + runs && Date.now() < endAtMs; seed += 1) {
    const { history, findings } = await judge(seed, days);
    for (const finding of findings) process.stdout.write(toText(finding));
    if (findings.length > 0) return false;
    for (const [what, count] of Object.entries(countsOf(history))) {
      totals[what] = (totals[what] ?? 0) + count;
    }
  }
  const told = Object.entries(totals).map(([what, count]) => `${count} ${what}`);
  process.stdout.write(`${seed - first} runs, every invariant holds: ${told.join(', ')}\n`);
  return true;
}
