import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { formatted } from '../../shared/core/gateway-token.ts';
import { DAY } from '../../shared/core/limits.ts';
import type { Policy } from '../../shared/core/nouns.ts';
import { blankRecord } from '../../shared/core/transitions.ts';
import type { Azure } from './azure.ts';
import type { Dice } from './dice.ts';
import type { Note } from './history.ts';
import type { Plan } from './plan.ts';
import type { Records } from './stores.ts';

export interface PastParts {
  readonly plan: Plan;
  readonly azure: Azure;
  readonly records: Records;
  readonly dice: Dice;
  readonly note: Note;
}

const SLOTS = ['primary', 'secondary'];

/** What was there before the run. Returns the value in Key Vault, which consumers run with. */
export async function furnish(parts: PastParts, policy: Policy): Promise<string | undefined> {
  const { plan, azure, dice } = parts;
  azure.createGateway();
  if (plan.past === 'known') return furnishKnown(parts, policy);
  const expiryAtMs = () => plan.startAtMs + dice.between(DAY, 30 * DAY);
  for (const slot of dice.some(SLOTS)) useElsewhere(parts, azure.mint(slot, expiryAtMs()));
  if (plan.past === 'nothing') return undefined;
  const bare = azure.mint(plan.past, expiryAtMs());
  const value = formatted(bare, dice.pick(['raw', 'gateway-key']));
  azure.overwrite(value);
  return value;
}

/** Both slots' pasts are known, so that no retire has to wait for a month. */
async function furnishKnown({ plan, records }: PastParts, policy: Policy): Promise<undefined> {
  const firstSeenAtMs = plan.startAtMs - 60 * DAY;
  const slots = SLOTS.map((name) => ({ name, firstSeenAtMs, pastKnown: true, maxExpiryAtMs: 0 }));
  await records.store.write({ ...blankRecord(policy, plan.startAtMs), slots }, undefined);
}

/** Somebody made it in the portal and runs on it; Keyturn can only know that this may be so (rule 7). */
function useElsewhere({ note }: PastParts, bare: string): void {
  const pod = `somebody-${bare.slice(-8)}`;
  note({ what: 'pod-started', consumer: 'somebody', pod, fingerprint: fingerprintOf(bare) });
}
