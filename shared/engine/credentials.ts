import { KeyturnError } from '../core/errors.ts';
import type { CredentialRecord, Policy } from '../core/nouns.ts';
import type { Message, Ports, Stored } from '../ports.ts';
import type { Configuration } from './config.ts';
import { leaveToSweep } from './leave-to-sweep.ts';

/** Another worker writes between our read and write only so often. */
const MAX_TRIES = 5;

const ID = /^[0-9a-zA-Z-]{1,127}$/;

/** What the configuration and the store say about a name; nothing where nobody knows it. */
export interface Found {
  readonly policy: Policy | undefined;
  readonly record: CredentialRecord | undefined;
}

/**
 * The credential which a caller names. A discovered one is known by its record, which holds its target. Reads the record
 * whatever the configuration says, so that all names which are not the caller's take the same time.
 */
export async function findCredential(
  id: string,
  configuration: Configuration,
  read: (id: string) => Promise<CredentialRecord | undefined>,
): Promise<Found> {
  if (!ID.test(id)) return { policy: undefined, record: undefined };
  const explicit = configuration.policyOf(id);
  const record = await read(id.toLowerCase());
  const policy = explicit ?? configuration.policyOf(id, record?.target);
  return { policy, record };
}

/** Reads a record as it is stored now. */
export function recordReader({ records }: Ports) {
  return async (id: string): Promise<CredentialRecord | undefined> =>
    (await records.read(id))?.value;
}

/**
 * Changes a record and has it looked at now (rule 18). `change` sees what is stored at this moment and may throw.
 * @throws ERR_UNKNOWN where there is no record, ERR_CONFLICT
 */
export async function changeAndWake(
  ports: Ports,
  id: string,
  change: (record: CredentialRecord) => CredentialRecord,
): Promise<CredentialRecord> {
  for (let tries = 1; ; tries += 1) {
    const stored = await ports.records.read(id);
    if (stored === undefined)
      throw new KeyturnError('ERR_UNKNOWN', `nothing is known of ${id} yet`);
    const changed = { ...change(stored.value), dueAtMs: ports.nowMs() };
    if (await isWritten(ports, changed, stored, tries < MAX_TRIES)) {
      const wake = () => ports.queue.put(messageFor(changed, ports.nowMs()), 0);
      await leaveToSweep(ports.log, id, wake);
      return changed;
    }
  }
}

async function isWritten(
  { records }: Ports,
  changed: CredentialRecord,
  { etag }: Stored<CredentialRecord>,
  mayRetry: boolean,
): Promise<boolean> {
  try {
    await records.write(changed, etag);
    return true;
  } catch (error) {
    if (mayRetry && error instanceof KeyturnError && error.code === 'ERR_CONFLICT') return false;
    throw error;
  }
}

/** Asks for a reconcile of one credential. */
export function messageFor(
  { id, target }: Pick<Policy, 'id' | 'target'>,
  atMs: number,
): Extract<Message, { reconcile: string }> {
  return { v: 1, reconcile: id, target, atMs };
}
