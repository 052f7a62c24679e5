import type { EpochMs } from '../limits.ts';
import type { Attempt, Observation, Trouble, Version } from '../nouns.ts';
import { isPlausible } from '../schedule.ts';
import { blocked, stuck } from './opinions.ts';

export function vaultIsNotReadable(seen: Observation) {
  const trouble = vaultTrouble(seen);
  return trouble && stuck(trouble, 'VaultIsNotReadable');
}

export function vaultTrouble({ vault, installation }: Observation): Trouble | undefined {
  if (vault.state === 'unknown') return vault.trouble;
  const other = vault.state === 'present' ? vault.tags.installation : undefined;
  if (other === undefined || other === installation) return undefined;
  return blocked('ERR_FOREIGN_INSTALLATION', `It is tagged by "${other}".`);
}

function isOurs({ vault, installation }: Observation): boolean {
  return vault.state === 'present' && vault.tags.installation === installation;
}

/** The sequence in this installation's own tag; 0 where there is none which it can have written. */
export function ownSequence(seen: Observation, nowMs: EpochMs): number {
  const { vault } = seen;
  const sequence = vault.state === 'present' && isOurs(seen) ? (vault.tags.sequence ?? 0) : 0;
  return isPlausible(sequence, nowMs) ? sequence : 0;
}

export function showsVersion(
  { vault }: Observation,
  { vaultVersion, fingerprint }: Version,
): boolean {
  return (
    vault.state === 'present' &&
    vault.version === vaultVersion &&
    vault.fingerprint === fingerprint &&
    vault.formatted
  );
}

/** Key Vault's latest carries this sequence and these bytes, under whatever version id. */
export function holds(
  seen: Observation,
  version: Pick<Version | Attempt, 'sequence' | 'fingerprint'>,
): boolean {
  const { vault } = seen;
  if (vault.state !== 'present' || !isOurs(seen) || !vault.formatted) return false;
  return vault.tags.sequence === version.sequence && vault.fingerprint === version.fingerprint;
}
