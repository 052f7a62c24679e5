import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { formatted } from '../../shared/core/gateway-token.ts';
import { DAY, type DurationMs } from '../../shared/core/limits.ts';
import { memoryAdoptions, memoryHistory, memorySweeps } from '../fakes/tables.ts';
import { type Azure, openAzure } from './azure.ts';
import { openConfigurations } from './configurations.ts';
import { startConsumer } from './consumers.ts';
import { type Dice, diceOf } from './dice.ts';
import { openFront } from './front.ts';
import type { Happening, History, Note } from './history.ts';
import { openHost } from './host.ts';
import { startPeople } from './people.ts';
import { type Plan, planOf } from './plan.ts';
import { openScheduler } from './scheduler.ts';
import { openRecords } from './stores.ts';
import { openWeather } from './weather.ts';

/**
 * One run: Keyturn's own reconcile, sweep and doors in a world which the seed decides, and what happened in it.
 * @param stormMs how long faults and people last; 33 days of calm follow
 */
export async function simulate(seed: string, stormMs: DurationMs): Promise<History> {
  const plan = planOf(seed, stormMs);
  const { calmFromMs, endAtMs } = plan;
  const dice = (part: string) => diceOf(`${seed}/${part}`);
  const scheduler = openScheduler(plan.startAtMs);
  const happenings: Happening[] = [];
  const note: Note = (event) => void happenings.push({ ...event, atMs: scheduler.nowMs() });

  const weather = openWeather(plan, scheduler, dice('weather'), note);
  const network = { scheduler, weather, note };
  const configurations = openConfigurations(plan, scheduler, note);
  const azure = openAzure(scheduler, dice('azure'), note);
  const records = openRecords(scheduler.nowMs, (record) => {
    note({ what: 'recorded', record });
    host.expectDue(record.dueAtMs);
  });
  const ports = {
    nowMs: scheduler.nowMs,
    records: records.store,
    adoptions: memoryAdoptions(),
    history: memoryHistory(),
    sweeps: memorySweeps(),
    vault: azure.vault,
    issuers: { 'gateway-token': azure.issuer },
    gateways: azure.gateways,
    log: () => {},
  };
  const shared = { ...network, records, configurations, calmFromMs };
  const host = openHost({ ...shared, dice: dice('host'), ports });
  const front = openFront({
    ...shared,
    dice: dice('front'),
    ports: { ...ports, queue: host.queue },
  });
  startPeople({ ...shared, plan, azure, front, dice: dice('people') });
  const found = furnish(plan, azure, dice('past'), note);
  for (const consumer of plan.consumers) {
    startConsumer({ ...shared, plan: consumer, azure, front, dice: dice(consumer.id) }, found);
  }
  await scheduler.run(endAtMs);
  return { happenings, calmFromMs, endedAtMs: endAtMs };
}

/** What was there before Keyturn came. Returns the value in Key Vault, which consumers run with. */
function furnish(plan: Plan, azure: Azure, dice: Dice, note: Note): string | undefined {
  azure.createGateway();
  const expiryAtMs = () => plan.startAtMs + dice.between(DAY, 30 * DAY);
  const slots = ['primary', 'secondary'];
  for (const slot of slots.filter(() => dice.chance(0.5)))
    useElsewhere(azure.mint(slot, expiryAtMs()));
  if (plan.takeOver === undefined) return undefined;
  const value = formatted(
    azure.mint(plan.takeOver, expiryAtMs()),
    dice.pick(['raw', 'gateway-key']),
  );
  azure.overwrite(value);
  return value;

  /** Somebody made it in the portal and runs on it; Keyturn can only know that this may be so (rule 7). */
  function useElsewhere(bare: string): void {
    const pod = `somebody-${bare.slice(-8)}`;
    note({ what: 'pod-started', consumer: 'somebody', pod, fingerprint: fingerprintOf(bare) });
  }
}
