import { describe, expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { sweep } from '../../../shared/engine/sweep.ts';
import { catalogueOf } from '../../../shared/engine/policies.ts';
import { DAY, PRODUCTION } from '../../../shared/core/limits.ts';
import type { Context } from '../../../shared/engine/context.ts';
import { memoryWorld } from '../../fakes/memory.ts';
import { record } from '../../support/samples.ts';

const SERVICE =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso';

const NOW = 1_795_000_000_000;

function discovering(...explicit: readonly { gateway: string; secret: string }[]) {
  const nowMs = () => NOW;
  const { ports, world } = memoryWorld(nowMs);
  const terms = { mode: 'rotate', limits: PRODUCTION, consumers: [] } as const;
  const all = { service: SERVICE, gateway: '*', consumers: [] };
  const entries = explicit.map((entry) => ({ service: SERVICE, ...entry }));
  const catalogue = catalogueOf([all, ...entries], terms);
  const configuration = async () => catalogue as Awaited<ReturnType<Context['configuration']>>;
  return { ports, world, run: () => sweep({ ports, installation: 'one', configuration }) };
}

describe('sweep', () => {
  test('names the gateway whose name another one has, and queues only the first', async () => {
    const { ports, world, run } = discovering();
    world.gateways.create(`${SERVICE}/gateways/a.b`);
    world.gateways.create(`${SERVICE}/gateways/a-b`);
    await run();
    expect(world.messages.map(({ message }) => message)).toMatchObject([
      { reconcile: 'contoso--a-b', target: `${SERVICE}/gateways/a.b` },
    ]);
    expect((await ports.sweeps.last())?.findings).toMatchObject([
      { code: 'NAME_TAKEN', message: expect.stringContaining('gateways/a-b is not rotated') },
    ]);
  });

  test('names the gateway whose name an explicit entry gives to another one', async () => {
    const { ports, world, run } = discovering({ gateway: 'lyon', secret: 'contoso--paris' });
    world.gateways.create(`${SERVICE}/gateways/paris`);
    world.gateways.create(`${SERVICE}/gateways/lyon`);
    await run();
    expect(world.messages.map(({ message }) => message)).toMatchObject([
      { reconcile: 'contoso--paris', target: `${SERVICE}/gateways/lyon` },
    ]);
    expect((await ports.sweeps.last())?.findings).toMatchObject([
      { code: 'NAME_TAKEN', message: expect.stringContaining('gateways/paris is not rotated') },
    ]);
  });

  test('has a record whose entry names another gateway now looked at, and finds nothing wrong', async () => {
    const { ports, world, run } = discovering({ gateway: 'lyon', secret: 'edge' });
    const target = `${SERVICE}/gateways/paris`;
    await ports.records.write(record({ id: 'edge', target, dueAtMs: NOW + DAY }), undefined);
    await run();
    expect(world.messages.map(({ message }) => message)).toMatchObject([{ reconcile: 'edge' }]);
    expect((await ports.sweeps.last())?.findings).toEqual([]);
  });

  test('reads a list which fails as unknown: it says so and goes on with what is known', async () => {
    const { ports, world, run } = discovering();
    world.failOnce('gateways.list', new KeyturnError('ERR_FORBIDDEN', 'no right'));
    await run();
    expect((await ports.sweeps.last())?.findings).toMatchObject([
      { code: 'DISCOVERY_FAILED', severity: 'alert' },
    ]);
    expect(world.messages).toEqual([]);
  });
});
