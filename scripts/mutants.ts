/**
 * `node scripts/mutants.ts`: does each rule's test go red without the rule? Copies the code once for each mutant, lets one
 * vitest run them all, and prints which test found which. Fails if one survives, or if the unchanged copy is red too: then red
 * proves nothing.
 */
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { startVitest, type TestModule } from 'vitest/node';
import { MUTANTS, type Mutant } from '../test/unit/rules/mutants.ts';

const ROOT = join(import.meta.dirname, '..');

const COPIED = ['shared/core', 'shared/engine', 'shared/ports.ts', 'test/fakes', 'test/support'];

const UNCHANGED = 'unchanged';

interface Verdict {
  /** Survived: nothing noticed. Broken: the copy could not even be loaded, which proves nothing. */
  readonly result: 'red' | 'survived' | 'broken';
  readonly by: string;
}

const workshop = mkdtempSync(join(tmpdir(), 'keyturn-mutants-'));
try {
  symlinkSync(join(ROOT, 'node_modules'), join(workshop, 'node_modules'));
  writeCopy(UNCHANGED, '*');
  MUTANTS.forEach((mutant, index) => writeMutant(String(index), mutant));
  const modules = await runTests();
  const control = verdictOf(modules.get(UNCHANGED));
  const verdicts = MUTANTS.map((_, index) => verdictOf(modules.get(String(index))));
  MUTANTS.forEach((mutant, index) => print(mutant, verdicts[index]));
  const survivors = verdicts.filter(({ result }) => result !== 'red').length;
  console.log(
    `\n${MUTANTS.length - survivors} of ${MUTANTS.length} mutants are found by their rule's test`,
  );
  if (control.result !== 'survived')
    console.log(`the unchanged copy is ${control.result}: ${control.by}`);
  process.exitCode = survivors === 0 && control.result === 'survived' ? 0 : 1;
} finally {
  rmSync(workshop, { recursive: true });
}

/** The code and the tests of the rules which match. */
function writeCopy(name: string, rules: string): string {
  const copy = join(workshop, name);
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  const pattern = `test/unit/rules/rule-${rules}-*.test.ts`;
  for (const path of globSync(pattern, { cwd: ROOT })) cpSync(join(ROOT, path), join(copy, path));
  return copy;
}

function writeMutant(name: string, { rule, file, find, put }: Mutant): void {
  const copy = writeCopy(name, String(rule).padStart(2, '0'));
  const text = readFileSync(join(copy, file), 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`rule ${rule}: ${parts.length - 1} times in ${file}: ${find}`);
  writeFileSync(join(copy, file), parts.join(put));
}

/** All copies in one process: their modules have different paths, so they do not meet. */
async function runTests(): Promise<ReadonlyMap<string, readonly TestModule[]>> {
  const vitest = await startVitest('test', [], {
    root: workshop,
    config: false,
    watch: false,
    pool: 'threads',
    isolate: false,
    reporters: [{}],
  });
  const modules = vitest.state.getTestModules();
  await vitest.close();
  return Map.groupBy(modules, ({ moduleId }) => relative(workshop, moduleId).split('/')[0] ?? '');
}

function verdictOf(modules: readonly TestModule[] = []): Verdict {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failed = tests.find((test) => test.result().state === 'failed');
  if (failed !== undefined) return { result: 'red', by: failed.name };
  return tests.length === 0 ? { result: 'broken', by: '' } : { result: 'survived', by: '' };
}

function print({ rule, without }: Mutant, verdict: Verdict | undefined): void {
  const { result, by } = verdict ?? { result: 'broken', by: '' };
  console.log(
    `${String(rule).padStart(2)}  ${result.padEnd(8)}  without ${without.padEnd(60)}  ${by}`,
  );
}
