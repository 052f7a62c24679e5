import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { bodyOf, memoryApp, PARIS, SERVICE } from '../../support/memory-app.ts';

const TARGET = `${SERVICE}/gateways/paris`;

async function looked() {
  const app = memoryApp();
  app.world.gateways.create(TARGET);
  await app.settle(PARIS);
  const read = async (path = '', query = '') =>
    app.ask('status', { token: await app.tokens.reader(), params: { path }, query });
  return { ...app, read };
}

describe('status', () => {
  it('is for readers and operators, not for consumers', async () => {
    const { ask, tokens } = await looked();
    expect(await ask('status', { token: await tokens.operator() })).toMatchObject({ status: 200 });
    expect(await ask('status', { token: await tokens.lyon() })).toMatchObject({ status: 403 });
    expect(await ask('status', {})).toMatchObject({ status: 401 });
  });

  it('of one credential tells its state in ISO instants', async () => {
    const { read, clock, ports } = await looked();
    await ports.adoptions.instance(PARIS, { instance: 'pod-1', expiryAtMs: 0, atMs: clock.nowMs });
    const body = bodyOf(await read(PARIS));
    expect(body).toMatchObject({
      id: PARIS,
      target: TARGET,
      configured: true,
      kind: 'gateway-token',
      mode: 'rotate',
      retire: 'adopted',
      dueAt: expect.stringMatching(/^2026-11-2.T/),
      current: { slot: 'primary', expiresAt: '2026-12-22T12:00:00.000Z' },
      slots: [
        { name: 'primary', state: 'used', pastKnown: false },
        { name: 'secondary', state: 'used', pastKnown: false },
      ],
      consumers: [
        { consumer: 'edge-lyon', state: 'unseen' },
        { consumer: 'aks-weu', state: 'unseen' },
      ],
      instances: [{ instance: 'pod-1', expiresAt: '1970-01-01T00:00:00.000Z' }],
      setbacks: [],
    });
    expect(JSON.stringify(body)).not.toMatch(/Ms"/);
  });

  it('never shows a value', async () => {
    const { read, world } = await looked();
    const [version] = world.vault.versions(PARIS);
    const signature = version?.value.split('&')[2] ?? 'none';
    for (const path of ['', PARIS, `${PARIS}/history`]) {
      const reply = await read(path);
      expect(reply.status).toBe(200);
      expect(reply.body).not.toContain(signature);
      expect(reply.body).not.toContain('GatewayKey');
    }
  });

  it('of all has the configured ones, the sweep and the configuration', async () => {
    const { read, ports, clock, file } = await looked();
    expect(bodyOf(await read())).toMatchObject({
      installation: 'keyturn-test',
      sweep: { late: true },
      credentials: [{ id: 'contoso--lyon', findings: [] }, { id: PARIS }],
    });
    await ports.sweeps.done({ atMs: clock.nowMs, findings: [] });
    file.configuration = { ...file.configuration, problem: 'the file is wrong' };
    expect(bodyOf(await read())).toMatchObject({
      sweep: { late: false, lastAt: '2026-11-23T12:00:00.000Z' },
      configuration: { mode: 'rotate', problem: 'the file is wrong', hints: [] },
    });
  });

  it('of all tells of a record which a newer release wrote, and hides no other for it', async () => {
    const { read, world } = await looked();
    world.fail('records.read', new KeyturnError('ERR_SCHEMA_NEWER', 'record x has schema 2'));
    const { status, body } = await read();
    expect(status).toBe(200);
    expect(JSON.parse(body ?? '{}')).toMatchObject({
      credentials: [
        { id: 'contoso--lyon', findings: [{ code: 'ERR_SCHEMA_NEWER' }] },
        { id: PARIS, findings: [{ code: 'ERR_SCHEMA_NEWER' }] },
      ],
    });
  });

  it('of all comes in pages of 200', async () => {
    const { read, ports } = await looked();
    const stored = await ports.records.read(PARIS);
    for (let n = 0; n < 250; n += 1) {
      const id = `contoso--g${String(n).padStart(3, '0')}`;
      if (stored) await ports.records.write({ ...stored.value, id }, undefined);
    }
    const first = bodyOf(await read());
    const second = bodyOf(await read('', `after=${String(first['next'])}`));
    expect(first['credentials']).toHaveLength(200);
    expect(second['credentials']).toHaveLength(52);
    expect(second).not.toHaveProperty('next');
  });

  it('still shows what is no longer configured', async () => {
    const { read, ports } = await looked();
    const stored = await ports.records.read(PARIS);
    if (stored) await ports.records.write({ ...stored.value, id: 'old', target: 'x' }, undefined);
    expect(bodyOf(await read('old'))).toMatchObject({ id: 'old', configured: false });
  });

  it.each(['nothing', `${PARIS}/values`, 'a/b/c'])('of %s does not exist', async (path) => {
    const { read } = await looked();
    expect(await read(path)).toMatchObject({ status: 404 });
  });
});

describe('history', () => {
  it('is newest first, as many lines as are asked for', async () => {
    const { read, ports, clock } = await looked();
    const line = { credential: PARIS, event: 'hold', message: 'asked by ada' };
    await ports.history.append({ ...line, atMs: clock.nowMs + 1 });
    expect(bodyOf(await read(`${PARIS}/history`, 'most=1'))).toEqual({
      id: PARIS,
      entries: [{ at: '2026-11-23T12:00:00.001Z', event: 'hold', message: 'asked by ada' }],
    });
  });

  it.each(['0', '1001', 'x', '1.5'])('of %s lines is refused', async (most) => {
    const { read } = await looked();
    expect(await read(`${PARIS}/history`, `most=${most}`)).toMatchObject({
      status: 400,
      body: expect.stringContaining('"most: '),
    });
  });
});
