import { KeyturnError } from '../../shared/core/errors.ts';
import { PRODUCTION, type EpochMs } from '../../shared/core/limits.ts';
import type { Ports } from '../../shared/ports.ts';
import type { Note } from './history.ts';
import type { Scheduler } from './scheduler.ts';
import type { Fate } from './fate.ts';
import type { Weather } from './weather.ts';

/** A running invocation of a function. */
export interface Worker {
  readonly name: string;
  /** Its own clock: wrong by at most SKEW, and not the same as another's. */
  readonly nowMs: () => EpochMs;
  /** Its configuration says `mode: observe`. */
  isObserving: boolean;
  isDead: boolean;
  onCrash(): void;
}

export interface Network {
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly note: Note;
}

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  act(...args: readonly unknown[]): Promise<unknown>;
}

type Answer = { readonly value: unknown } | { readonly error: unknown };

/** Position of `deadlineAtMs` among the arguments of the calls which change something at Azure. */
const DEADLINE_AT: Readonly<Record<string, number>> = { 'vault.publish': 2, 'issuer.retire': 2 };

/** A token, or what people write into secrets in this world. */
const VALUE = /&\d{12}&[A-Za-z0-9+/]{20}|hunter2/;

const TOLD = /^(records\.write|history\.append|queue\.put|adoptions\.)/;

type Wire = (name: string, act: Call['act'], args: readonly unknown[]) => Promise<unknown>;

/** The ports as one worker has them: every call is sent, takes effect and is answered at moments of their own. */
export function networkPorts(inner: Ports, worker: Worker, network: Network): Ports {
  const send: Wire = (name, act, args) => sendCall(worker, { name, act, args }, network);
  return { ...wired(inner, send, network.note), nowMs: worker.nowMs };
}

/** The ports with every call passing `wire`. What is told to stores and logs is searched for values. */
export function wired(inner: Ports, wire: Wire, note: Note): Ports {
  const wiredPort = <Port extends object>(port: string, methods: Port): Port =>
    Object.fromEntries(
      Object.entries(methods).map(([method, act]) => [
        method,
        (...args: unknown[]) => {
          const name = `${port}.${method}`;
          if (TOLD.test(name) && VALUE.test(JSON.stringify(args)))
            note({ what: 'leak', where: name });
          return wire(name, act, args);
        },
      ]),
    ) as Port;
  const { records, adoptions, history, sweeps, queue, vault, issuers, gateways } = inner;
  return {
    nowMs: inner.nowMs,
    records: wiredPort('records', records),
    adoptions: wiredPort('adoptions', adoptions),
    history: wiredPort('history', history),
    sweeps: wiredPort('sweeps', sweeps),
    queue: wiredPort('queue', queue),
    vault: wiredPort('vault', vault),
    issuers: { 'gateway-token': wiredPort('issuer', issuers['gateway-token']) },
    gateways: wiredPort('gateways', gateways),
    log(level, message, fields) {
      const line = `${level} ${message} ${JSON.stringify(fields)}`;
      if (VALUE.test(line)) note({ what: 'leak', where: 'a log line' });
    },
  };
}

function sendCall(worker: Worker, call: Call, network: Network): Promise<unknown> {
  const { scheduler, weather, note } = network;
  const fate = weather.fateOf(call.name);
  if (fate.ends.as !== 'answered' || fate.effectInMs + fate.replyInMs + fate.sendInMs > 60_000) {
    note({ what: 'fault', worker: worker.name, call: call.name, fate: told(fate) });
  }
  return new Promise((resolve, reject) => {
    const reply = (answer: Answer) => {
      if (worker.isDead) return;
      if ('error' in answer) reject(answer.error);
      else resolve(answer.value);
    };
    const way = { ...network, fate, reply };
    if (fate.sendInMs === 0) transmit(worker, call, way);
    else scheduler.after(fate.sendInMs, () => transmit(worker, call, way));
  });
}

interface Transmission extends Network {
  readonly fate: Fate;
  reply(answer: Answer): void;
}

/** Rule 5: the deadline is checked right before the send, by the worker's clock; what is sent may land much later. */
function transmit(worker: Worker, call: Call, way: Transmission): void {
  const { scheduler, fate, note, reply } = way;
  if (worker.isDead) return;
  if (fate.ends.as === 'crashed-unsent') return crash(worker);
  const deadlineAtMs = deadlineOf(call);
  if (worker.nowMs() >= deadlineAtMs) {
    return reply({ error: new KeyturnError('ERR_DEADLINE', 'too late to send') });
  }
  const { name } = call;
  const { isObserving } = worker;
  if (name in DEADLINE_AT || name === 'issuer.bytesOf') {
    note({ what: 'sent', worker: worker.name, call: name, isObserving });
  }
  const { callTimeoutMs } = PRODUCTION;
  const waitsMs = Math.min(callTimeoutMs, deadlineAtMs - worker.nowMs());
  if (fate.effectInMs >= waitsMs) scheduler.after(waitsMs, () => reply(lost(name)));
  scheduler.after(fate.effectInMs, () => land(worker, call, way));
}

async function land(worker: Worker, call: Call, way: Transmission): Promise<void> {
  const { scheduler, fate, reply } = way;
  const { ends, replyInMs } = fate;
  if (ends.as === 'refused') return reply({ error: ends.error });
  const answer = await answerOf(call);
  if (ends.as === 'crashed-acted') return crash(worker);
  if (ends.as === 'lost') return reply(lost(call.name));
  if (replyInMs === 0) return reply(answer);
  scheduler.after(replyInMs, () => reply(answer));
}

async function answerOf({ name, args, act }: Call): Promise<Answer> {
  const position = DEADLINE_AT[name];
  // The check was made at the send; at Azure nobody knows of it.
  const sent = args.map((arg, index) => (index === position ? Infinity : arg));
  try {
    return { value: await act(...sent) };
  } catch (error) {
    return { error };
  }
}

function crash(worker: Worker): void {
  if (worker.isDead) return;
  worker.isDead = true;
  worker.onCrash();
}

function deadlineOf({ name, args }: Call): EpochMs {
  const position = DEADLINE_AT[name];
  return position === undefined ? Infinity : Number(args[position]);
}

function lost(call: string): Answer {
  const isWrite = call in DEADLINE_AT || call === 'records.write';
  const code = isWrite ? 'ERR_REPLY_LOST' : 'ERR_UNAVAILABLE';
  return { error: new KeyturnError(code, `no answer to ${call}`) };
}

function told({ sendInMs, effectInMs, replyInMs, ends }: Fate): string {
  if (ends.as === 'refused') return `is refused: ${ends.error.code}`;
  if (ends.as !== 'answered') return `is ${ends.as}`;
  const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
  return `is sent after ${seconds(sendInMs)}, lands after ${seconds(effectInMs)}, is answered after ${seconds(replyInMs)}`;
}
