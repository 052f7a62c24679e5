import { HOUR, MINUTE } from '../../shared/core/limits.ts';
import type { AdoptionReport } from '../../shared/core/nouns.ts';
import { type Cluster, type ConsumerParts, every, type Stored } from './cluster.ts';
import type { Pods } from './pods.ts';

const REPORT_EVERY_MS = 6 * HOUR;

/** A consumer tells what it stored and runs: after each change, and again now and then. */
export interface Reports {
  soon(): void;
}

/** A report can be late, come twice, and overtake a later one. */
export function startReports(parts: ConsumerParts, cluster: Cluster, pods: Pods): Reports {
  const { plan, scheduler, dice, front } = parts;
  const report = () => {
    if (cluster.stored === undefined || cluster.isOffline || !plan.reports) return;
    const by = { consumer: plan.id, roles: [], name: plan.id };
    const body = reportOf(cluster.stored, pods.running(), plan.pods);
    const deliver = () => front.ask({ door: 'report', by, body });
    const isOdd = dice.chance(0.1);
    scheduler.after(dice.scaled(1, isOdd ? 10 * MINUTE : 1_000), deliver);
    if (isOdd) scheduler.after(dice.scaled(1, 10 * MINUTE), deliver);
  };
  every(parts, REPORT_EVERY_MS, report);
  return {
    soon() {
      scheduler.after(dice.scaled(1, 30_000), report);
      // Reports are repeated, and one of them has to come after the end of the overlap.
      scheduler.after(dice.between(MINUTE, 5 * MINUTE), report);
    },
  };
}

function reportOf(
  { sequence }: Stored,
  values: readonly Stored[],
  desired: number,
): AdoptionReport {
  const versions = values.map((value) => value.sequence);
  const running = [...new Set(versions)].map((version) => ({
    version,
    pods: versions.filter((one) => one === version).length,
  }));
  return { stored: sequence, running, desired };
}
