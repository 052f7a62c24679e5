import { KeyturnError } from '../../shared/core/errors.ts';
import { fingerprintOf } from '../../shared/core/fingerprint.ts';
import { bareToken } from '../../shared/core/gateway-token.ts';
import { MINUTE } from '../../shared/core/limits.ts';
import type { SecretVault } from '../../shared/ports.ts';
import { memoryVault } from '../fakes/vault.ts';
import type { Dice } from './dice.ts';
import type { Note } from './history.ts';
import { ID } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** The secret of the simulation, and what people do to it in the portal. */
export interface PublishedSecret {
  readonly vault: SecretVault;
  /** What Key Vault shows, if it shows anything. */
  latest(): string | undefined;
  overwrite(value: string): void;
  disable(): void;
  deleteSecret(): void;
}

/** Key Vault's one secret, which tells the history of every version and of what it shows. */
export function openSecret(scheduler: Scheduler, dice: Dice, note: Note): PublishedSecret {
  const { vault, world } = memoryVault(scheduler.nowMs);
  let isDeleted = false;
  const latest = () => {
    const last = world.versions(ID).at(-1);
    return last?.enabled && !isDeleted ? last.value : undefined;
  };
  const show = () => {
    const value = latest();
    note({ what: 'secret-shows', fingerprint: value && fingerprintOf(bareToken(value)) });
  };
  const recover = () => {
    world.recovered(ID);
    isDeleted = false;
    show();
  };

  return {
    vault: watched(vault, note, () => scheduler.after(dice.scaled(1_000, 5 * MINUTE), recover)),
    latest,
    overwrite(value) {
      if (isDeleted) return;
      world.overwrite(ID, value);
      note({ what: 'secret-set', by: 'person', fingerprint: fingerprintOf(bareToken(value)) });
    },
    disable() {
      world.disable(ID);
      show();
    },
    deleteSecret() {
      world.delete(ID);
      isDeleted = true;
      show();
    },
  };
}

function watched(vault: SecretVault, note: Note, onRecovery: () => void): SecretVault {
  return {
    ...vault,
    async publish(name, content, deadlineAtMs) {
      try {
        const version = await vault.publish(name, content, deadlineAtMs);
        const fingerprint = fingerprintOf(bareToken(content.value.reveal()));
        const { sequence } = content.tags;
        note({ what: 'secret-set', by: 'keyturn', fingerprint, sequence });
        return version;
      } catch (error) {
        if (error instanceof KeyturnError && error.code === 'ERR_SECRET_RECOVERING') onRecovery();
        throw error;
      }
    },
  };
}
