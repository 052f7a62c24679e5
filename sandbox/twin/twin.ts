import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry, Seed } from '../contract.ts';
import { PORT_OFFSETS } from '../contract.ts';
import { type LiveCounters, openCounters } from './counters.ts';
import { openTokens, type Tokens } from './entra/tokens.ts';
import { envelope, type RaisedEvent } from './events.ts';
import { type Change, type Fact, toJournalEntry } from './facts.ts';
import { type Faults, noFaults } from './faults.ts';
import { newKeys } from './gateway/keys.ts';
import { openLog } from './log.ts';
import { apply, emptyState, type State } from './state.ts';

/** "Azure" on this machine: everything its APIs share. */
export interface Twin {
  readonly seed: Seed;
  readonly urls: Readonly<Record<'arm' | 'vault' | 'login', string>>;
  /** ARM id of the API Management service. */
  readonly serviceId: string;
  readonly state: State;
  readonly journal: readonly JournalEntry[];
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly counters: LiveCounters;
  /** Makes a change: durable when this returns, so an answer may follow. */
  readonly record: (by: string, change: Change, event?: RaisedEvent) => void;
}

/** Opens the twin whose state lies in `directory`, or makes a new one from the seed. */
export async function openTwin(seed: Seed, directory: string, basePort: number): Promise<Twin> {
  mkdirSync(directory, { recursive: true });
  const url = (api: 'arm' | 'vault' | 'login') =>
    `https://127.0.0.1:${basePort + PORT_OFFSETS[api]}`;
  const urls = { arm: url('arm'), vault: url('vault'), login: url('login') };
  const serviceId = `/subscriptions/${seed.subscription}/resourceGroups/${seed.resourceGroup}/providers/Microsoft.ApiManagement/service/${seed.service}`;
  const world = openWorld(join(directory, 'azure.jsonl'), serviceId);
  bearGateways(seed, world);
  return {
    seed,
    urls,
    serviceId,
    ...world,
    tokens: await openTokens(seed, urls.login, join(directory, 'login-key.json')),
    faults: noFaults(),
    counters: openCounters(join(directory, 'counters.json')),
  };
}

type World = Pick<Twin, 'state' | 'journal' | 'record'>;

function openWorld(file: string, topic: string): World {
  const log = openLog<Fact>(file);
  const state = emptyState();
  const journal: JournalEntry[] = [];
  let seq = 0;
  const fold = (fact: Fact) => {
    seq = fact.seq;
    apply(state, fact);
    const entry = toJournalEntry(fact);
    if (entry !== undefined) journal.push(entry);
  };
  log.lines.forEach(fold);
  const record: Twin['record'] = (by, change, event) => {
    const stamp = { seq: seq + 1, atMs: Date.now(), by };
    const told = event === undefined ? {} : { event: { ...envelope(topic, stamp.atMs), ...event } };
    const fact: Fact = { ...stamp, ...change, ...told };
    log.append(fact);
    fold(fact);
  };
  return { state, journal, record };
}

/** Gateways which were ever there are not born again: somebody may have deleted them. */
function bearGateways(seed: Seed, { journal, record }: World): void {
  const known = new Set(journal.map((entry) => entry.kind === 'gateway-put' && entry.gateway));
  for (const gateway of seed.gateways.filter((name) => !known.has(name))) {
    const properties = { locationData: { name: gateway }, description: '' };
    record('seed', { kind: 'gateway-put', gateway, properties, keys: newKeys() });
  }
}
