import { z } from 'zod';
import { standings } from '../core/adoption.ts';
import { adoptionIsComplete } from '../core/completion.ts';
import type { Adoption, AdoptionReport, CredentialRecord, Policy } from '../core/nouns.ts';
import type { Ports } from '../ports.ts';
import type { Authorize } from './authorize.ts';
import type { Context } from './context.ts';
import { changeAndWake, findCredential, recordReader } from './credentials.ts';
import { remember } from './history.ts';
import { type Door, empty, readJson } from './http.ts';
import { readInput } from './input.ts';
import { type BoundedMap, boundedMap } from './memory.ts';
import { demandOwn } from './pull.ts';

const MAX_VERSIONS = 100;
const MAX_PODS = 10_000;
const MAX_CREDENTIALS = 5_000;

const sequence = z.int().min(0);
const pods = z.int().min(0).max(MAX_PODS);

const REPORT = z.strictObject({
  stored: sequence,
  running: z.array(z.strictObject({ version: sequence, pods })).max(MAX_VERSIONS),
  desired: pods,
});

interface Reported {
  readonly record: CredentialRecord;
  readonly policy: Policy;
  readonly consumer: string;
}

/**
 * `PUT /v1/credentials/{id}/adoption`: a consumer tells what it stored and what its pods run. The report which completes
 * an adoption has the credential looked at now (rule 18).
 */
export function reportDoor(context: Context, authorize: Authorize): Door {
  const { ports } = context;
  const woken = boundedMap<number>(MAX_CREDENTIALS);

  return async (call) => {
    const configuration = await context.configuration();
    const principal = await authorize(call, configuration);
    const { id = '' } = call.params;
    const found = await findCredential(id, configuration, recordReader(ports));
    const { policy, record, consumer } = demandOwn(found, principal);
    const report = readInput(REPORT, await readJson(call));
    const before = await ports.adoptions.list(policy.id);
    await ports.adoptions.report(policy.id, consumer, { ...report, atMs: ports.nowMs() });
    if (record === undefined) return empty(204);
    const after = await ports.adoptions.list(policy.id);
    const reported = { record, policy, consumer };
    if (provesNow(reported, after, ports) && !provesNow(reported, before, ports)) {
      await tellAdoption(ports, reported, report);
    }
    await wakeWhenComplete(ports, reported, after, woken);
    return empty(204);
  };
}

function provesNow(
  { record, policy, consumer }: Reported,
  adoption: readonly Adoption[],
  { nowMs }: Ports,
): boolean {
  return standings(record, policy, adoption, nowMs()).some(
    (standing) => standing.consumer === consumer && standing.state === 'proved',
  );
}

/** Once for each version and instance, since a retire may have to wait for more than adoption. */
async function wakeWhenComplete(
  ports: Ports,
  { record, policy }: Reported,
  adoption: readonly Adoption[],
  woken: BoundedMap<number>,
): Promise<void> {
  const version = record.current?.sequence ?? 0;
  if (!adoptionIsComplete(record, policy, adoption, ports.nowMs())) return woken.delete(policy.id);
  if (woken.get(policy.id) === version) return;
  await changeAndWake(ports, policy.id, (latest) => latest);
  woken.set(policy.id, version);
}

function tellAdoption(
  ports: Ports,
  { policy, consumer }: Reported,
  { running, stored }: AdoptionReport,
): Promise<void> {
  const count = running.reduce((sum, each) => sum + each.pods, 0);
  const message = `${consumer} runs #${stored} on ${count} pods`;
  return remember(ports, { credential: policy.id, event: 'adopt', message, sequence: stored });
}
