import { SecretClient, type KeyVaultSecret } from '@azure/keyvault-secrets';
import { KeyturnError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import type { VaultTags } from '../core/nouns.ts';
import { Secret } from '../core/secret.ts';
import type { Publication, SecretVault, VaultSecret } from '../ports.ts';
import { answerOf, calling, type Call } from './answers.ts';
import {
  limitOf,
  readOptions,
  writeOptions,
  type Access,
  type CallLimit,
  type PipelineOptions,
} from './pipeline.ts';

export interface KeyVaultOptions extends Access {
  /** For instance `https://kv-contoso.vault.azure.net`. */
  readonly url: string;
}

const TAGS = {
  sequence: 'keyturn-sequence',
  slot: 'keyturn-slot',
  installation: 'keyturn-installation',
} as const;

/**
 * Secrets of one Key Vault.
 * @see Key Vault 2025-07-01: Get Secret, Set Secret, Recover Deleted Secret
 */
export function openKeyVault(options: KeyVaultOptions): SecretVault {
  const open = (pipeline: PipelineOptions) =>
    new SecretClient(options.url, options.credential, {
      ...pipeline,
      // The challenge names vault.azure.net, which a vault on this machine cannot be a part of.
      disableChallengeResourceVerification: isLoopback(options.url),
    });
  const reader = open(readOptions(options));

  return {
    latest: (name) =>
      calling(reading(name), async () => {
        try {
          return toVaultSecret(await reader.getSecret(name, limitOf(options)));
        } catch (error) {
          const { code } = answerOf(error) ?? {};
          if (code === 'SecretNotFound') return undefined;
          if (code === 'SecretDisabled') return 'disabled';
          throw error;
        }
      }),
    version: (name, version) =>
      calling(reading(name), async () => {
        const found = await reader.getSecret(name, { version, ...limitOf(options) });
        return toVaultSecret(found).value;
      }),
    publish: (name, content, deadlineAtMs) =>
      calling(writing(name), () => {
        const writer = open(writeOptions(options, deadlineAtMs));
        return publish(writer, name, content, limitOf(options, deadlineAtMs));
      }),
  };
}

async function publish(
  writer: SecretClient,
  name: string,
  content: Publication,
  limit: CallLimit,
): Promise<string> {
  try {
    const made = await writer.setSecret(name, content.value.reveal(), {
      contentType: content.contentType,
      expiresOn: new Date(content.expiresAtMs),
      tags: fromTags(content.tags),
      ...limit,
    });
    return toVaultSecret(made).version;
  } catch (error) {
    const { code } = answerOf(error) ?? {};
    if (code === 'ObjectIsDeletedButRecoverable') await startRecovery(writer, name, limit);
    else if (!isSettling(code)) throw error;
    throw new KeyturnError('ERR_SECRET_RECOVERING', `secret ${name} was deleted and is recovered`);
  }
}

/** Starts the recovery and does not wait for it: that takes up to minutes, and the queue waits better. */
async function startRecovery(writer: SecretClient, name: string, limit: CallLimit): Promise<void> {
  const right = 'secrets/recover on the vault';
  await calling({ kind: 'write', what: `recover secret ${name}`, right }, async () => {
    try {
      await writer.beginRecoverDeletedSecret(name, limit);
    } catch (error) {
      if (!isSettling(answerOf(error)?.code)) throw error;
    }
  });
}

/** A secret on its way into or out of soft delete: for a while the vault itself does not find it (docs/azure-facts.md). */
function isSettling(code: string | undefined): boolean {
  return code === 'SecretNotFound' || code?.startsWith('ObjectIsBeing') === true;
}

/** What a vault's answer tells. A version which is not numbered by Keyturn has no sequence. */
function toVaultSecret({ value, properties }: KeyVaultSecret): VaultSecret {
  if (value === undefined || properties.version === undefined) {
    throw new KeyturnError(
      'ERR_UNAVAILABLE',
      `secret ${properties.name} was answered incompletely`,
    );
  }
  const { version, tags = {} } = properties;
  return { version, value: new Secret(value), tags: toTags(tags) };
}

function toTags(tags: Readonly<Record<string, string>>): VaultTags {
  const { [TAGS.sequence]: text, [TAGS.slot]: slot, [TAGS.installation]: installation } = tags;
  const sequence = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  return {
    ...(sequence !== undefined && { sequence }),
    ...(slot !== undefined && { slot }),
    ...(installation !== undefined && { installation }),
  };
}

function fromTags({ sequence, slot, installation }: Required<VaultTags>): Record<string, string> {
  return {
    [TAGS.sequence]: String(sequence),
    [TAGS.slot]: slot,
    [TAGS.installation]: installation,
  };
}

function reading(name: string): Call {
  return { kind: 'read', what: `read secret ${name}`, right: 'secrets/get on the vault' };
}

function writing(name: string): Call {
  return { kind: 'write', what: `publish secret ${name}`, right: 'secrets/set on the vault' };
}
