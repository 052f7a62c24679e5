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
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `${option}: give a number above zero, not "nothing".\n`,
    });
  },
);
