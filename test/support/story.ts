import { KeyturnError } from '../../shared/core/errors.ts';
import { DAY, MINUTE, type DurationMs, type EpochMs } from '../../shared/core/limits.ts';
import type { Policy } from '../../shared/core/nouns.ts';
import type { Configuration } from '../../shared/engine/config.ts';
import type { Context } from '../../shared/engine/context.ts';
import { reconcile } from '../../shared/engine/reconcile.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Ports } from '../../shared/ports.ts';
import { memoryWorld, type World } from '../fakes/memory.ts';
import { type People, people } from './people.ts';
import { GATEWAY, INSTALLATION, policy, slot, T0, usedSlot } from './samples.ts';
import { type Stop, stopAt } from './stops.ts';
import { type Views, views } from './views.ts';

/** More messages than this at one instant, and they breed. */
const MOST_AT_ONCE = 50;

/** More looks than this, and something is tried too often: one an hour for a whole day is a setback at its longest. */
const MOST_A_DAY = 100;

/** A second process in the middle of a reconcile. One which is never resumed has crashed. */
interface Worker {
  /** False where it ended before it came to its stop. */
  readonly stopped: boolean;
  /** Goes on, and is awaited to its end. */
  resume(): Promise<void>;
}

const SWEEP_EVERY: DurationMs = 5 * MINUTE;

/** One credential's life on the test's own clock: Azure in memory, Keyturn's sweep and reconcile, and people. */
export interface Story extends People, Views {
  readonly ports: Ports;
  readonly world: World;
  readonly context: Context;
  readonly nowMs: () => EpochMs;
  /** The configuration changes; undefined takes the credential out. */
  configure(changes: Partial<Policy> | undefined): void;
  /** Time in which Keyturn does not run. */
  skip(durationMs: DurationMs): void;
  /** Time in which sweeps and messages come as they do. */
  live(durationMs: DurationMs): Promise<void>;
  /** Everything that is due now. */
  settle(): Promise<void>;
  /** One message, taken now. */
  reconcile(): Promise<void>;
  /** A worker on its way, up to its stop. */
  worker(stop: Stop): Promise<Worker>;
}

export function tellStory(changes: Partial<Policy> = {}): Story {
  let nowMs = T0;
  let terms: Policy | undefined = policy(changes);
  const { ports, world } = memoryWorld(() => nowMs);
  world.gateways.create(GATEWAY);
  const context: Context = {
    ports,
    installation: INSTALLATION,
    configuration: async () => configurationWith(terms),
  };
  const settle = () => comeToRest(context, world);

  return {
    ...people(ports),
    ...views(ports, world),
    ports,
    world,
    context,
    nowMs: () => nowMs,
    configure: (to) => void (terms = to && policy({ ...terms, ...to })),
    skip: (durationMs) => void (nowMs += durationMs),
    async live(durationMs) {
      const endMs = nowMs + durationMs;
      let looks = MOST_A_DAY * Math.ceil(durationMs / DAY);
      for (await settle(); nowMs < endMs; await settle()) {
        if (looks-- === 0) throw new Error('it never rests: something is tried too often');
        nowMs = Math.min(endMs, await nextEventAtMs(ports, world));
      }
    },
    settle,
    reconcile: () => reconcile(context, look()),
    async worker(stop) {
      const stopped = stopAt(ports, stop);
      const done = reconcile({ ...context, ports: stopped.ports }, look());
      const outcome = await Promise.race([stopped.reached, done.then(() => 'ended')]);
      return { stopped: outcome !== 'ended', resume: () => (stopped.resume(), done) };
    },
  };
}

/**
 * A gateway which Keyturn has known for long: both slots' pasts are known, a token was just issued on the primary, and
 * the secondary is clean. It renews after two thirds of its 29 days, less its spread.
 */
export async function settledStory(changes: Partial<Policy> = {}): Promise<Story> {
  const story = tellStory();
  await story.settle();
  const stored = await story.ports.records.read(policy().id);
  const publishDeadlineAtMs = T0 + policy().limits.deadlineMs;
  const slots = [usedSlot('primary', { publishDeadlineAtMs }), slot('secondary')];
  if (stored) await story.ports.records.write({ ...stored.value, slots }, stored.etag);
  story.configure(changes);
  return story;
}

function look() {
  return { v: 1, reconcile: policy().id, atMs: T0 } as const;
}

function configurationWith(terms: Policy | undefined): Configuration {
  return {
    mode: terms?.mode ?? 'rotate',
    limits: policy().limits,
    vault: 'https://contoso.vault.azure.net',
    identity: { audiences: [], tenant: '' },
    endpoints: { arm: '', login: '' },
    consumers: [],
    hints: [],
    policies: terms ? [terms] : [],
    services: [],
    policyOf: () => terms,
    policyOfTarget: () => terms,
  };
}

async function comeToRest(context: Context, world: World): Promise<void> {
  for (let taken = 0; taken < MOST_AT_ONCE;) {
    const count = await takeMessages(context, world);
    taken += count;
    if (count === 0 && !(await sweepFindsWork(context, world))) return;
  }
  throw new Error('messages breed: it does not come to rest');
}

async function takeMessages(context: Context, { messages }: World): Promise<number> {
  const nowMs = context.ports.nowMs();
  const visible = messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
  messages.splice(0, messages.length, ...messages.filter((one) => !visible.includes(one)));
  for (const { message } of visible) {
    if ('reconcile' in message) await reconcile(context, message);
  }
  return visible.length;
}

/** A sweep which fails is left to the next one, as the platform does. */
async function sweepFindsWork(context: Context, { messages }: World): Promise<boolean> {
  const before = messages.length;
  try {
    await sweep(context);
  } catch (error) {
    if (!(error instanceof KeyturnError)) throw error;
    return false;
  }
  return messages.length > before;
}

async function nextEventAtMs({ records, nowMs }: Ports, { messages }: World): Promise<EpochMs> {
  const open = (await records.list()).filter(({ closed, dueAtMs }) => !closed || dueAtMs > nowMs());
  const events = [
    ...open.map(({ dueAtMs }) => (dueAtMs > nowMs() ? dueAtMs : nowMs() + SWEEP_EVERY)),
    ...messages.map(({ visibleAtMs }) => visibleAtMs),
  ];
  return Math.min(...events);
}
