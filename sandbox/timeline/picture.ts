import type { ClusterStatus, JournalEntry } from '../contract.ts';
import type { CredentialPlan } from '../world.ts';
import type { Costs } from '../verdict/costs.ts';
import { endsOfKeys, nameOf, publishedVersions } from '../verdict/versions.ts';

/** All that one frame of the timeline shows. */
export interface Picture {
  readonly nowMs: number;
  readonly runAtMs: number;
  readonly app: string;
  readonly clusters: number;
  readonly credentials: readonly CredentialPicture[];
  /** The latest, oldest first. */
  readonly events: readonly Happening[];
  readonly calls: ClusterStatus['calls'];
  readonly restarts: number;
  readonly costs: Costs;
  /** Parts which did not answer just now; what is shown of them is the last that was known. */
  readonly silent: readonly string[];
}

export interface CredentialPicture {
  readonly gateway: string;
  readonly retire: CredentialPlan['retire'];
  readonly slots: readonly SlotPicture[];
  readonly consumers: readonly ConsumerPicture[];
}

/** `unseen` until Keyturn has told. */
export type SlotState = 'current' | 'used' | 'retiring' | 'settling' | 'clean' | 'unseen';

export interface SlotPicture {
  readonly name: 'primary' | 'secondary';
  readonly state: SlotState;
  /** Of the current version. */
  readonly sequence?: number;
  readonly lives: readonly Life[];
}

/** A slot's key in use: from its first publish until its last token expires or it is regenerated. */
export interface Life {
  readonly fromMs: number;
  readonly toMs: number;
  readonly regenerated: boolean;
}

export interface ConsumerPicture {
  readonly id: string;
  /** Pods which run the version that the cluster stored. */
  readonly adopted: number;
  readonly pods: number;
}

/** One line of the log. */
export interface Happening {
  readonly atMs: number;
  /** A gateway, or a part of the sandbox. */
  readonly who: string;
  /** A word of docs/architecture.md: publish, adopt, retire, probe... */
  readonly word: string;
  readonly message: string;
}

/** What one slot lived through, as "Azure" saw it. */
export function livesOf(
  journal: readonly JournalEntry[],
  gateway: string,
  slot: SlotPicture['name'],
): readonly Life[] {
  const lives = new Map<number, Life>();
  const ends = endsOfKeys(journal);
  for (const version of publishedVersions(journal)) {
    if (version.gateway !== gateway || version.slot !== slot) continue;
    const { fromMs, toMs } = lives.get(version.keyVersion) ?? {
      fromMs: version.publishedAtMs,
      toMs: 0,
    };
    const endedAtMs = ends.get(nameOf(version));
    const expiresAtMs = Math.max(toMs, version.expiresAtMs);
    lives.set(version.keyVersion, {
      fromMs,
      toMs: Math.min(expiresAtMs, endedAtMs ?? Infinity),
      regenerated: endedAtMs !== undefined,
    });
  }
  return [...lives.values()];
}

/** How far a credential's consumers are. A pod which is restarting is not on any version. */
export function consumersOf(
  { id: credential, consumers }: CredentialPlan,
  clusters: readonly ClusterStatus[],
  sequence: number | undefined,
): readonly ConsumerPicture[] {
  return consumers.map((id) => {
    const cluster = clusters.find((each) => each.id === id);
    const pods = cluster?.gateways.find((gateway) => gateway.credential === credential)?.pods ?? [];
    const adopted = pods.filter(({ version }) => version !== undefined && version === sequence);
    return { id, adopted: adopted.length, pods: pods.length };
  });
}
