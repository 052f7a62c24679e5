import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Adds up what a run of the gate counted, and prints the line which closes it: vitest's reports (`*.json`) and the
 * lines `check: N passed, M failed`. A step which failed without a failed test to show counts as one.
 */
const [folder = '', failedSteps = '0'] = process.argv.slice(2);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const sum = { passed: 0, failed: 0, skipped: 0 };

for (const file of globSync(join(folder, '*.json'))) {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests;
}
for (const file of globSync(join(folder, '*.log'))) {
  for (const [, passed, failed] of readFileSync(file, 'utf8').matchAll(
    /^(?:check|prove): (\d+) passed, (\d+) failed$/gm,
  )) {
    sum.passed += Number(passed);
    sum.failed += Number(failed);
  }
}

if (Number(failedSteps) > 0 && sum.failed === 0) sum.failed = Number(failedSteps);
const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${skipped}\n`);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
