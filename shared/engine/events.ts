import { type DurationMs, type EpochMs, MINUTE } from '../core/limits.ts';
import type { Policy } from '../core/nouns.ts';
import type { Ports, ReadGatewayEvent } from '../ports.ts';
import type { Context } from './context.ts';
import { changeAndWake, messageFor } from './credentials.ts';
import { boundedMap } from './memory.ts';

/** Each instance of a gateway tells of its own token: within this, one of them is enough to look. */
const QUIET: DurationMs = MINUTE;

const MAX_GATEWAYS = 5_000;

/**
 * Takes one event of API Management. An event never rotates anything: it is evidence of who lags, and a request to look.
 * Safe to take any number of times, in any order.
 */
export function gatewayEventDoor(
  context: Context,
  read: ReadGatewayEvent,
): (event: unknown) => Promise<void> {
  const { ports } = context;
  const askedAtMs = boundedMap<EpochMs>(MAX_GATEWAYS);

  return async (received) => {
    const event = read(received);
    if (event === undefined) return ports.log('info', 'event ignored: not one about a gateway');
    const policy = (await context.configuration()).policyOfTarget(event.target);
    if (policy === undefined) return ports.log('info', 'event ignored: gateway is not ours');
    if (event.instance !== undefined) {
      const { name: instance, expiryAtMs } = event.instance;
      await ports.adoptions.instance(policy.id, { instance, expiryAtMs, atMs: ports.nowMs() });
    }
    if (event.instance === undefined) return askToLook(ports, policy);
    const asked = `${event.type} ${policy.id}`;
    if (ports.nowMs() - (askedAtMs.get(asked) ?? -Infinity) < QUIET) return;
    await askToLook(ports, policy);
    askedAtMs.set(asked, ports.nowMs());
  };
}

async function askToLook(ports: Ports, policy: Policy): Promise<void> {
  const stored = await ports.records.read(policy.id);
  if (stored === undefined) return ports.queue.put(messageFor(policy, ports.nowMs()), 0);
  await changeAndWake(ports, policy.id, (record) => record);
}
