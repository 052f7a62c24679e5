import { describe, expect, test } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { sweep } from '../../../shared/engine/sweep.ts';
import { catalogueOf } from '../../../shared/engine/policies.ts';
import { PRODUCTION } from '../../../shared/core/limits.ts';
import type { Context } from '../../../shared/engine/context.ts';
import { memoryWorld } from '../../fakes/memory.ts';

const SERVICE =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso';

function discovering() {
  const nowMs = () => 1_795_000_000_000;
  const { ports, world } = memoryWorld(nowMs);
  const terms = { mode: 'rotate', limits: PRODUCTION, consumers: [] } as const;
  const catalogue = catalogueOf([{ service: SERVICE, gateway: '*', consumers: [] }], terms);
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
