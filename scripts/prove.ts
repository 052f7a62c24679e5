import { spawnSync } from 'node:child_process';

/** Programs which are a proof each; they print what they found. */
const PROGRAMS = {
  mutants: ['scripts/mutants.ts'],
  simulation: ['scripts/simulate.ts', '--runs', '400'],
  'simulated mutants': ['scripts/simulate.ts', '--mutants'],
} as const;

function run(name: string, command: readonly [string, ...string[]]): boolean {
  process.stdout.write(`\nprove: ${name}\n`);
  const [program, ...args] = command;
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0;
}

const outcomes = Object.entries(PROGRAMS).map(([name, args]) => run(name, ['node', ...args]));
const failed = outcomes.filter((passed) => !passed).length;
const rotationsPassed = run('rotations in real minutes', ['vitest', 'run', '--project', 'prove']);

process.stdout.write(`prove: ${outcomes.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && rotationsPassed ? 0 : 1;
