import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { readMessage } from '../../../shared/engine/messages.ts';
import { memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('a message', () => {
  it('asks for a reconcile or for a sweep', () => {
    const reconcile = { v: 1, reconcile: PARIS, target: `${SERVICE}/gateways/paris`, atMs: NOW };
    expect(readMessage(reconcile, NOW)).toEqual(reconcile);
    expect(readMessage({ v: 1, sweep: true, atMs: NOW }, NOW)).toEqual({
      v: 1,
      sweep: true,
      atMs: NOW,
    });
  });

  it('is taken when it is a day old, and dropped a millisecond later', () => {
    const message = { v: 1, sweep: true, atMs: NOW - DAY };
    expect(readMessage(message, NOW)).toEqual(message);
    expect(readMessage(message, NOW + 1)).toBe('it is older than a day');
  });

  it.each([
    undefined,
    42,
    'hello',
    {},
    { v: 2, reconcile: PARIS, atMs: NOW },
    { v: 1, reconcile: '../x', atMs: NOW },
    { v: 1, reconcile: PARIS },
    { v: 1, sweep: false, atMs: NOW },
  ])('of another kind is dropped with a line: %j', async (item) => {
    const { app, world } = memoryApp();
    await app.take(item);
    expect(world.lines).toMatchObject([
      { level: 'warn', message: 'message dropped: it is not of this release' },
    ]);
    expect(world.calls).toEqual([]);
  });
});

it('a sweep which was asked for finds what is due', async () => {
  const { app, clock, reconciles, world } = memoryApp();
  world.gateways.create(`${SERVICE}/gateways/oslo`);
  await app.take({ v: 1, sweep: true, atMs: clock.nowMs });
  expect(reconciles().toSorted()).toEqual(['contoso--lyon', 'contoso--oslo', PARIS]);
});

it('a sweep which was asked for and cannot be made is left to the next one', async () => {
  const { app, clock, world } = memoryApp();
  world.failOnce('records.list', new KeyturnError('ERR_UNAVAILABLE', 'down'));
  await app.take({ v: 1, sweep: true, atMs: clock.nowMs });
  expect(world.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_UNAVAILABLE' } }]);
});
