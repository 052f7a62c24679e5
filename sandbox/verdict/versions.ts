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

/** Each version with the one which replaced it. */
export function successions(
  versions: readonly PublishedVersion[],
): readonly (readonly [PublishedVersion, PublishedVersion])[] {
  const latest = new Map<string, PublishedVersion>();
  return versions.flatMap((version) => {
    const before = latest.get(version.gateway);
    latest.set(version.gateway, version);
    return before ? [[before, version] as const] : [];
  });
}

/** Every key whose slot was left by a publish on the other one. */
export function supersededKeys(journal: readonly JournalEntry[]): readonly SupersededKey[] {
  const expiries = latestExpiries(journal);
  const ends = endsOfKeys(journal);
  return successions(publishedVersions(journal))
    .filter(([version, next]) => version.slot !== next.slot)
    .map(([{ gateway, slot, keyVersion, expiresAtMs }, next]) => {
      const key = { gateway, slot, keyVersion };
      return {
        ...key,
        supersededAtMs: next.publishedAtMs,
        expiresAtMs: expiries.get(nameOf(key)) ?? expiresAtMs,
        regeneratedAtMs: ends.get(nameOf(key)),
      };
    });
}

/** The latest expiry signed with each key, by `nameOf`. */
function latestExpiries(journal: readonly JournalEntry[]): ReadonlyMap<string, number> {
  const latest = new Map<string, number>();
  for (const entry of journal) {
    if (entry.kind !== 'token-minted') continue;
    const name = nameOf(entry);
    latest.set(name, Math.max(latest.get(name) ?? 0, entry.expiresAtMs));
  }
  return latest;
}

/** When each key was regenerated, by `nameOf`: in one pass, since a sandbox may run for days. */
export function endsOfKeys(journal: readonly JournalEntry[]): ReadonlyMap<string, number> {
  return new Map(
    regenerationsOf(journal).map((entry) => [
      nameOf({ ...entry, keyVersion: entry.keyVersion - 1 }),
      entry.atMs,
    ]),
  );
}

/** Regenerations which killed the token that was current then: nothing could have replaced it before. */
export function cutOffs(journal: readonly JournalEntry[]) {
  const versions = Map.groupBy(publishedVersions(journal), ({ gateway }) => gateway);
  return regenerationsOf(journal).filter(({ gateway, slot, atMs }) => {
    const current = versions.get(gateway)?.findLast(({ publishedAtMs }) => publishedAtMs <= atMs);
    return current !== undefined && current.slot === slot && current.expiresAtMs > atMs;
  });
}

export function regenerationsOf(journal: readonly JournalEntry[]) {
  return journal.filter((entry) => entry.kind === 'key-regenerated');
}

type KeyName = Pick<PublishedVersion, 'gateway' | 'slot' | 'keyVersion'>;

export function nameOf({ gateway, slot, keyVersion }: KeyName): string {
  return `${gateway} ${slot} ${keyVersion}`;
}
