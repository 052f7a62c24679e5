import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import type { CredentialRecord } from '../../../shared/core/nouns.ts';
import { bodyOf, memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const DAY = 86_400_000;

/** Paris runs #2 on the secondary key; the primary waits for proof. */
async function superseded() {
  const app = memoryApp();
  const { clock, ports } = app;
  const slot = { firstSeenAtMs: 0, pastKnown: true, maxExpiryAtMs: clock.nowMs + 20 * DAY };
  const record: CredentialRecord = {
    schema: 1,
    id: PARIS,
    kind: 'gateway-token',
    target: `${SERVICE}/gateways/paris`,
    sequence: 2,
    current: {
      sequence: 2,
      slot: 'secondary',
      expiryAtMs: clock.nowMs + 29 * DAY,
      fingerprint: '0123456789abcdef',
      vaultVersion: 'v2',
      publishedAtMs: clock.nowMs,
    },
    slots: [
      { name: 'primary', ...slot, supersededAtMs: clock.nowMs },
      { name: 'secondary', ...slot },
    ],
    setbacks: [],
    repairsAtMs: [],
    deviations: 0,
    dueAtMs: clock.nowMs + 2 * DAY,
  };
  await ports.records.write(record, undefined);
  const body = { stored: 2, running: [{ version: 2, pods: 3 }], desired: 3 };
  const report = (token: string, more: object = {}) =>
    app.ask('report', { token, params: { id: PARIS }, body: { ...body, ...more } });
  return {
    ...app,
    body,
    report,
    asLyon: async (more: object = {}) => report(await app.tokens.lyon(), more),
    asWeu: async (more: object = {}) => report(await app.tokens.weu(), more),
    dueAtMs: async () => (await ports.records.read(PARIS))?.value.dueAtMs,
  };
}

describe('a report', () => {
  it('is kept, and answered with nothing', async () => {
    const { asLyon, ports, clock, body } = await superseded();
    expect(await asLyon()).toMatchObject({ status: 204 });
    expect(await ports.adoptions.list(PARIS)).toMatchObject([
      { consumer: 'edge-lyon', report: { ...body, atMs: clock.nowMs } },
    ]);
  });

  it('tells history when a consumer first proves the current version', async () => {
    const { asLyon, ports } = await superseded();
    await asLyon({ stored: 1 });
    await asLyon();
    await asLyon();
    expect(await ports.history.list(PARIS, 10)).toMatchObject([
      { event: 'adopt', sequence: 2, message: 'edge-lyon runs #2 on 3 pods' },
    ]);
  });

  it('of another is refused like one of a credential that does not exist', async () => {
    const { ask, tokens, body } = await superseded();
    const put = async (id: string) =>
      ask('report', { token: await tokens.lyon(), params: { id }, body });
    expect(await put('contoso--lyon')).toMatchObject({ status: 403 });
    expect(await put('contoso--nothing')).toEqual(await put('contoso--lyon'));
  });

  it.each([
    [{ stored: -1 }, 'stored'],
    [{ stored: 1.5 }, 'stored'],
    [{ running: 'x' }, 'running'],
    [{ running: [{ version: 1, pods: 10_001 }] }, 'running.0.pods'],
    [{ running: Array.from({ length: 101 }, () => ({ version: 1, pods: 1 })) }, 'running'],
    [{ desired: undefined }, 'desired'],
    [{ extra: 1 }, 'body'],
  ])('with %j is refused by name', async (more, field) => {
    const { asLyon, ports } = await superseded();
    const reply = await asLyon(more);
    expect(reply).toMatchObject({ status: 400 });
    expect(bodyOf(reply)).toMatchObject({
      code: 'ERR_INPUT',
      detail: expect.stringContaining(field),
    });
    expect(await ports.adoptions.list(PARIS)).toEqual([]);
  });

  it.each(['{', 'null', '[]', 'x'.repeat(65 * 1024)])('of %.10j is refused', async (body) => {
    const { ask, tokens } = await superseded();
    const token = await tokens.lyon();
    expect(await ask('report', { token, params: { id: PARIS }, body })).toMatchObject({
      status: 400,
    });
  });
});

describe('the report which completes an adoption (rule 18)', () => {
  it('has the credential looked at now', async () => {
    const { asLyon, asWeu, clock, dueAtMs, reconciles } = await superseded();
    clock.nowMs += DAY;
    await asLyon();
    expect(reconciles()).toEqual([]);
    await asWeu();
    expect(await dueAtMs()).toBe(clock.nowMs);
    expect(reconciles()).toEqual([PARIS]);
  });

  it('does not before the overlap is over', async () => {
    const { asLyon, asWeu, clock, reconciles } = await superseded();
    clock.nowMs += DAY - 1;
    await asLyon();
    await asWeu();
    expect(reconciles()).toEqual([]);
  });

  it('does so once, and again when the proof was withdrawn and came back', async () => {
    const { asLyon, asWeu, clock, reconciles } = await superseded();
    clock.nowMs += DAY;
    await asLyon();
    await asWeu();
    await asWeu();
    await asLyon();
    expect(reconciles()).toHaveLength(1);
    await asLyon({ running: [{ version: 1, pods: 1 }] });
    await asLyon();
    expect(reconciles()).toHaveLength(2);
  });

  it('does so with the next report where the record could not be written', async () => {
    const { asLyon, asWeu, clock, world, reconciles } = await superseded();
    clock.nowMs += DAY;
    await asLyon();
    world.failOnce('records.write', new KeyturnError('ERR_UNAVAILABLE', 'down'));
    expect(await asWeu()).toMatchObject({ status: 503 });
    expect(await asWeu()).toMatchObject({ status: 204 });
    expect(reconciles()).toHaveLength(1);
  });

  it('does so although another worker writes meanwhile', async () => {
    const { asLyon, asWeu, clock, world, dueAtMs } = await superseded();
    clock.nowMs += DAY;
    await asLyon();
    world.failOnce('records.write', new KeyturnError('ERR_CONFLICT', 'changed meanwhile'));
    expect(await asWeu()).toMatchObject({ status: 204 });
    expect(await dueAtMs()).toBe(clock.nowMs);
  });
});
