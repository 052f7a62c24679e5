import { expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { watchSweeps } from '../../../shared/engine/late-sweep.ts';
import { memoryApp } from '../../support/memory-app.ts';

const MINUTE = 60_000;

function watching() {
  const app = memoryApp();
  const sweeps = () => app.world.messages.filter(({ message }) => 'sweep' in message).length;
  return { ...app, watch: watchSweeps(app.context), sweeps };
}

it('a sweep is asked for a millisecond after the last one is 15 minutes old', async () => {
  const { watch, sweeps, ports, clock } = watching();
  await ports.sweeps.done({ atMs: clock.nowMs, findings: [] });
  clock.nowMs += 15 * MINUTE;
  await watch();
  expect(sweeps()).toBe(0);
  await ports.sweeps.done({ atMs: clock.nowMs - 14 * MINUTE - 1, findings: [] });
  clock.nowMs += MINUTE;
  await watch();
  expect(sweeps()).toBe(1);
});

it('which was never made is asked for without an alarm', async () => {
  const { watch, sweeps, world } = watching();
  await watch();
  expect(sweeps()).toBe(1);
  expect(world.lines.map(({ level }) => level)).toEqual(['info']);
});

it('is looked for once a minute', async () => {
  const { watch, sweeps, clock } = watching();
  await watch();
  clock.nowMs += MINUTE - 1;
  await watch();
  expect(sweeps()).toBe(1);
  clock.nowMs += 1;
  await watch();
  expect(sweeps()).toBe(2);
});

it('does not fail the call which looked', async () => {
  const { watch, world } = watching();
  world.failOnce('sweeps.last', new KeyturnError('ERR_UNAVAILABLE', 'down'));
  await watch();
  expect(world.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_UNAVAILABLE' } }]);
});

it('holds up no call while storage hangs', async () => {
  const { watch, ports } = watching();
  Object.assign(ports.sweeps, { last: () => new Promise(() => {}) });
  await expect(watch()).resolves.toBeUndefined();
});

it('is asked for by an authenticated call, and not by another', async () => {
  const { ask, tokens, sweeps } = watching();
  await ask('pull', { token: 'a.b.c', params: { id: 'x' } });
  expect(sweeps()).toBe(0);
  await ask('pull', { token: await tokens.lyon(), params: { id: 'x' } });
  expect(sweeps()).toBe(1);
});
