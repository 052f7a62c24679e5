import type { JournalEntry } from '../contract.ts';
import { SERVICE } from '../world.ts';

type Minted = Extract<JournalEntry, { kind: 'token-minted' }>;

/** A published version as "Azure" saw it: recognised by its bytes, not by what Keyturn says about it. */
export interface PublishedVersion {
  readonly gateway: string;
  readonly slot: Minted['slot'];
  readonly keyVersion: number;
  readonly expiresAtMs: number;
  readonly fingerprint: string;
  readonly publishedAtMs: number;
}

/** A slot's key, from the first publish on another slot on: its tokens have nothing to do any more. */
export interface SupersededKey {
  readonly gateway: string;
  readonly slot: Minted['slot'];
  readonly keyVersion: number;
  readonly supersededAtMs: number;
  /** The latest expiry ever signed with the key. */
  readonly expiresAtMs: number;
  readonly regeneratedAtMs: number | undefined;
}

/** Every version in the order of its first publish. The same bytes published again are a repair, not a version. */
export function publishedVersions(journal: readonly JournalEntry[]): readonly PublishedVersion[] {
  const minted = new Map<string, Minted>();
  const published = new Map<string, PublishedVersion>();
  for (const entry of journal) {
    if (entry.kind === 'token-minted') minted.set(entry.fingerprint, entry);
    if (entry.kind !== 'secret-set' || entry.fingerprint === undefined) continue;
    const mint = minted.get(entry.fingerprint);
    if (!mint || published.has(mint.fingerprint)) continue;
    if (entry.secret !== `${SERVICE}--${mint.gateway}`) continue;
    const { gateway, slot, keyVersion, expiresAtMs, fingerprint } = mint;
    const version = { gateway, slot, keyVersion, expiresAtMs, fingerprint };
    published.set(fingerprint, { ...version, publishedAtMs: entry.atMs });
  }
  return [...published.values()];
}

/** Every key whose slot was left by a publish on the other one. */
export function supersededKeys(journal: readonly JournalEntry[]): readonly SupersededKey[] {
  const versions = publishedVersions(journal);
  return versions.flatMap((version, index) => {
    const next = versions.slice(index + 1).find(({ gateway }) => gateway === version.gateway);
    if (!next || next.slot === version.slot) return [];
    const { gateway, slot, keyVersion } = version;
    const expiries = journal.filter((entry) => entry.kind === 'token-minted').filter(isOf(version));
    return [
      {
        gateway,
        slot,
        keyVersion,
        supersededAtMs: next.publishedAtMs,
        expiresAtMs: Math.max(...expiries.map(({ expiresAtMs }) => expiresAtMs)),
        regeneratedAtMs: regenerationsOf(journal).find((entry) =>
          isOf(version)({ ...entry, keyVersion: entry.keyVersion - 1 }),
        )?.atMs,
      },
    ];
  });
}

/** Regenerations which killed the token that was current then: nothing could have replaced it before. */
export function cutOffs(journal: readonly JournalEntry[]) {
  const versions = publishedVersions(journal);
  return regenerationsOf(journal).filter(({ gateway, slot, atMs }) => {
    const current = versions.findLast(
      (version) => version.gateway === gateway && version.publishedAtMs <= atMs,
    );
    return current !== undefined && current.slot === slot && current.expiresAtMs > atMs;
  });
}

export function regenerationsOf(journal: readonly JournalEntry[]) {
  return journal.filter((entry) => entry.kind === 'key-regenerated');
}

type KeyName = Pick<PublishedVersion, 'gateway' | 'slot' | 'keyVersion'>;

function isOf({ gateway, slot, keyVersion }: KeyName) {
  return (entry: KeyName) =>
    entry.gateway === gateway && entry.slot === slot && entry.keyVersion === keyVersion;
}
