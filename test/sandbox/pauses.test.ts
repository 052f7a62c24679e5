import { describe, expect, it } from 'vitest';
import {
  isExplainedByPause,
  LONGEST_SILENCE_MS,
  pausedMs,
  RECOVERY_MS,
  withSilence,
} from '../../sandbox/pauses.ts';

describe('a silence', () => {
  it('is a pause when it is longer than a restart', () => {
    expect(withSilence([], 1_000, 1_000 + LONGEST_SILENCE_MS)).toEqual([]);
    const toMs = 1_001 + LONGEST_SILENCE_MS;
    expect(withSilence([], 1_000, toMs)).toEqual([{ fromMs: 1_000, toMs }]);
  });
});

describe('a refused call', () => {
  const pauses = [{ fromMs: 1_000, toMs: 500_000 }];
  const lastMs = 500_000 + RECOVERY_MS;

  it('is explained by a pause until the time to recover is over', () => {
    expect(isExplainedByPause({ reason: 'expired', atMs: lastMs }, pauses)).toBe(true);
    expect(isExplainedByPause({ reason: 'expired', atMs: lastMs + 1 }, pauses)).toBe(false);
  });

  it('is never explained by a pause when the key was regenerated', () => {
    expect(isExplainedByPause({ reason: 'signature', atMs: lastMs }, pauses)).toBe(false);
  });

  it('is never explained where nothing paused', () => {
    expect(isExplainedByPause({ reason: 'expired', atMs: lastMs }, [])).toBe(false);
  });
});

describe('paused time', () => {
  it('is counted once where pauses overlap, and only between the instants asked for', () => {
    const pauses = [
      { fromMs: 50, toMs: 70 },
      { fromMs: 0, toMs: 20 },
      { fromMs: 60, toMs: 200 },
    ];
    expect(pausedMs(pauses, 10, 100)).toBe(10 + 50);
  });
});
