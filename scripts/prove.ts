import { spawnSync } from 'node:child_process';

/** What takes minutes: rotations in real time, every mutant of a rule, many seeds. In the order of what fails first. */
const PROOFS = {
  mutants: ['node', 'scripts/mutants.ts'],
  simulation: ['node', 'scripts/simulate.ts', '--runs', '400'],
  'simulated mutants': ['node', 'scripts/simulate.ts', '--mutants'],
  rotations: ['vitest', 'run', '--project', 'prove'],
} as const;

const failed = Object.entries(PROOFS).filter(([name, [command, ...args]]) => {
  process.stdout.write(`\nprove: ${name}\n`);
  return spawnSync(command, args, { stdio: 'inherit' }).status !== 0;
});

const total = Object.keys(PROOFS).length;
process.stdout.write(`prove: ${total - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
