import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test.each(['--seed', '--runs', '--days', '--minutes'])(
  'a simulation of nothing is no proof: %s',
  (option) => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['scripts/simulate.ts', option, 'nothing'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toContain(
      `'${option} <n>' argument 'nothing' is invalid. Give a number above zero.`,
    );
  },
);
