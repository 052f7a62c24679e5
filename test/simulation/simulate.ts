import { setImmediate as turn } from 'node:timers/promises';
import type { DurationMs } from '../../shared/core/limits.ts';
import type { Ports } from '../../shared/ports.ts';
import { memoryAdoptions, memoryHistory, memorySweeps } from '../fakes/tables.ts';
import { type Azure, openAzure } from './azure.ts';
import { openConfigurations } from './configurations.ts';
import { type Consumer, startConsumer } from './consumers.ts';
import { diceOf } from './dice.ts';
import { openFront } from './front.ts';
import type { Event, Happening, History, Note } from './history.ts';
import { openHost } from './host.ts';
import { furnish } from './past.ts';
import { type People, startPeople } from './people.ts';
import { planOf } from './plan.ts';
import { openScheduler } from './scheduler.ts';
import { openRecords, type Records } from './stores.ts';
import { openWeather } from './weather.ts';

/**
 * One run: Keyturn's own reconcile, sweep and doors in a world which the seed decides, and what happened in it.
 * @param stormMs how long faults and people last; 35 days of calm follow
 */
export async function simulate(seed: string, stormMs: DurationMs): Promise<History> {
  const plan = planOf(seed, stormMs);
  const { calmFromMs, endAtMs } = plan;
  const dice = (part: string) => diceOf(`${seed}/${part}`);
  const scheduler = openScheduler(plan.startAtMs);
  const { happenings, note, watch } = openHistory(scheduler.nowMs);

  const weather = openWeather(plan, scheduler, dice('weather'), note);
  const configurations = openConfigurations(plan, scheduler, note);
  const azure = openAzure(scheduler, dice('azure'), note);
  const records = openRecords(scheduler.nowMs, (record) => note({ what: 'recorded', record }));
  const ports = portsOf(scheduler.nowMs, azure, records);
  const parts = { plan, scheduler, weather, note, records, configurations, azure, calmFromMs };
  const host = openHost({ ...parts, dice: dice('host'), ports });
  const queued = { ...ports, queue: host.queue };
  const front = openFront({ ...parts, dice: dice('front'), ports: queued });
  const people = startPeople({ ...parts, front, dice: dice('people') });
  const first = await furnish({ ...parts, dice: dice('past') }, configurations.policy());
  const consumers = plan.consumers.map((consumer) =>
    startConsumer({ ...parts, front, plan: consumer, dice: dice(consumer.id) }, first),
  );
  watch((event) => event.what === 'recorded' && host.expectDue(event.record.dueAtMs));
  watch(reactions(people, consumers));
  await scheduler.run(endAtMs);
  // The pull's memory sets real timers, which no one waits for: they go before the next run.
  await turn();
  return { happenings, calmFromMs, endedAtMs: endAtMs };
}

function openHistory(nowMs: () => number) {
  const happenings: Happening[] = [];
  const watchers: ((event: Event) => unknown)[] = [];
  const note: Note = (event) => {
    happenings.push({ ...event, atMs: nowMs() });
    for (const watcher of watchers) watcher(event);
  };
  return {
    happenings,
    note,
    watch: (watcher: (event: Event) => unknown) => watchers.push(watcher),
  };
}

function portsOf(nowMs: () => number, azure: Azure, records: Records): Omit<Ports, 'queue'> {
  return {
    nowMs,
    records: records.store,
    adoptions: memoryAdoptions(),
    history: memoryHistory(),
    sweeps: memorySweeps(),
    vault: azure.vault,
    issuers: { 'gateway-token': azure.issuer },
    gateways: azure.gateways,
    log: () => {},
  };
}

/** Consumers which poll find a new version soon, and people cannot leave a clean slot alone. */
function reactions(people: People, consumers: readonly Consumer[]): Note {
  let sequence: number | undefined;
  return (event) => {
    if (event.what === 'regenerated' && event.by === 'keyturn') people.react();
    const current = event.what === 'recorded' ? event.record.current?.sequence : sequence;
    if (current === sequence && event.what !== 'terms') return;
    sequence = current;
    for (const consumer of consumers) consumer.hurry();
  };
}
