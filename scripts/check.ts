import { spawnSync } from 'node:child_process';

/** Format, lint, types, dead code: all four run, so that one look shows everything. */
const CHECKS = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint', '--type-aware'],
  types: ['tsc'],
  'dead code': ['knip'],
} as const;

const failed = Object.entries(CHECKS).filter(([name, [command, ...args]]) => {
  process.stdout.write(`check: ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  return status !== 0;
});

const total = Object.keys(CHECKS).length;
process.stdout.write(`check: ${total - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
