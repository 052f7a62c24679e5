import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { parseConfiguration } from '../../../shared/engine/config.ts';
import { pollAfterSeconds } from '../../../shared/engine/pull.ts';
import type { Asking } from '../../support/memory-app.ts';
import { bodyOf, CONFIG, memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const TARGET = `${SERVICE}/gateways/paris`;
const HOUR = 3_600_000;
const DOWN = new KeyturnError('ERR_UNAVAILABLE', 'the service does not answer');

/** Paris has its first version. */
async function published() {
  const app = memoryApp();
  app.world.gateways.create(TARGET);
  await app.settle(PARIS);
  const stored = await app.ports.records.read(PARIS);
  const current = stored?.value.current;
  if (stored === undefined || current === undefined) throw new Error('nothing was published');
  const pull = async (more: Partial<Asking> = {}) =>
    app.ask('pull', { token: await app.tokens.lyon(), params: { id: PARIS }, ...more });
  const etag = `"${current.sequence}-${current.fingerprint}"`;
  const called = (call: string) => app.world.calls.filter((each) => each === call).length;
  return { ...app, current, etag, pull, called, stored };
}

describe('a pull', () => {
  it('gives the current value as it stands in Key Vault', async () => {
    const { pull, current, etag, world } = await published();
    const reply = await pull();
    const [version] = world.vault.versions(PARIS);
    expect(reply).toMatchObject({
      status: 200,
      headers: { ETag: etag, 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    });
    expect(bodyOf(reply)).toMatchObject({
      id: PARIS,
      kind: 'gateway-token',
      version: current.sequence,
      value: version?.value,
      expiresAt: '2026-12-22T12:00:00.000Z',
    });
    expect(version?.value).toMatch(/^GatewayKey paris&202612221200&/);
  });

  it('gives the bare value as text', async () => {
    const { pull, etag, world } = await published();
    expect(await pull({ headers: { Accept: 'text/plain' } })).toEqual({
      status: 200,
      headers: {
        'Cache-Control': 'no-store',
        'Content-Type': 'text/plain; charset=utf-8',
        'Keyturn-Poll-After': expect.any(String),
        ETag: etag,
      },
      body: world.vault.versions(PARIS)[0]?.value,
    });
  });

  it.each(['%', 'W/%', '"1-0000000000000000", %'])(
    'with If-None-Match %s is answered 304 without touching the value',
    async (pattern) => {
      const { pull, etag, called } = await published();
      const reply = await pull({ headers: { 'If-None-Match': pattern.replace('%', etag) } });
      expect(reply).toMatchObject({ status: 304, headers: { ETag: etag } });
      expect(reply).not.toHaveProperty('body');
      expect(called('vault.version')).toBe(0);
    },
  );

  it('with the ETag of an older version gives the value', async () => {
    const { pull } = await published();
    const headers = { 'If-None-Match': '"1-0000000000000000"' };
    expect(await pull({ headers })).toMatchObject({ status: 200 });
  });

  it('at rest costs one read of the record in five seconds and one of the value for ever', async () => {
    const { pull, called, clock } = await published();
    await pull();
    const before = called('records.read');
    for (let n = 0; n < 20; n += 1) await pull();
    expect(called('records.read')).toBe(before);
    clock.nowMs += 5_000;
    await pull();
    expect(called('records.read')).toBe(before + 1);
    expect(called('vault.version')).toBe(1);
  });

  it('goes on from memory while storage and Key Vault are down', async () => {
    const { pull, clock, world } = await published();
    const body = (await pull()).body;
    clock.nowMs += HOUR / 6;
    world.failOnce('records.read', DOWN);
    world.failOnce('vault.version', DOWN);
    expect(await pull()).toMatchObject({
      status: 200,
      body: expect.stringContaining('GatewayKey'),
    });
    expect(body).toContain('GatewayKey');
  });

  it('is answered 503 where the value is not in memory and Key Vault is down', async () => {
    const { pull, world } = await published();
    world.failOnce('vault.version', DOWN);
    const reply = await pull();
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '10' } });
    expect(bodyOf(reply)).toMatchObject({ code: 'ERR_UNAVAILABLE', status: 503 });
  });

  it('of a credential which was never published is answered 503 with Retry-After', async () => {
    const { ask, tokens } = memoryApp();
    const reply = await ask('pull', { token: await tokens.lyon(), params: { id: PARIS } });
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '10' } });
    expect(bodyOf(reply)).toMatchObject({ code: 'ERR_NOT_ISSUED' });
  });

  it('of a gateway which was deleted is answered 410', async () => {
    const { pull, ports, stored, clock } = await published();
    const closed = { reason: 'issuer-gone', atMs: clock.nowMs } as const;
    await ports.records.write({ ...stored.value, closed }, stored.etag);
    expect(await pull()).toMatchObject({ status: 410 });
  });

  it('of a discovered gateway works when its record is there, at most five seconds later', async () => {
    const { ask, tokens, world, settle, clock } = memoryApp();
    const target = `${SERVICE}/gateways/edge-lyon`;
    const id = 'contoso--edge-lyon';
    const pull = async () => ask('pull', { token: await tokens.lyon(), params: { id } });
    world.gateways.create(target);
    expect(await pull()).toMatchObject({ status: 403 });
    await settle(id, target);
    clock.nowMs += 5_000;
    expect(await pull()).toMatchObject({ status: 200 });
  });
});

describe('a consumer', () => {
  it('learns nothing of names which are not its own', async () => {
    const { pull, tokens } = await published();
    const replies = [
      await pull({ params: { id: 'contoso--lyon' } }),
      await pull({ params: { id: 'contoso--nothing' } }),
      await pull({ params: { id: '../x?' } }),
      await pull({ params: { id: 'x'.repeat(200) } }),
      await pull({ params: {} }),
      await pull({ token: await tokens.operator() }),
    ];
    for (const reply of replies) expect(reply).toEqual(replies[0]);
    expect(replies[0]).toMatchObject({ status: 403 });
    expect(replies[0]?.body).not.toContain('lyon');
  });

  it('has the store asked only for what can be a name', async () => {
    const { pull, called } = await published();
    const before = called('records.read');
    for (const id of ['../x?', 'x'.repeat(128), '']) await pull({ params: { id } });
    expect(called('records.read')).toBe(before);
  });

  it('loses access when it is taken out of the configuration', async () => {
    const { pull, file } = await published();
    expect(await pull()).toMatchObject({ status: 200 });
    file.configuration = parseConfiguration(
      CONFIG.replace('consumers: [edge-lyon, aks-weu]', 'consumers: [aks-weu]'),
    );
    expect(await pull()).toMatchObject({ status: 403 });
  });
});

describe('evidence', () => {
  it('of the first hand-out is there before the answer', async () => {
    const { pull, ports, clock } = await published();
    await pull();
    expect(await ports.adoptions.list(PARIS)).toMatchObject([
      { consumer: 'edge-lyon', firstSeenAtMs: clock.nowMs },
    ]);
  });

  it('of the first hand-out which cannot be written holds the value back', async () => {
    const { pull, world } = await published();
    world.failOnce('adoptions.first', DOWN);
    const reply = await pull();
    expect(reply).toMatchObject({ status: 503 });
    expect(bodyOf(reply)).toMatchObject({ code: 'ERR_EVIDENCE' });
    expect(reply.body).not.toContain('GatewayKey');
    expect(await pull()).toMatchObject({ status: 200 });
  });

  it('of an ETag holds no answer up while storage hangs', async () => {
    const { pull, etag, ports } = await published();
    await pull();
    Object.assign(ports.adoptions, { list: () => new Promise(() => {}) });
    expect(await pull({ headers: { 'If-None-Match': etag } })).toMatchObject({ status: 304 });
  });

  it('of the first hand-out is written once', async () => {
    const { pull, called } = await published();
    await pull();
    await pull();
    expect(called('adoptions.first')).toBe(1);
  });

  it('is the presented ETag, written when it changed and once an hour', async () => {
    const { pull, etag, ports, clock, called, current } = await published();
    const startMs = clock.nowMs;
    const headers = { 'If-None-Match': etag };
    await pull({ headers });
    clock.nowMs = startMs + HOUR - 1;
    await pull({ headers });
    expect(called('adoptions.fetched')).toBe(1);
    clock.nowMs = startMs + HOUR;
    await pull({ headers });
    expect(await ports.adoptions.list(PARIS)).toMatchObject([
      { fetched: { sequence: current.sequence, sinceMs: startMs, atMs: startMs + HOUR } },
    ]);
    await pull({ headers: { 'If-None-Match': '"1-0000000000000000"' } });
    expect(await ports.adoptions.list(PARIS)).toMatchObject([
      { fetched: { sequence: 1, sinceMs: clock.nowMs } },
    ]);
  });

  it.each(['"x"', '*', '"99999999999-0000000000000000"', '1-0000000000000000', ''])(
    'is not %j, which no version had',
    async (tag) => {
      const { pull, called } = await published();
      await pull({ headers: { 'If-None-Match': tag } });
      expect(called('adoptions.fetched')).toBe(0);
    },
  );

  it('is not the current sequence with other bytes', async () => {
    const { pull, called, current } = await published();
    await pull({ headers: { 'If-None-Match': `"${current.sequence}-0000000000000000"` } });
    expect(called('adoptions.fetched')).toBe(0);
  });

  it('of pulls which come together is written once', async () => {
    const { pull, etag, called } = await published();
    const headers = { 'If-None-Match': etag };
    await Promise.all([pull({ headers }), pull({ headers }), pull({ headers })]);
    expect(called('adoptions.fetched')).toBe(1);
  });

  it('of an ETag which could not be written is written a minute later', async () => {
    const { pull, etag, world, called, clock } = await published();
    const headers = { 'If-None-Match': etag };
    world.failOnce('adoptions.fetched', DOWN);
    await pull({ headers });
    clock.nowMs += 59_999;
    await pull({ headers });
    expect(called('adoptions.fetched')).toBe(1);
    clock.nowMs += 1;
    await pull({ headers });
    expect(called('adoptions.fetched')).toBe(2);
  });

  it('of an ETag which cannot be written does not hold the answer up', async () => {
    const { pull, etag, world } = await published();
    world.failOnce('adoptions.fetched', DOWN);
    expect(await pull({ headers: { 'If-None-Match': etag } })).toMatchObject({ status: 304 });
  });
});

describe('the next poll', () => {
  it('is soon after something is due, at least in 5 and at most in 300 seconds', async () => {
    const { stored, file, clock } = await published();
    const policy = file.configuration.policyOf(PARIS);
    if (policy === undefined) throw new Error('paris is configured');
    const after = (dueInMs: number) => {
      const { intent: _, next: _next, ...calm } = stored.value;
      const record = { ...calm, dueAtMs: clock.nowMs + dueInMs };
      return pollAfterSeconds(record, policy, clock.nowMs);
    };
    expect([after(-HOUR), after(0), after(5_001), after(60_000), after(HOUR)]).toEqual([
      5, 5, 6, 60, 300,
    ]);
    const moving = { ...stored.value, dueAtMs: clock.nowMs + HOUR };
    const request = { ask: 'rotate', reason: 'x', by: 'x', atMs: 0 } as const;
    expect(pollAfterSeconds({ ...moving, request }, policy, clock.nowMs)).toBe(5);
    const shortLived = { ...policy, lifetimeMs: 240_000 };
    expect(pollAfterSeconds(moving, shortLived, clock.nowMs)).toBe(10);
  });

  it('is told by body and header alike', async () => {
    const { pull } = await published();
    const reply = await pull();
    expect(String(bodyOf(reply)['pollAfterSeconds'])).toBe(reply.headers['Keyturn-Poll-After']);
  });
});
