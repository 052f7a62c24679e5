import { defineConfig } from 'vitest/config';

/** Suites which share no state and start no process: one thread pool, no isolation, so that the folder takes seconds. */
const PURE = ['unit', 'property', 'house', 'simulation'];

/** Suites which start real parts: Azurite, the twin, the host, clusters. One process each; two at a time. */
const REAL = ['functions', 'host', 'contract', 'sandbox'];

/** A sandbox for each file, which waits more than it works: all at a time, when the others are done. */
const WHOLE = ['end-to-end'];

/** Full rotations in real minutes, one at a time: `npm run prove`, not `npm test`. */
const LONG = ['prove'];

const results = process.env['CI'] ? [['json', { outputFile: process.env['TEST_RESULTS'] }]] : [];

export default defineConfig({
  test: {
    reporters: ['default', ...(results as ['json', object][])],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      ...PURE.map((name) => suite(name, { pool: 'threads' as const, isolate: false })),
      ...REAL.map((name) => suite(name, { pool: 'forks' as const })),
      ...WHOLE.map((name) =>
        suite(name, { pool: 'forks' as const, maxWorkers: 3, sequence: { groupOrder: 1 } }),
      ),
      ...LONG.map((name) =>
        suite(name, {
          pool: 'forks' as const,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 900_000,
          hookTimeout: 120_000,
        }),
      ),
    ],
  },
});

function suite(name: string, how: object) {
  return { extends: true as const, test: { name, include: [`test/${name}/**/*.test.ts`], ...how } };
}
