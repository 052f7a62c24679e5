import type { z } from 'zod';
import { refusal } from '../http.ts';

/** Key Vault's error envelope; the inner code is the one that tells what happened. */
export function vaultError(status: number, code: string, message: string, inner?: string) {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return refusal(status, { error: { code, message, ...innererror } });
}

export function badParameter(message: string) {
  return vaultError(400, 'BadParameter', message);
}

export function secretNotFound(name: string) {
  const message = `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`;
  return vaultError(404, 'SecretNotFound', message);
}

export function deletedSecretNotFound(name: string) {
  return vaultError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`);
}

export function secretDisabled() {
  const message = 'Operation get is not allowed on a disabled secret.';
  return vaultError(403, 'Forbidden', message, 'SecretDisabled');
}

export function deletedButRecoverable(name: string) {
  const message = `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`;
  return vaultError(409, 'Conflict', message, 'ObjectIsDeletedButRecoverable');
}

export function beingDeleted(name: string) {
  const message = `Secret ${name} is currently being deleted.`;
  return vaultError(409, 'Conflict', message, 'ObjectIsBeingDeleted');
}

/** The body or query as its schema reads it. @throws 400 BadParameter for the first wrong field */
export function parsed<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badParameter(`Property ${issue?.path.join('.')} has invalid value. ${issue?.message}`);
}
