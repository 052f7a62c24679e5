import { KeyturnError } from '../core/errors.ts';
import { HISTORY_KEPT } from '../core/limits.ts';
import type { Ports, RecordSummary } from '../ports.ts';
import type { Configuration } from './config.ts';
import type { Context } from './context.ts';

/**
 * Finds what is due and queues it: new credentials, records whose time has come, and records which the configuration no
 * longer names. Decides nothing. Costs one query, and one list for each service with `"*"`.
 */
export async function sweep({ ports, configuration }: Context): Promise<void> {
  const catalogue = await configuration();
  const [records, targets] = await Promise.all([
    ports.records.list(),
    discover(ports, catalogue.services),
  ]);
  const nowMs = ports.nowMs();
  const due = new Map([
    ...newOnes(catalogue, targets, records),
    ...dueOnes(catalogue, records, nowMs),
  ]);
  for (const [id, target] of due) {
    await ports.queue.put({ v: 1, reconcile: id, target, atMs: nowMs }, 0);
  }
  await prune(ports, records, nowMs);
  await ports.sweeps.done(nowMs);
  ports.log('info', `sweep: ${records.length} known, ${due.size} due`, { due: due.size });
}

/** A list that fails says nothing: what is known already goes on, new gateways wait for the next sweep. */
async function discover(ports: Ports, services: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    services.map(async (service) => {
      try {
        return await ports.gateways.list(service);
      } catch (error) {
        if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
        ports.log('warn', `sweep: no list of gateways: ${error.message}`, {
          service,
          code: error.code,
        });
        return [];
      }
    }),
  );
  return lists.flat();
}

type Due = readonly [id: string, target: string];

function newOnes(
  catalogue: Configuration,
  targets: readonly string[],
  records: readonly RecordSummary[],
): readonly Due[] {
  const known = new Set(records.map(({ id }) => id.toLowerCase()));
  const discovered = targets.flatMap((target) => catalogue.policyOfTarget(target) ?? []);
  return [...catalogue.policies, ...discovered]
    .filter(({ id }) => !known.has(id.toLowerCase()))
    .map(({ id, target }) => [id, target] as const);
}

/** A record which nobody configures any more is due once, to be closed. */
function dueOnes(
  catalogue: Configuration,
  records: readonly RecordSummary[],
  nowMs: number,
): readonly Due[] {
  return records
    .filter(({ id, target, dueAtMs, closed }) =>
      catalogue.policyOf(id, target) === undefined ? !closed : dueAtMs <= nowMs,
    )
    .map(({ id, target }) => [id, target] as const);
}

/** One credential's history a sweep, in turn, so that it costs next to nothing. */
async function prune(
  ports: Ports,
  records: readonly RecordSummary[],
  nowMs: number,
): Promise<void> {
  const chosen = records[Math.floor(nowMs / 60_000) % Math.max(1, records.length)];
  if (chosen !== undefined) await ports.history.prune(chosen.id, nowMs - HISTORY_KEPT);
}
