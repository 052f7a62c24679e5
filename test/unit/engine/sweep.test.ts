import { expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HISTORY_KEPT, MINUTE } from '../../../shared/core/limits.ts';
import type { CredentialRecord, Policy } from '../../../shared/core/nouns.ts';
import type { Context } from '../../../shared/engine/context.ts';
import { sweep } from '../../../shared/engine/sweep.ts';
import { memoryWorld } from '../../fakes/memory.ts';
import { INSTALLATION, policy, record, T0 } from '../../support/samples.ts';

/** A service with these explicit entries, and these records. */
async function sweeping(policies: readonly Policy[], records: readonly CredentialRecord[]) {
  let nowMs = T0;
  const { ports, world } = memoryWorld(() => nowMs);
  for (const one of records) await ports.records.write(one, undefined);
  const catalogue = {
    policies,
    services: [],
    policyOf: (id: string) => policies.find((one) => one.id === id),
    policyOfTarget: () => undefined,
  };
  const configuration = async () =>
    catalogue as unknown as Awaited<ReturnType<Context['configuration']>>;
  const context = { ports, installation: INSTALLATION, configuration };
  return {
    ports,
    world,
    skip: (durationMs: number) => void (nowMs += durationMs),
    run: () => sweep(context),
    queued: () => world.messages.map(({ message }) => 'reconcile' in message && message.reconcile),
  };
}

const named = (id: string) => policy({ id });

test('a sweep queues what is due and what has no record, each once, to be seen at once', async () => {
  const { run, queued, world } = await sweeping(
    [named('new'), named('due'), named('waiting')],
    [record({ id: 'due', dueAtMs: T0 }), record({ id: 'waiting', dueAtMs: T0 + 1 })],
  );
  await run();

  expect(queued()).toEqual(['new', 'due']);
  expect(world.messages.map(({ visibleAtMs }) => visibleAtMs)).toEqual([T0, T0]);
});

test('a record which nobody configures is queued until it is closed, and not again', async () => {
  const closed = { reason: 'not-configured', atMs: T0 } as const;
  const { run, queued } = await sweeping(
    [],
    [record({ id: 'left', dueAtMs: T0 + DAY }), record({ id: 'done', dueAtMs: T0, closed })],
  );
  await run();

  expect(queued()).toEqual(['left']);
});

test('a closed record which is configured again is queued when it is due', async () => {
  const closed = { reason: 'not-configured', atMs: T0 } as const;
  const { run, queued } = await sweeping(
    [named('back')],
    [record({ id: 'back', dueAtMs: T0, closed })],
  );
  await run();

  expect(queued()).toEqual(['back']);
});

test('a sweep decides nothing and changes no record', async () => {
  const { run, world } = await sweeping([named('due')], [record({ id: 'due' })]);
  world.calls.length = 0;
  await run();

  expect(world.calls).toContain('queue.put');
  expect(world.calls).not.toContain('records.read');
  expect(world.calls).not.toContain('records.write');
});

test.each(['records.list', 'queue.put'])(
  'a sweep whose %s fails is not counted as done',
  async (call) => {
    const { run, ports, world } = await sweeping([named('due')], [record({ id: 'due' })]);
    world.failOnce(call, new KeyturnError('ERR_UNAVAILABLE', '503'));

    await expect(run()).rejects.toThrow('503');
    expect(await ports.sweeps.last()).toBeUndefined();
  },
);

test('a sweep which queued what is due is done, whatever becomes of old history', async () => {
  const { run, ports, world } = await sweeping([named('due')], [record({ id: 'due' })]);
  world.failOnce('history.prune', new KeyturnError('ERR_FORBIDDEN', '403'));

  await expect(run()).rejects.toThrow('403');
  expect(await ports.sweeps.last()).toMatchObject({ atMs: T0 });
});

test('sweeps every five minutes prune the history of every record, however many there are', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `gateway-${index}`);
  const { run, ports, skip } = await sweeping(
    ids.map(named),
    ids.map((id) => record({ id, dueAtMs: T0 + 900 * DAY })),
  );
  const old = T0 - HISTORY_KEPT - 1;
  for (const id of ids)
    await ports.history.append({ credential: id, atMs: old, event: 'publish', message: '' });

  for (let sweeps = 0; sweeps < 100; sweeps += 1) {
    await run();
    skip(5 * MINUTE);
  }
  const left = await Promise.all(ids.map((id) => ports.history.list(id, 1)));
  expect(left.flat()).toEqual([]);
});
