import type { CredentialRecord, Slot, SlotName, Version } from '../../shared/core/nouns.ts';
import { slotNamed, slotState, type SlotState } from '../../shared/core/schedule.ts';
import type { Ports } from '../../shared/ports.ts';
import type { World } from '../fakes/memory.ts';
import { GATEWAY, policy } from './samples.ts';

/** What a test sees: what Keyturn remembers, what Azure shows, what people read. */
export interface Views {
  record(): Promise<CredentialRecord>;
  current(): Promise<Version>;
  slot(name: SlotName): Promise<Slot & { readonly state: SlotState }>;
  /** What Key Vault gives its readers; undefined where the latest version is disabled or there is none. */
  published(): string | undefined;
  /** Would a gateway which starts with this value be let in? With the published one if none is named. */
  accepts(value?: string): boolean;
  /** Sentences of the history about one word of the design, oldest first. */
  history(event: string): Promise<readonly string[]>;
  /** How often a port was called. */
  count(call: string): number;
}

export function views(ports: Ports, world: World): Views {
  const { id, limits } = policy();

  const record = async (): Promise<CredentialRecord> => {
    const stored = await ports.records.read(id);
    if (stored === undefined) throw new Error('nothing is recorded yet');
    return stored.value;
  };
  const published = (): string | undefined => {
    const last = world.vault.versions(id).at(-1);
    return last?.enabled ? last.value : undefined;
  };

  return {
    record,
    published,
    async current() {
      const { current } = await record();
      if (current === undefined) throw new Error('nothing is published yet');
      return current;
    },
    async slot(name) {
      const slot = slotNamed(await record(), name);
      if (slot === undefined) throw new Error(`no slot ${name}`);
      return { ...slot, state: slotState(slot, limits, ports.nowMs()) };
    },
    accepts: (value = published() ?? '') => world.gateways.accepts(GATEWAY, value),
    async history(event) {
      const entries = await ports.history.list(id, 10_000);
      const oldestFirst = entries.toSorted((one, other) => one.atMs - other.atMs);
      return oldestFirst.filter((entry) => entry.event === event).map(({ message }) => message);
    },
    count: (call) => world.calls.filter((one) => one === call).length,
  };
}
