import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { parseConfiguration } from '../../../shared/engine/config.ts';
import { bodyOf, CONFIG, memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const TARGET = `${SERVICE}/gateways/paris`;
const DAY = 86_400_000;

/** Paris has its first version, on the primary key, and edge-lyon has pulled it. */
async function operated() {
  const app = memoryApp();
  app.world.gateways.create(TARGET);
  await app.settle(PARIS);
  await app.ask('pull', { token: await app.tokens.lyon(), params: { id: PARIS } });
  const record = async () => {
    const stored = await app.ports.records.read(PARIS);
    if (stored === undefined) throw new Error('paris has no record');
    return stored.value;
  };
  const operate = async (operation: string, body: object = {}, id = PARIS) =>
    app.ask('operate', { token: await app.tokens.operator(), params: { id, operation }, body });
  return { ...app, operate, record };
}

const BY = 'ada@contoso.com (object-1)';

describe('an operator', () => {
  it('whose request is stored is told so, though nobody could be woken: the sweep finds it', async () => {
    const { operate, record, world } = await operated();
    world.failOnce('queue.put', new KeyturnError('ERR_UNAVAILABLE', 'the queue is down'));
    expect(await operate('rotate', { reason: 'drill' })).toMatchObject({ status: 202 });
    expect((await record()).request).toMatchObject({ ask: 'rotate' });
  });

  it('is needed: readers and consumers are refused', async () => {
    const { ask, tokens } = await operated();
    for (const token of [await tokens.reader(), await tokens.lyon()]) {
      const params = { id: PARIS, operation: 'rotate' };
      expect(await ask('operate', { token, params, body: { reason: 'x' } })).toMatchObject({
        status: 403,
      });
    }
  });

  it.each(['approve', 'restore', 'merge', 'constructor', ''])(
    'finds no operation %j for a gateway token',
    async (name) => {
      const { operate } = await operated();
      expect(await operate(name)).toMatchObject({ status: 404 });
    },
  );

  it('finds no credential which nobody configured', async () => {
    const { operate } = await operated();
    expect(await operate('rotate', { reason: 'x' }, 'nothing')).toMatchObject({ status: 404 });
  });

  it('waits for the first sweep of a credential', async () => {
    const { operate } = await operated();
    const reply = await operate('rotate', { reason: 'x' }, 'contoso--lyon');
    expect(reply).toMatchObject({ status: 409, body: expect.stringContaining('next sweep') });
  });
});

describe('rotate', () => {
  it('is written into the record, made due, queued and told', async () => {
    const { operate, record, ports, clock, reconciles } = await operated();
    clock.nowMs += 1;
    const reply = await operate('rotate', { reason: 'key was mailed' });
    expect(reply).toMatchObject({ status: 202, headers: { Location: `/v1/status/${PARIS}` } });
    expect(await record()).toMatchObject({
      request: { ask: 'rotate', reason: 'key was mailed', by: BY, atMs: clock.nowMs },
      dueAtMs: clock.nowMs,
      setbacks: [],
    });
    expect(reconciles()).toEqual([PARIS]);
    expect(await ports.history.list(PARIS, 1)).toMatchObject([
      { event: 'rotate', message: `asked by ${BY}: key was mailed` },
    ]);
  });

  it('publishes a new version and regenerates nothing', async () => {
    const { operate, record, settle, clock, world } = await operated();
    const before = await record();
    clock.nowMs += DAY;
    await operate('rotate', { reason: 'x' });
    await settle(PARIS);
    const after = await record();
    expect(after.current?.sequence).toBeGreaterThan(before.current?.sequence ?? 0);
    expect(after).not.toHaveProperty('request');
    expect(world.calls).not.toContain('issuer.retire');
  });

  it('asked twice is refused with who asked first', async () => {
    const { operate } = await operated();
    await operate('rotate', { reason: 'x' });
    const reply = await operate('rotate', { reason: 'y' });
    expect(reply).toMatchObject({ status: 409, body: expect.stringContaining(BY) });
  });

  it.each([
    {},
    { reason: '' },
    { reason: ' ' },
    { reason: 'x'.repeat(501) },
    { reason: 'x', a: 1 },
  ])('with %j is refused', async (body) => {
    const { operate } = await operated();
    expect(await operate('rotate', body)).toMatchObject({ status: 400 });
  });

  it('is refused in mode observe', async () => {
    const { operate, file } = await operated();
    file.configuration = parseConfiguration(CONFIG.replace('mode: rotate', 'mode: observe'));
    const reply = await operate('rotate', { reason: 'x' });
    expect(reply).toMatchObject({ status: 409, body: expect.stringContaining('mode: rotate') });
  });

  it('is refused while the record is still of the gateway which had the name before', async () => {
    const { operate, file } = await operated();
    const moved = CONFIG.replace('gateway: paris', 'gateway: nice, secret: contoso--paris');
    file.configuration = parseConfiguration(moved);
    const reply = await operate('rotate', { reason: 'x' });
    expect(reply).toMatchObject({ status: 409, body: expect.stringContaining('another gateway') });
  });

  it('is refused when the gateway is gone', async () => {
    const { operate, world, settle, clock } = await operated();
    world.gateways.delete(TARGET);
    clock.nowMs += DAY;
    await settle(PARIS);
    expect(await operate('rotate', { reason: 'x' })).toMatchObject({ status: 409 });
  });
});

describe('hold', () => {
  it('lasts at the latest until a day before expiry', async () => {
    const { operate, record } = await operated();
    const expiryAtMs = (await record()).current?.expiryAtMs ?? 0;
    const until = (atMs: number) => new Date(atMs).toISOString();
    const late = await operate('hold', { reason: 'freeze', until: until(expiryAtMs - DAY + 1) });
    expect(late).toMatchObject({
      status: 409,
      body: expect.stringContaining(until(expiryAtMs - DAY)),
    });
    const last = await operate('hold', { reason: 'freeze', until: until(expiryAtMs - DAY) });
    expect(last).toMatchObject({ status: 202 });
    expect((await record()).hold).toEqual({
      untilMs: expiryAtMs - DAY,
      reason: 'freeze',
      by: BY,
    });
  });

  it('may be a duration, and ends by release', async () => {
    const { operate, record, clock } = await operated();
    await operate('hold', { reason: 'freeze', for: 'P2D' });
    expect((await record()).hold).toMatchObject({ untilMs: clock.nowMs + 2 * DAY });
    expect(await operate('release')).toMatchObject({ status: 202 });
    expect(await record()).not.toHaveProperty('hold');
  });

  it.each([
    { reason: 'x' },
    { reason: 'x', for: 'P2D', until: '2026-12-01T00:00:00Z' },
    { reason: 'x', for: 'P1M' },
    { reason: 'x', until: 'tomorrow' },
    { for: 'P2D' },
  ])('with %j is refused', async (body) => {
    const { operate } = await operated();
    expect(await operate('hold', body)).toMatchObject({ status: 400 });
  });

  it('until the past is refused', async () => {
    const { operate } = await operated();
    const body = { reason: 'x', until: '2026-11-23T12:00:00Z' };
    expect(await operate('hold', body)).toMatchObject({ status: 409 });
  });
});

describe('revoke', () => {
  it('names who is hurt and how to confirm it, and changes nothing', async () => {
    const { operate, record, reconciles } = await operated();
    const reply = await operate('revoke', { reason: 'leaked' });
    expect(reply).toMatchObject({ status: 409 });
    expect(bodyOf(reply)).toMatchObject({
      code: 'ERR_CONFIRMATION',
      slot: 'primary',
      hurt: ['edge-lyon'],
      confirm: 1,
    });
    expect(await operate('revoke', { reason: 'leaked', confirm: 2 })).toMatchObject({
      status: 409,
    });
    expect(await record()).not.toHaveProperty('request');
    expect(reconciles()).toEqual([]);
  });

  it('fixes the slot when it is asked', async () => {
    const { operate, record, clock } = await operated();
    const reply = await operate('revoke', { reason: 'leaked', confirm: 1 });
    expect(reply).toMatchObject({ status: 202 });
    expect((await record()).request).toEqual({
      ask: 'revoke',
      slot: 'primary',
      withoutNew: false,
      reason: 'leaked',
      by: BY,
      atMs: clock.nowMs,
    });
  });

  it('replaces a pending rotate, and may be asked again without a new value', async () => {
    const { operate, record } = await operated();
    await operate('rotate', { reason: 'x' });
    await operate('revoke', { reason: 'leaked', confirm: 1 });
    await operate('revoke', { reason: 'leaked', confirm: 1, withoutNew: true });
    expect((await record()).request).toMatchObject({ ask: 'revoke', withoutNew: true });
  });

  it('of another slot waits for the one which is pending', async () => {
    const { operate } = await operated();
    await operate('revoke', { reason: 'leaked', confirm: 1 });
    const reply = await operate('revoke', { reason: 'leaked', slot: 'secondary', confirm: 1 });
    expect(reply).toMatchObject({ status: 409 });
  });

  it('of a credential which could not be looked at yet says so', async () => {
    const { operate, world, settle } = await operated();
    world.gateways.create(`${SERVICE}/gateways/lyon`);
    world.fail('vault.latest', new KeyturnError('ERR_UNAVAILABLE', 'down'));
    await settle('contoso--lyon');
    const body = { reason: 'leaked', slot: 'primary', confirm: 0 };
    const reply = await operate('revoke', body, 'contoso--lyon');
    expect(reply).toMatchObject({ status: 409, body: expect.stringContaining('not known yet') });
  });

  it('of a slot which does not exist is refused', async () => {
    const { operate } = await operated();
    const reply = await operate('revoke', { reason: 'leaked', slot: 'third', confirm: 0 });
    expect(reply).toMatchObject({
      status: 400,
      body: expect.stringContaining('primary or secondary'),
    });
  });

  it('kills the leaked key after a new value is there', async () => {
    const { operate, record, settle, clock } = await operated();
    await operate('revoke', { reason: 'leaked', confirm: 1 });
    await settle(PARIS);
    clock.nowMs += 3 * 60_000;
    await settle(PARIS);
    const { current, slots } = await record();
    expect(current?.slot).toBe('secondary');
    expect(slots.find(({ name }) => name === 'primary')).toHaveProperty('retiredAtMs');
  });
});

describe('plan', () => {
  it('tells what comes next and why, and changes nothing', async () => {
    const { operate, ports } = await operated();
    const before = await ports.records.read(PARIS);
    const reply = await operate('plan');
    expect(reply).toMatchObject({ status: 200 });
    expect(bodyOf(reply)).toMatchObject({
      id: PARIS,
      mode: 'rotate',
      would: expect.stringMatching(/^wait until 2026-/),
      checks: expect.arrayContaining([
        expect.objectContaining({ check: 'renewalIsDue', why: 'RenewalIsNotDue' }),
      ]),
      hurt: [],
    });
    expect(await ports.records.read(PARIS)).toEqual(before);
  });

  it('of a credential which was never looked at is to identify it', async () => {
    const { operate, world } = await operated();
    world.gateways.create(`${SERVICE}/gateways/lyon`);
    const reply = await operate('plan', {}, 'contoso--lyon');
    expect(bodyOf(reply)).toMatchObject({ would: 'identify what Key Vault holds' });
  });
});
