import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTANTS, type Mutant } from '../unit/rules/mutants.ts';

/** Rules which lie outside of the protocol's core: in the pipeline, in pulls, and in the consumers themselves. */
const OUTSIDE: readonly Mutant[] = [
  {
    rule: 5,
    without: 'the deadline at the send',
    file: 'test/simulation/network.ts',
    find: 'worker.nowMs() >= deadlineAtMs',
    put: 'deadlineAtMs < 0',
  },
  {
    rule: 15,
    without: 'the consumer refusing a lower sequence',
    file: 'test/simulation/consumers.ts',
    find: 'pulled.sequence > cluster.stored.sequence',
    put: 'pulled.sequence !== cluster.stored.sequence',
  },
];

/** Within how many seeds the simulation must notice that a rule is missing. */
const FOUND_WITHIN: Readonly<Record<string, number>> = {
  'used by the publish intent': 10,
  'the state on the slot, so that a repair can come between': 20,
  'booking the expiry with the intent': 5,
  'advancing the sequence with the intent': 30,
  'the flight': 30,
  "the intent's deadline at the retire": 30,
  'the deadline at the send': 40,
  'the margin': 60,
  'the wait for an unknown past': 10,
  'take-over as unknown past': 10,
  'currentIsDead before vaultIsNotOurs': 20,
  'passing over': 20,
  growing: 20,
  'a probe at once': 30,
  'telling a repair from new bytes': 5,
  'the same sequence for a repair': 5,
  'old pods': 10,
  'the consumer refusing a lower sequence': 10,
  'the promise': 40,
  'direct readers in `adopted`': 90,
  'credentials without a record': 10,
};

const ROOT = join(import.meta.dirname, '../..');

const COPIED = [
  'package.json',
  'shared/core',
  'shared/engine',
  'shared/ports.ts',
  'sandbox/random.ts',
  'scripts/simulate.ts',
  'test/fakes',
  'test/simulation',
  'test/unit/rules/mutants.ts',
];

/** A simulation which cannot fail proves nothing: switches off one rule at a time in a copy, and expects a violation. */
export function proveMutants(print: (line: string) => void): boolean {
  const expected = Object.entries(FOUND_WITHIN);
  const survivors = expected.filter(([without, seeds]) => {
    const mutant = [...MUTANTS, ...OUTSIDE].find((one) => one.without === without);
    if (mutant === undefined) throw new Error(`there is no mutant without ${without}`);
    const found = findingIn(mutant, seeds);
    const told = found ?? `survives ${seeds} seeds`;
    print(`${String(mutant.rule).padStart(2)}  without ${without.padEnd(60)}  ${told}`);
    return found === undefined;
  });
  print(`\n${expected.length - survivors.length} of ${expected.length} mutants are found`);
  return survivors.length === 0;
}

/** What the simulation says of a copy with the mutant, or undefined where it notices nothing. */
function findingIn(mutant: Mutant, seeds: number): string | undefined {
  const copy = mkdtempSync(join(tmpdir(), 'keyturn-simulated-'));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    mutate(join(copy, mutant.file), mutant);
    const args = ['scripts/simulate.ts', '--runs', String(seeds)];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    if (/every invariant holds/.test(stdout)) return undefined;
    const [, invariant] = /^(\w+) does not hold/m.exec(stdout) ?? [];
    const [, seed] = /--seed (\d+)/.exec(stdout) ?? [];
    if (invariant === undefined) throw new Error(`the copy does not run: ${stderr}`);
    return `seed ${seed}: ${invariant}`;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function mutate(file: string, { without, find, put }: Mutant): void {
  const parts = readFileSync(file, 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`${without}: ${parts.length - 1} times in ${file}`);
  writeFileSync(file, parts.join(put));
}
