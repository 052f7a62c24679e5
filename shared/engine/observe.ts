import { KeyturnError } from '../core/errors.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import { KINDS } from '../core/kinds.ts';
import type {
  CredentialRecord,
  IssuerReading,
  Observation,
  Policy,
  VaultReading,
} from '../core/nouns.ts';
import { troubleOf } from '../core/setbacks.ts';
import type { VaultSecret } from '../ports.ts';
import type { Context } from './context.ts';

/** The world around one record, as far as it can be read. A failed read is `unknown`, with what failed. */
export async function observe(
  { ports, installation }: Context,
  policy: Policy,
  record: CredentialRecord,
): Promise<Observation> {
  const [vault, issuer, adoption] = await Promise.all([
    reading(async () => toReading(await ports.vault.latest(policy.id), policy)),
    reading<IssuerReading>(async () => ({
      state: (await ports.issuers[policy.kind].issuedSlots(policy)) ? 'present' : 'absent',
    })),
    reading(async () => ({ state: 'known', list: await ports.adoptions.list(policy.id) }) as const),
  ]);
  return {
    installation,
    record,
    vault,
    issuer,
    adoption: adoption.state === 'known' ? adoption.list : 'unknown',
  };
}

async function reading<T>(
  read: () => Promise<T>,
): Promise<T | Extract<VaultReading, { state: 'unknown' }>> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    return { state: 'unknown', trouble: troubleOf(error) };
  }
}

/** What Key Vault shows, without the value. */
export function toReading(
  found: VaultSecret | 'disabled' | undefined,
  policy: Policy,
): VaultReading {
  if (found === undefined) return { state: 'absent' };
  if (found === 'disabled') return { state: 'disabled' };
  const kind = KINDS[policy.kind];
  const written = found.value.reveal();
  const bare = kind.bare(written);
  return {
    state: 'present',
    version: found.version,
    fingerprint: fingerprintOf(bare),
    formatted: kind.written(bare, policy) === written,
    tags: found.tags,
  };
}
