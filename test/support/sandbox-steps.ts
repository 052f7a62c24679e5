import { SERVICE } from '../../sandbox/world.ts';
import { eventually, type LiveSandbox } from './live-sandbox.ts';
import { type SandboxAzure, sandboxAzure } from './sandbox-azure.ts';
import type { Json } from './sandbox-http.ts';
import { type SandboxConsumer, type SandboxPeople, sandboxPeople } from './sandbox-keyturn.ts';

/** What tests ask of a sandbox and wait for, over and over. */
export interface SandboxSteps {
  /** A new gateway with its first version; the id of its credential. */
  readonly published: (gateway: string) => Promise<string>;
  /**
   * A new gateway whose slots' past is known, the current version on the secondary and the primary clean. Nobody knows what
   * was signed before, and waiting it out takes a token's life: revoking while nobody runs it is quicker.
   */
  readonly withKnownPast: (gateway: string) => Promise<string>;
  /** The current version, as soon as there is one. */
  readonly current: (id: string) => Promise<Json>;
  /** An operator asks for a new version; it, when it is published. */
  readonly rotated: (id: string) => Promise<Json>;
  /** Asks for it until `confirm` consumers would be hurt, and no other request is pending. */
  readonly revoke: (id: string, slot: string, confirm: number) => Promise<void>;
  readonly slotIs: (id: string, name: string, ...states: readonly string[]) => Promise<void>;
  /** The consumer reports the current version again and again, as an agent does, until its proof retires the slot. */
  readonly provedUntil: (consumer: SandboxConsumer, ...slot: SlotIs) => Promise<void>;
  /** The current version, as soon as Key Vault holds it and every pod of every consumer runs nothing else. */
  readonly adoptedByAll: (id: string) => Promise<Json>;
  /** All is well with it: an operator's rotation is adopted by every pod. */
  readonly rotatesAgain: (id: string) => Promise<void>;
}

type SlotIs = readonly [id: string, name: string, ...states: readonly string[]];

interface Parts {
  readonly sandbox: LiveSandbox;
  readonly people: SandboxPeople;
  readonly azure: SandboxAzure;
}

export function sandboxSteps(sandbox: LiveSandbox): SandboxSteps {
  const people = sandboxPeople(sandbox);
  const azure = sandboxAzure(sandbox);
  const steps: SandboxSteps = {
    published: async (gateway) => {
      const id = await azure.createGateway(gateway);
      await steps.current(id);
      return id;
    },
    withKnownPast: async (gateway) => {
      const id = await steps.published(gateway);
      for (const slot of ['secondary', 'primary']) {
        await steps.revoke(id, slot, 0);
        await steps.slotIs(id, slot, 'clean');
      }
      return id;
    },
    current: (id) =>
      eventually(`${id} has a current version`, async () => (await people.status(id)).current),
    rotated: async (id) => {
      const { sequence } = await steps.current(id);
      await eventually(`${id} may be rotated`, async () => {
        return (await people.operate(id, 'rotate', { reason: 'a test' })).status === 202;
      });
      return eventually(`${id} is rotated`, async () => {
        const found = await steps.current(id);
        return found.sequence > sequence && found;
      });
    },
    revoke: async (id, slot, confirm) => {
      const asked = { slot, reason: 'a test', confirm };
      await eventually(`${slot} of ${id} may be revoked`, async () => {
        return (await people.operate(id, 'revoke', asked)).status === 202;
      });
    },
    slotIs: async (...slot) => {
      await eventually(`slot ${slot.join(' ')}`, () => slotIsNow(people, slot));
    },
    provedUntil: async (consumer, ...slot) => {
      const [id] = slot;
      const { sequence } = await steps.current(id);
      await eventually(`slot ${slot.join(' ')} by proof`, async () => {
        await consumer.report(id, sequence);
        return slotIsNow(people, slot);
      });
    },
    adoptedByAll: (id) =>
      eventually(`every pod runs the current version of ${id}`, () =>
        adoptedNow(id, { sandbox, people, azure }),
      ),
    rotatesAgain: async (id) => {
      await steps.adoptedByAll(id);
      await steps.rotated(id);
      await steps.adoptedByAll(id);
    },
  };
  return steps;
}

async function slotIsNow(people: SandboxPeople, [id, name, ...states]: SlotIs): Promise<boolean> {
  const { slots } = await people.status(id);
  return slots.some((slot: Json) => slot.name === name && states.includes(slot.state));
}

/** Judged by Key Vault and the pods. */
async function adoptedNow(id: string, { sandbox, people, azure }: Parts): Promise<Json> {
  const { current, consumers } = await people.status(id);
  const deeds = await azure.deedsFor(id.replace(`${SERVICE}--`, ''));
  const latest = deeds.findLast(({ kind }) => kind === 'secret-set');
  if (latest?.kind !== 'secret-set' || latest.fingerprint !== current.fingerprint) return undefined;
  for (const { consumer } of consumers) {
    const { gateways } = await sandbox.cluster(consumer);
    const pods = gateways.find(({ credential }) => credential === id)?.pods ?? [];
    if (pods.some(({ version }) => version !== current.sequence)) return undefined;
  }
  return current;
}
