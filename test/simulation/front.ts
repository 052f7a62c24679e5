import { KeyturnError } from '../../shared/core/errors.ts';
import { DAY, PRODUCTION } from '../../shared/core/limits.ts';
import type { Principal } from '../../shared/engine/authorize.ts';
import type { Context } from '../../shared/engine/context.ts';
import type { Call, Door, Reply } from '../../shared/engine/http.ts';
import { operateDoor } from '../../shared/engine/operate.ts';
import { pullDoor } from '../../shared/engine/pull.ts';
import { reportDoor } from '../../shared/engine/report.ts';
import type { Ports } from '../../shared/ports.ts';
import type { Configurations } from './configurations.ts';
import type { Dice } from './dice.ts';
import { type Network, wired } from './network.ts';
import { ID } from './plan.ts';

export interface FrontParts extends Network {
  readonly dice: Dice;
  readonly configurations: Configurations;
  readonly ports: Ports;
}

interface Instance {
  readonly pull: Door;
  readonly report: Door;
  readonly operate: Door;
}

export interface Ask {
  readonly door: keyof Instance;
  readonly by: Principal;
  readonly body?: unknown;
  readonly etag?: string | undefined;
  readonly operation?: string;
}

/** Keyturn's HTTP doors: undefined where the call failed, whether it did something or not. */
export interface Front {
  ask(ask: Ask): Promise<Reply | undefined>;
}

/**
 * Two instances, each with its own clock and memory, which die at random. A call is over in the moment in which it
 * begins: what interleaves with the workers are the writes it leaves behind, and how late its answer arrives.
 */
export function openFront(parts: FrontParts): Front {
  const { scheduler, dice } = parts;
  const instances = [openInstance(parts), openInstance(parts)];
  const restart = () => {
    instances.splice(dice.between(0, 1), 1, openInstance(parts));
    scheduler.after(dice.waitMs(2 * DAY), restart);
  };
  scheduler.after(dice.waitMs(2 * DAY), restart);

  return {
    async ask(ask) {
      const open = dice.pick(instances)[ask.door];
      try {
        return await open(callOf(ask));
      } catch (error) {
        if (error instanceof KeyturnError && error.remedy !== 'crash') return undefined;
        parts.note({ what: 'bug', worker: `the ${ask.door} door`, message: String(error) });
        return undefined;
      }
    },
  };
}

function openInstance(parts: FrontParts): Instance {
  const { scheduler, dice, configurations } = parts;
  const offsetMs = dice.between(-PRODUCTION.skewMs, PRODUCTION.skewMs);
  const ports = {
    ...wired(
      parts.ports,
      (name, act, args) => answer({ name, act: () => act(...args) }, parts),
      parts.note,
    ),
    nowMs: () => scheduler.nowMs() + offsetMs,
  };
  const configuration = async () => configurations.seen(dice.between(0, 5_000));
  const context: Context = { ports, installation: 'prod', configuration };
  const authorize = async (call: Call): Promise<Principal> =>
    JSON.parse(call.headers.get('authorization') ?? '') as Principal;
  return {
    pull: pullDoor(context, authorize),
    report: reportDoor(context, authorize),
    operate: operateDoor(context, authorize),
  };
}

async function answer(
  call: { readonly name: string; act(): Promise<unknown> },
  { weather }: FrontParts,
): Promise<unknown> {
  const { ends } = weather.fateOf(call.name);
  if (ends.as === 'refused') throw ends.error;
  if (ends.as === 'answered') return call.act();
  if (ends.as !== 'crashed-unsent') await call.act();
  throw new KeyturnError('ERR_UNAVAILABLE', `no answer to ${call.name}`);
}

function callOf({ by, etag, operation, body }: Ask): Call {
  const headers = new Map([
    ['authorization', JSON.stringify(by)],
    ['if-none-match', etag ?? ''],
  ]);
  return {
    headers: { get: (name) => headers.get(name.toLowerCase()) || null },
    params: { id: ID, ...(operation && { operation }) },
    query: { get: () => null },
    text: async () => JSON.stringify(body ?? {}),
  };
}
