import { isDeviating } from '../core/checks/probe.ts';
import { KeyturnError } from '../core/errors.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import { KINDS } from '../core/kinds.ts';
import type { Attempt, Observation, Policy, Step, Version } from '../core/nouns.ts';
import { isPlausible, nextSequence } from '../core/schedule.ts';
import { Secret } from '../core/secret.ts';
import {
  attemptOf,
  closed,
  identified,
  probed,
  publishBooked,
  published,
  retireBooked,
  retired,
} from '../core/transitions.ts';
import type { IssuedValue, Ports, Publication, VaultSecret } from '../ports.ts';
import type { Ledger } from './ledger.ts';

/** One reconcile at work: what it saw, the record it may write, and the policy it serves. */
export interface Run {
  readonly ports: Ports;
  readonly installation: string;
  readonly policy: Policy;
  readonly seen: Observation;
  readonly ledger: Ledger;
}

/**
 * Carries one step out and records its outcome. Returns a sentence for the history.
 * @throws whatever the ports throw; what was recorded before stays, and the next reconcile goes on from there.
 */
export function act(run: Run, step: Step): Promise<string> {
  switch (step.do) {
    case 'identify':
      return identify(run);
    case 'probe':
      return probe(run);
    case 'publish':
      return publish(run, step);
    case 'finish':
      return finish(run);
    case 'retire':
      return retire(run, step);
    case 'close':
      return close(run, step);
  }
}

async function identify({ ports, installation, policy, ledger }: Run): Promise<string> {
  const found = await ports.vault.latest(policy.id);
  const secret = found === 'disabled' ? undefined : found;
  const origin = secret && (await ports.issuers[policy.kind].takeOver(policy, secret.value));
  const nowMs = ports.nowMs();
  const own = secret === undefined ? 0 : ownSequence(secret, installation, nowMs);
  const known = ledger.record.current;
  const same = known !== undefined && known.fingerprint === origin?.fingerprint;
  const sequence = own || (same ? known.sequence : nextSequence(ledger.record.sequence, nowMs));
  const version = secret && origin && { ...origin, sequence, vaultVersion: secret.version };
  const record = { ...ledger.record, sequence: Math.max(ledger.record.sequence, own) };
  await ledger.write(identified(record, version, policy, nowMs));
  if (version === undefined) return 'nothing of this issuer found in Key Vault';
  return `#${sequence} found in Key Vault, signed on ${version.slot}, expires ${iso(version.expiryAtMs)}`;
}

function ownSequence({ tags }: VaultSecret, installation: string, nowMs: number): number {
  const sequence = tags.installation === installation ? (tags.sequence ?? 0) : 0;
  return isPlausible(sequence, nowMs) ? sequence : 0;
}

async function probe({ ports, policy, ledger }: Run): Promise<string> {
  const current = currentOf(ledger);
  const result = await ports.issuers[policy.kind].isAlive(policy, current);
  if (result === 'deviates')
    throw new KeyturnError('ERR_DEVIATION', 'A probe contradicted itself.');
  await ledger.write(probed(ledger.record, result, ports.nowMs()));
  return result === 'alive'
    ? `#${current.sequence} is signed by the key in force`
    : `#${current.sequence} is dead: somebody regenerated the ${current.slot} key`;
}

/**
 * Issue, verify, intent, publish, read back, record, in one run: no value outlives it outside Key Vault, and bytes which
 * were minted and never published harm nobody.
 */
async function publish(run: Run, step: Extract<Step, { do: 'publish' }>): Promise<string> {
  const { ports, policy, ledger } = run;
  const issuer = ports.issuers[policy.kind];
  const { slot, cause, expiryAtMs } = step;
  const issued = await issuer.bytesOf(policy, slot, expiryAtMs, isDeviating(ledger.record));
  if (cause === 'repair' && issued.fingerprint !== currentOf(ledger).fingerprint) {
    await ledger.write(probed(ledger.record, 'dead', ports.nowMs()));
    return 'cannot be repaired: somebody regenerated the key and wrote into the secret';
  }
  const nowMs = ports.nowMs();
  const deadlineAtMs = nowMs + policy.limits.deadlineMs;
  const attempt = attemptOf(ledger.record, { ...step, fingerprint: issued.fingerprint }, nowMs);
  await ledger.write(publishBooked(ledger.record, attempt, deadlineAtMs));
  const content = publicationOf(run, attempt, issued);
  const version = await ports.vault.publish(policy.id, content, deadlineAtMs);
  await readBack(run, attempt, version);
  await ledger.write(published(ledger.record, attempt, version, ports.nowMs()));
  return `#${attempt.sequence} on ${slot} (${cause}), verified, expires ${iso(expiryAtMs)}`;
}

function publicationOf(
  { policy, installation }: Run,
  { sequence, slot, expiryAtMs }: Attempt,
  { value }: IssuedValue,
): Publication {
  const kind = KINDS[policy.kind];
  return {
    value: new Secret(kind.written(value.reveal(), policy)),
    contentType: kind.contentType,
    expiresAtMs: expiryAtMs,
    tags: { sequence, slot, installation },
  };
}

async function readBack({ ports, policy }: Run, attempt: Attempt, version: string): Promise<void> {
  const shown = await ports.vault.latest(policy.id);
  const same =
    typeof shown === 'object' &&
    shown.version === version &&
    fingerprintOf(KINDS[policy.kind].bare(shown.value.reveal())) === attempt.fingerprint;
  if (!same)
    throw new KeyturnError('ERR_READ_BACK', `${policy.id}: another version is the latest.`);
}

/** The crash came between Key Vault and the record. */
async function finish({ ports, seen, ledger }: Run): Promise<string> {
  const { vault } = seen;
  if (vault.state !== 'present') throw new KeyturnError('ERR_BUG', 'Nothing to finish.');
  const { next } = ledger.record;
  const isNext = next !== undefined && next.sequence === vault.tags.sequence;
  const attempt = isNext ? next : repairOf(currentOf(ledger));
  await ledger.write(published(ledger.record, attempt, vault.version, ports.nowMs()));
  return `#${attempt.sequence} on ${attempt.slot} was published by a run which did not end`;
}

function repairOf({ sequence, slot, expiryAtMs, fingerprint, publishedAtMs }: Version): Attempt {
  return { sequence, slot, expiryAtMs, fingerprint, cause: 'repair', startedAtMs: publishedAtMs };
}

async function retire(run: Run, { slot, cause }: Extract<Step, { do: 'retire' }>): Promise<string> {
  const { ports, policy, ledger } = run;
  const deadlineAtMs = ports.nowMs() + policy.limits.deadlineMs;
  await ledger.write(retireBooked(ledger.record, slot, deadlineAtMs));
  await ports.issuers[policy.kind].retire(policy, slot, deadlineAtMs);
  await ledger.write(retired(ledger.record, slot, ports.nowMs()));
  return `${slot} (${cause}): its key is regenerated`;
}

async function close(
  { ports, policy, ledger }: Run,
  { why }: Extract<Step, { do: 'close' }>,
): Promise<string> {
  const nowMs = ports.nowMs();
  await ledger.write(closed(ledger.record, why, nowMs + policy.limits.maxIdleMs, nowMs));
  return why === 'issuer-gone' ? 'the gateway is gone' : 'no longer configured';
}

function currentOf({ record }: Ledger): Version {
  if (record.current === undefined)
    throw new KeyturnError('ERR_BUG', 'There is no current version.');
  return record.current;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}
