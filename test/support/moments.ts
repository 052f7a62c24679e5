import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEntry } from '../../sandbox/contract.ts';
import { SERVICE } from '../../sandbox/world.ts';
import { eventually, isAlive, type LiveSandbox } from './live-sandbox.ts';
import { type SandboxAzure, sandboxAzure } from './sandbox-azure.ts';
import { type SandboxPeople, sandboxPeople } from './sandbox-keyturn.ts';
import { sandboxSteps } from './sandbox-steps.ts';

/** How long Azure keeps Keyturn waiting at a step: less than its call timeout, enough to be seen. */
const HELD_MS = 1_800;

/** One credential of a sandbox. */
interface Where {
  readonly sandbox: LiveSandbox;
  readonly id: string;
}

/** Keyturn is on its way with it. */
interface OnTheWay extends Where {
  readonly azure: SandboxAzure;
  readonly people: SandboxPeople;
  /** Azure's journal and the credential's sequence before anybody asked. */
  readonly sinceSeq: number;
  readonly sequence: number;
}

/** A moment between two steps of the protocol. */
interface Moment {
  /** The step which has just been made. */
  readonly after: string;
  readonly operation: 'rotate' | 'revoke';
  /** What Azure shall do so that Keyturn stands still at the moment. */
  readonly hold: (way: OnTheWay) => Promise<void>;
  /** Resolves when Keyturn stands there. */
  readonly reached: (way: OnTheWay) => Promise<void>;
}

/**
 * Every step of the protocol. Calls to Azure are held by the twin; writes of the record by storage which stands still
 * (SIGSTOP, ended by whoever placed the moment).
 */
export const MOMENTS: readonly Moment[] = [
  {
    after: 'first mint',
    operation: 'rotate',
    hold: holding('arm', 'generateToken'),
    reached: (way) => deeds(way, 'token-minted', 1),
  },
  {
    after: 'second mint',
    operation: 'rotate',
    hold: holding('arm', 'generateToken'),
    reached: async (way) => {
      await deeds(way, 'token-minted', 1);
      way.sandbox.signal('azurite', 'SIGSTOP');
      await deeds(way, 'token-minted', 2);
    },
  },
  {
    after: 'publish intent',
    operation: 'rotate',
    hold: holding('vault', 'setSecret'),
    reached: (way) => intent(way, 'publish'),
  },
  {
    after: 'set secret',
    operation: 'rotate',
    hold: holding('vault', 'setSecret'),
    reached: async (way) => {
      await intent(way, 'publish');
      await holding('vault', 'getSecret')(way);
      await deeds(way, 'secret-set', 1);
    },
  },
  {
    after: 'read back',
    operation: 'rotate',
    hold: holding('vault', 'setSecret'),
    reached: async (way) => {
      await intent(way, 'publish');
      await holding('vault', 'getSecret')(way);
      await deeds(way, 'secret-set', 1);
      way.sandbox.signal('azurite', 'SIGSTOP');
      await sleep(HELD_MS);
    },
  },
  {
    after: 'record',
    operation: 'rotate',
    hold: holding('vault', 'setSecret'),
    reached: async (way) => {
      await deeds(way, 'secret-set', 1);
      await holding('arm', 'generateToken')(way);
      await eventually('it is recorded', async () => {
        return (await way.people.status(way.id)).current.sequence > way.sequence;
      });
    },
  },
  {
    after: 'adopt',
    operation: 'rotate',
    hold: async () => undefined,
    reached: async ({ people, id, sequence }) => {
      await eventually('one consumer has adopted it', async () => {
        const { current, consumers } = await people.status(id);
        const proved = consumers.some(({ state }: { state: string }) => state === 'proved');
        return current.sequence > sequence && proved;
      });
    },
  },
  {
    after: 'retire intent',
    operation: 'revoke',
    hold: holding('arm', 'regenerateKey'),
    reached: (way) => intent(way, 'retire'),
  },
  {
    after: 'regenerate',
    operation: 'revoke',
    hold: holding('arm', 'regenerateKey'),
    reached: async (way) => {
      await intent(way, 'retire');
      way.sandbox.signal('azurite', 'SIGSTOP');
      await deeds(way, 'key-regenerated', 1);
    },
  },
  {
    after: 'retire result',
    operation: 'revoke',
    hold: async () => undefined,
    reached: async (way) => {
      await deeds(way, 'key-regenerated', 1);
      await eventually('it is recorded', async () => {
        return (await way.people.status(way.id)).intent === undefined;
      });
    },
  },
];

/** Asks for the operation, stops Keyturn at the moment, acts, and lets everything go on. */
export async function stopAt(
  moment: Moment,
  { sandbox, id }: Where,
  act: () => Promise<void>,
): Promise<void> {
  const azure = sandboxAzure(sandbox);
  const people = sandboxPeople(sandbox);
  const { sequence, slot } = await sandboxSteps(sandbox).adoptedByAll(id);
  const way = { sandbox, azure, people, id, sinceSeq: await azure.lastSeq(), sequence };
  await moment.hold(way);
  try {
    await ask(way, moment, slot === 'primary' ? 'secondary' : 'primary');
    await moment.reached(way);
    await act();
  } finally {
    await goOn(way);
  }
}

/** Nobody may be hurt by it: every pod runs the current version, and the other slot is the one to revoke. */
async function ask({ people, id }: OnTheWay, { operation }: Moment, slot: string): Promise<void> {
  const more = operation === 'revoke' ? { slot, confirm: 0 } : {};
  await eventually(`${operation} of ${id} is accepted`, async () => {
    return (await people.operate(id, operation, { reason: 'a test', ...more })).status === 202;
  });
}

/** Who was killed meanwhile has forgotten its faults, and cannot be woken. */
async function goOn({ sandbox, azure }: OnTheWay): Promise<void> {
  const { azurite = 0, twin = 0 } = sandbox.file().processes;
  if (azurite !== 0 && isAlive(azurite)) process.kill(azurite, 'SIGCONT');
  if (twin !== 0 && isAlive(twin)) await Promise.allSettled([azure.noFaults()]);
}

/** The next few: other credentials' calls come between. */
function holding(api: 'arm' | 'vault', operation: string) {
  return ({ azure }: OnTheWay) => azure.fault({ api, operation, times: 6, delayMs: HELD_MS });
}

async function intent({ people, id }: OnTheWay, step: string): Promise<void> {
  await eventually(`the intent to ${step} is written`, async () => {
    return (await people.status(id)).intent?.step === step;
  });
}

async function deeds(
  { azure, id, sinceSeq }: OnTheWay,
  kind: JournalEntry['kind'],
  count: number,
): Promise<void> {
  await eventually(`Azure has seen ${kind} ${count} times`, async () => {
    const made = await azure.deedsFor(id.replace(`${SERVICE}--`, ''), sinceSeq);
    return made.filter((deed) => deed.kind === kind).length >= count;
  });
}
