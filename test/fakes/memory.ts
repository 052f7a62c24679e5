import { MAX_PARKED, type EpochMs } from '../../shared/core/limits.ts';
import type { Message, Ports, ReconcileQueue } from '../../shared/ports.ts';
import { memoryApiManagement, type GatewayWorld } from './api-management.ts';
import { armFaults, type Faults } from './faults.ts';
import { memoryAdoptions, memoryHistory, memoryRecords, memorySweeps } from './tables.ts';
import { memoryVault, type VaultWorld } from './vault.ts';

interface Queued {
  readonly message: Message;
  readonly visibleAtMs: EpochMs;
}

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** What a test can do to the world, and see of it, behind the ports' backs. */
export interface World extends Omit<Faults, 'watch'> {
  readonly gateways: GatewayWorld;
  readonly vault: VaultWorld;
  /** Messages in the queue, in the order in which they were put. A test takes one out by `shift`. */
  readonly messages: Queued[];
  readonly lines: Line[];
}

/**
 * Azure in memory, on the test's clock. Calls are named `<port>.<method>` for faults and for `calls`: `records.write`,
 * `issuer.retire`, `vault.publish`, ...
 */
export function memoryWorld(nowMs: () => EpochMs): { ports: Ports; world: World } {
  const { watch, ...faults } = armFaults();
  const messages: Queued[] = [];
  const lines: Line[] = [];
  const apiManagement = memoryApiManagement(nowMs);
  const keyVault = memoryVault(nowMs);

  const ports: Ports = {
    nowMs,
    records: watch('records', memoryRecords()),
    adoptions: watch('adoptions', memoryAdoptions()),
    history: watch('history', memoryHistory()),
    sweeps: watch('sweeps', memorySweeps()),
    queue: watch('queue', memoryQueue(messages, nowMs)),
    vault: watch('vault', keyVault.vault),
    issuers: { 'gateway-token': watch('issuer', apiManagement.issuer) },
    gateways: watch('gateways', apiManagement.gateways),
    log: (level, message, fields) => void lines.push({ level, message, ...(fields && { fields }) }),
  };
  const { world: gateways } = apiManagement;
  return { ports, world: { ...faults, gateways, vault: keyVault.world, messages, lines } };
}

function memoryQueue(messages: Queued[], nowMs: () => EpochMs): ReconcileQueue {
  return {
    async put(message, delayMs) {
      const wholeSecondsMs = Math.ceil(delayMs / 1_000) * 1_000;
      messages.push({ message, visibleAtMs: nowMs() + Math.min(wholeSecondsMs, MAX_PARKED) });
    },
  };
}
