import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { bareToken } from '../../shared/core/gateway-token.ts';
import { DAY, HOUR } from '../../shared/core/limits.ts';
import { type Cluster, type ConsumerParts, every, type Stored } from './cluster.ts';
import { startPods } from './pods.ts';
import { startReports } from './reports.ts';

/** Now and then its network or its patience is worse. */
const STALLS_WITHIN_MS = 2 * HOUR;

export interface Consumer {
  /** There may be something new. */
  hurry(): void;
}

/**
 * A cluster which keeps the consumer's contract: it never goes back to a lower sequence (rule 15), its pods read the stored
 * value at their start and never again, and it tells what they run.
 * @param first the value it had before Keyturn came
 */
export function startConsumer(parts: ConsumerParts, first: string | undefined): Consumer {
  const { plan, note, scheduler, dice } = parts;
  const cluster: Cluster = { stored: undefined, isOffline: false };
  const pods = startPods(parts, cluster, () => reports.soon());
  const reports = startReports(parts, cluster, pods);
  const store = (value: Stored) => {
    cluster.stored = value;
    const { sequence, fingerprint } = value;
    note({ what: 'stored', consumer: plan.id, sequence, fingerprint });
    pods.take();
    reports.soon();
  };

  if (first !== undefined) store({ sequence: 0, fingerprint: fingerprintOf(bareToken(first)) });
  const readOnce = plan.reads === 'pull' ? pull : readVault;
  const read = () => readOnce(parts, cluster, store);
  const hurry = () => {
    const withinMs = dice.chance(0.8) ? plan.pollWithinMs : STALLS_WITHIN_MS;
    scheduler.after(dice.scaled(1_000, withinMs), read);
    if (plan.restartWithinMs === undefined) return;
    // Its later polls are the only evidence, so that none of them is left out for an hour.
    for (let poll = 1; poll <= 12; poll += 1) scheduler.after(poll * plan.pollWithinMs, read);
  };
  every(parts, plan.pollEveryMs, read);
  every(parts, 10 * DAY, () => goOffline(parts, cluster));
  return { hurry };
}

/** The answer takes a while, in which an answer to an earlier or later pull may arrive. */
async function pull(
  { front, plan, scheduler, dice }: ConsumerParts,
  cluster: Cluster,
  store: (value: Stored) => void,
): Promise<void> {
  if (cluster.isOffline) return;
  const by = { consumer: plan.id, roles: [], name: plan.id };
  const reply = await front.ask({ door: 'pull', by, etag: cluster.stored?.etag });
  if (reply?.status !== 200) return;
  const { version, value } = JSON.parse(reply.body ?? '') as { version: number; value: string };
  const fingerprint = fingerprintOf(bareToken(value));
  const pulled = { sequence: version, fingerprint, etag: reply.headers['ETag'] ?? '' };
  scheduler.after(dice.scaled(1, 30_000), () => {
    if (cluster.stored === undefined || pulled.sequence > cluster.stored.sequence) store(pulled);
  });
}

/** External Secrets or the CSI driver: takes whatever Key Vault shows, and nobody hears of it. */
function readVault(
  { azure, weather }: ConsumerParts,
  { stored, isOffline }: Cluster,
  store: (value: Stored) => void,
): void {
  const value = azure.latest();
  if (isOffline || value === undefined || weather.isOut('vault')) return;
  const fingerprint = fingerprintOf(bareToken(value));
  if (fingerprint !== stored?.fingerprint) store({ sequence: 0, fingerprint });
}

function goOffline(parts: ConsumerParts, cluster: Cluster): void {
  const { plan, scheduler, dice, note, calmFromMs } = parts;
  if (cluster.isOffline || scheduler.nowMs() >= calmFromMs) return;
  const show = (isOffline: boolean) => {
    cluster.isOffline = isOffline;
    note({ what: 'offline', consumer: plan.id, isOver: !isOffline });
  };
  show(true);
  const untilMs = scheduler.nowMs() + dice.scaled(HOUR, 12 * DAY);
  scheduler.at(Math.min(calmFromMs, untilMs), () => show(false));
}
