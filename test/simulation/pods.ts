import type { DurationMs } from '../../shared/core/limits.ts';
import { type Cluster, type ConsumerParts, every, type Stored } from './cluster.ts';

/** The pods of a cluster: each reads the stored value when it starts, and never again. */
export interface Pods {
  readonly running: () => readonly Stored[];
  /** Another value is stored. */
  take(): void;
}

interface Pod {
  readonly name: string;
  running?: Stored;
}

/** @param onStart told whenever a pod started */
export function startPods(parts: ConsumerParts, cluster: Cluster, onStart: () => void): Pods {
  const { plan, scheduler, dice, note } = parts;
  const pods = Array.from({ length: plan.pods }, (_, index): Pod => ({
    name: `${plan.id}-${index}`,
  }));
  const isOld = ({ running }: Pod) => running?.fingerprint !== cluster.stored?.fingerprint;

  const start = (pod: Pod) => {
    if (cluster.stored === undefined) return;
    pod.running = cluster.stored;
    const { fingerprint } = cluster.stored;
    note({ what: 'pod-started', consumer: plan.id, pod: pod.name, fingerprint });
    onStart();
  };
  const rollOne = (pauseMs: DurationMs) => {
    const old = pods.find(isOld);
    if (old === undefined) return;
    start(old);
    scheduler.after(dice.between(1, 2 * pauseMs), () => rollOne(pauseMs));
  };
  const keepPromise = (promisedMs: DurationMs) => {
    for (const pod of pods) {
      const inMs = dice.pick([dice.between(1, promisedMs), promisedMs]);
      scheduler.after(inMs, () => isOld(pod) && start(pod));
    }
  };

  every(parts, plan.restartEveryMs, () => start(dice.pick(pods)));
  return {
    running: () => pods.flatMap(({ running }) => running ?? []),
    take() {
      for (const pod of pods) if (pod.running === undefined) start(pod);
      const { rollEveryMs, restartWithinMs } = plan;
      if (restartWithinMs !== undefined) keepPromise(restartWithinMs);
      if (rollEveryMs !== undefined) scheduler.after(rollEveryMs, () => rollOne(rollEveryMs));
    },
  };
}
