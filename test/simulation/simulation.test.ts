import { describe, expect, test } from 'vitest';
import { judge, toText } from './judge.ts';

/** Few enough for every test run; `npm run simulate` and `npm run prove` go further. */
const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);

describe('Keyturn in a simulated world', () => {
  test.each(SEEDS)('keeps every invariant in the world of seed %i', async (seed) => {
    const { findings } = await judge(seed);
    expect(findings.map(toText)).toEqual([]);
  });

  test('lives the same life again from the same seed', async () => {
    const [first, again] = [await judge(7), await judge(7)];
    expect(again.history).toEqual(first.history);
  });
});
