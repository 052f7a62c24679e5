import { createHash } from 'node:crypto';

/** Numbers from 0 to 1 which are the same for the same seed (mulberry32). */
export function seededRandom(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A wait between two independent events which are `meanMs` apart on average. */
export function exponentialMs(random: () => number, meanMs: number): number {
  return -Math.log(1 - random()) * meanMs;
}
