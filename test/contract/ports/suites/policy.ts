import { PRODUCTION } from '../../../../shared/core/limits.ts';
import type { Policy } from '../../../../shared/core/nouns.ts';

/** A gateway's policy with the sandbox's lives of four minutes. */
export function testPolicy(target: string): Policy {
  return {
    id: 'contoso--paris',
    kind: 'gateway-token',
    target,
    lifetimeMs: 180_000,
    renewAt: 2 / 3,
    retire: { when: 'expired' },
    format: 'gateway-key',
    directReaders: false,
    consumers: [],
    missingConsumers: [],
    mode: 'rotate',
    limits: { ...PRODUCTION, maxTokenLifeMs: 240_000 },
  };
}
