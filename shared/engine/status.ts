import { z } from 'zod';
import { ERRORS, KeyturnError } from '../core/errors.ts';
import { type Authorize, demandReader } from './authorize.ts';
import type { Configuration } from './config.ts';
import type { Context } from './context.ts';
import { findCredential, recordReader } from './credentials.ts';
import { type Call, type Door, json, type Reply } from './http.ts';
import { readInput } from './input.ts';
import { isLate } from './late-sweep.ts';
import { historyLine, iso, type Known, statusOf } from './status-view.ts';

/** Credentials in one answer; `next` names where the following one begins. */
const PAGE = 200;

/** Credentials which are read at the same time. */
const AT_ONCE = 16;

const MOST_EXPECTED = 'expected a whole number from 1 to 1000';
const QUERY = z.object({
  most: z.coerce
    .number(MOST_EXPECTED)
    .int(MOST_EXPECTED)
    .min(1, MOST_EXPECTED)
    .max(1_000, MOST_EXPECTED)
    .default(100),
});

/** `GET /v1/status`, `/v1/status/{id}` and `/v1/status/{id}/history`, for readers. */
export function statusDoor(context: Context, authorize: Authorize): Door {
  return async (call) => {
    const configuration = await context.configuration();
    demandReader(await authorize(call, configuration));
    const [id, part] = (call.params['path'] ?? '').split('/', 2);
    if (!id) return allCredentials(call, context, configuration);
    const known = await readKnown(context, configuration, id);
    if (part === 'history') return history(call, context, known);
    if (part) throw new KeyturnError('ERR_UNKNOWN', 'There is only "history" below a credential.');
    return json(200, statusOf(known, context.ports.nowMs()));
  };
}

/** By id, a page at a time, with the sweep and the configuration. */
async function allCredentials(
  call: Call,
  context: Context,
  configuration: Configuration,
): Promise<Reply> {
  const ids = await idsAfter(call.query.get('after') ?? '', context, configuration);
  const page = ids.slice(0, PAGE);
  const credentials: object[] = [];
  for (let at = 0; at < page.length; at += AT_ONCE) {
    const some = page.slice(at, at + AT_ONCE);
    credentials.push(...(await Promise.all(some.map((id) => lineOf(id, context, configuration)))));
  }
  return json(200, {
    ...(await installationOf(context, configuration)),
    credentials,
    next: ids.length > PAGE ? page.at(-1) : undefined,
  });
}

/** A record which a newer release wrote is told as such, and hides no other. */
async function lineOf(id: string, context: Context, configuration: Configuration): Promise<object> {
  try {
    return statusOf(await readKnown(context, configuration, id), context.ports.nowMs());
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.code !== 'ERR_SCHEMA_NEWER') throw error;
    const { code, message } = error;
    return { id, findings: [{ code, severity: 'warn', message, remedy: ERRORS[code][1] }] };
  }
}

/** Newest first, `?most=` entries. */
async function history(call: Call, { ports }: Context, { id }: Known): Promise<Reply> {
  const { most } = readInput(QUERY, { most: call.query.get('most') ?? undefined });
  const entries = await ports.history.list(id, most);
  return json(200, { id, entries: entries.map(historyLine) });
}

async function idsAfter(
  after: string,
  { ports }: Context,
  { policies }: Configuration,
): Promise<readonly string[]> {
  const records = await ports.records.list();
  const ids = new Set([...records, ...policies].map(({ id }) => id));
  return [...ids].filter((id) => id > after).toSorted();
}

/** @throws ERR_UNKNOWN where neither the configuration nor the store knows the name */
async function readKnown(
  { ports }: Context,
  configuration: Configuration,
  asked: string,
): Promise<Known> {
  const { policy, record } = await findCredential(asked, configuration, recordReader(ports));
  const id = policy?.id ?? record?.id;
  if (id === undefined) throw new KeyturnError('ERR_UNKNOWN', 'There is no such credential.');
  const [adoption, instances] = await Promise.all([
    ports.adoptions.list(id),
    ports.adoptions.instances(id),
  ]);
  return { id, policy, record, limits: configuration.limits, adoption, instances };
}

/** What concerns all credentials. */
async function installationOf({ ports, installation }: Context, configuration: Configuration) {
  const { mode, problem, hints, limits } = configuration;
  const { atMs: lastAtMs, findings } = (await ports.sweeps.last()) ?? {};
  return {
    installation,
    at: iso(ports.nowMs()),
    sweep: { lastAt: iso(lastAtMs), late: isLate(lastAtMs, limits, ports.nowMs()), findings },
    configuration: { mode, problem, hints },
  };
}
