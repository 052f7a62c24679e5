import { describe, expect, it } from 'vitest';
import { configurationOf } from '../../sandbox/configuration.ts';
import {
  EXPIRY_MARGIN_MS,
  MOST_CLUSTERS,
  makeWorld,
  OVERLAP_MS,
  SERVICE_ID,
  TOKEN_LIFE_MS,
} from '../../sandbox/world.ts';
import { parseConfiguration } from '../../shared/engine/config.ts';

const worldOf = (clusters: number) =>
  makeWorld({ directory: '.keyturn', port: 7071, clusters, runAtMs: 0 });

describe('the configuration of the sandbox', () => {
  it('is valid for every number of clusters', () => {
    for (let clusters = 1; clusters <= MOST_CLUSTERS; clusters += 1) {
      const { consumers, hints } = parseConfiguration(configurationOf(worldOf(clusters)));
      expect({ consumers: consumers.length, hints }).toEqual({ consumers: clusters, hints: [] });
    }
  });

  it('names the credentials which the world expects, explicit and discovered', () => {
    const world = worldOf(2);
    const { policyOfTarget } = parseConfiguration(configurationOf(world));
    const found = world.credentials.map(({ gateway }) =>
      policyOfTarget(`${SERVICE_ID}/gateways/${gateway}`),
    );
    expect(found).toMatchObject(
      world.credentials.map(({ id, retire, consumers }) => ({
        id,
        lifetimeMs: TOKEN_LIFE_MS,
        retire: { when: retire, ...(retire === 'adopted' && { overlapMs: OVERLAP_MS }) },
        consumers: consumers.map((consumer) => ({ id: consumer })),
        missingConsumers: [],
      })),
    );
  });

  it('has the bounds by which a run is judged', () => {
    const { limits } = parseConfiguration(configurationOf(worldOf(2)));
    expect(limits).toMatchObject({
      maxTokenLifeMs: TOKEN_LIFE_MS,
      expiryMarginMs: EXPIRY_MARGIN_MS,
    });
  });
});
