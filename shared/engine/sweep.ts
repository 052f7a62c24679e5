import { sameName } from '../core/credential-id.ts';
import { KeyturnError } from '../core/errors.ts';
import type { Finding } from '../core/findings.ts';
import { HISTORY_KEPT, INSTANCES_KEPT, MINUTE, type EpochMs } from '../core/limits.ts';
import type { Policy } from '../core/nouns.ts';
import type { Ports, RecordSummary } from '../ports.ts';
import type { Configuration } from './config.ts';
import type { Context } from './context.ts';

/** More findings of one sweep than anybody reads. */
const MOST_FINDINGS = 50;

/**
 * Finds what is due and queues it: new credentials, records whose time has come, and records which the configuration no
 * longer names. Decides nothing. Costs one query, and one list for each service with `"*"`.
 */
export async function sweep({ ports, configuration }: Context): Promise<void> {
  const catalogue = await configuration();
  const [records, { targets, findings }] = await Promise.all([
    ports.records.list(),
    discover(ports, catalogue.services),
  ]);
  const nowMs = ports.nowMs();
  const discovered = targets.flatMap((target) => catalogue.policyOfTarget(target) ?? []);
  const policies = [...catalogue.policies, ...discovered];
  const due = new Map([...newOnes(policies, records), ...dueOnes(catalogue, records, nowMs)]);
  for (const [id, target] of due) {
    await ports.queue.put({ v: 1, reconcile: id, target, atMs: nowMs }, 0);
  }
  const all = [...findings, ...takenNames(catalogue, targets, records)].slice(0, MOST_FINDINGS);
  await ports.sweeps.done({ atMs: nowMs, findings: all });
  for (const { code, message } of all) ports.log('warn', `sweep: ${message}`, { code });
  ports.log('info', `sweep: ${records.length} known, ${due.size} due`, { due: due.size });
  await prune(ports, records, nowMs);
}

interface Discovery {
  readonly targets: readonly string[];
  readonly findings: readonly Finding[];
}

/** A list that fails says nothing: what is known already goes on, new gateways wait for the next sweep. */
async function discover(ports: Ports, services: readonly string[]): Promise<Discovery> {
  const lists = await Promise.all(services.map((service) => listOf(ports, service)));
  return {
    targets: lists.flatMap(({ targets }) => targets),
    findings: lists.flatMap(({ findings }) => findings),
  };
}

async function listOf(ports: Ports, service: string): Promise<Discovery> {
  try {
    return { targets: await ports.gateways.list(service), findings: [] };
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    const finding: Finding = {
      code: 'DISCOVERY_FAILED',
      severity: error.remedy === 'blocked' ? 'alert' : 'warn',
      message: `The gateways of ${service} could not be listed: ${error.message}.`,
      remedy: 'Known gateways are rotated; new ones wait until the list can be read.',
    };
    return { targets: [], findings: [finding] };
  }
}

type Due = readonly [id: string, target: string];

function newOnes(policies: readonly Policy[], records: readonly RecordSummary[]): readonly Due[] {
  const known = new Set(records.map(({ id }) => id.toLowerCase()));
  const first = new Map<string, Policy>();
  for (const policy of policies) {
    if (!first.has(policy.id)) first.set(policy.id, policy);
  }
  return [...first.values()]
    .filter(({ id }) => !known.has(id.toLowerCase()))
    .map(({ id, target }) => [id, target] as const);
}

/** A record which nobody configures any more is due once, to be closed; one whose entry names another gateway now, at once. */
function dueOnes(
  catalogue: Configuration,
  records: readonly RecordSummary[],
  nowMs: EpochMs,
): readonly Due[] {
  return records
    .filter(({ id, target, dueAtMs, closed }) => {
      const policy = catalogue.policyOf(id, target);
      if (policy === undefined) return !closed;
      return dueAtMs <= nowMs || !sameName(policy.target, target);
    })
    .map(({ id, target }) => [id, target] as const);
}

/**
 * Gateways which are found and not rotated: two whose ids are one, as `a.b` and `a-b` are, of which the first has it, and
 * one whose id an explicit entry gives to another.
 */
function takenNames(
  catalogue: Configuration,
  targets: readonly string[],
  records: readonly RecordSummary[],
): readonly Finding[] {
  const known = [...records, ...catalogue.policies];
  const owners = new Map(known.map(({ id, target }) => [id.toLowerCase(), target]));
  return targets.flatMap((target) => {
    const id = catalogue.policyOfTarget(target)?.id;
    if (id === undefined) return nameTaken(target, 'an entry of the configuration has its name');
    const owner = owners.get(id) ?? target;
    owners.set(id, owner);
    return sameName(owner, target) ? [] : nameTaken(target, `its name ${id} belongs to ${owner}`);
  });
}

function nameTaken(target: string, why: string): Finding {
  return {
    code: 'NAME_TAKEN',
    severity: 'alert',
    message: `${target} is not rotated: ${why}.`,
    remedy: 'Give it an entry of its own in the configuration, with another `secret`.',
  };
}

/** Its multiples come everywhere, so that every record has its turn whatever the minutes of the schedule. */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/** What is old of one credential a sweep, in turn, so that it costs next to nothing. */
async function prune(
  ports: Ports,
  records: readonly RecordSummary[],
  nowMs: EpochMs,
): Promise<void> {
  const turn = ((nowMs / MINUTE) * GOLDEN_RATIO) % 1;
  const chosen = records[Math.floor(turn * records.length)];
  if (chosen === undefined) return;
  await ports.history.prune(chosen.id, nowMs - HISTORY_KEPT);
  await ports.adoptions.prune(chosen.id, nowMs - INSTANCES_KEPT);
}
