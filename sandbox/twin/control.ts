import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Fault } from '../contract.ts';
import { bodyOf, type Env, newApi, refusal } from './http.ts';
import type { Twin } from './twin.ts';

const faultSchema: z.ZodType<Fault> = z.strictObject({
  api: z.enum(['arm', 'vault', 'login', 'graph', 'configuration', 'identity']),
  operation: z.string().exactOptional(),
  times: z.number().int().min(1),
  status: z.number().int().min(400).max(599).exactOptional(),
  retryAfterSeconds: z.number().int().min(0).exactOptional(),
  lostReply: z.boolean().exactOptional(),
  delayMs: z.number().int().min(0).exactOptional(),
});
const eventSchema = z.strictObject({ eventType: z.string(), subject: z.string(), data: z.json() });
const sinceSchema = z.coerce.number().int().min(0).default(0);
const personSchema = z.enum(['operator', 'reader', 'owner']);

/** The sandbox's own door: what the twin saw, what it shall do wrong, who people are. */
export function controlApi(twin: Twin): Hono<Env> {
  const api = newApi();
  api.get('/control/journal', (c) => {
    const since = parsed(sinceSchema, c.req.query('since'));
    return c.json(twin.journal.filter(({ seq }) => seq > since));
  });
  api.get('/control/counters', (c) => c.json(twin.counters.read()));
  api.post('/control/faults', async (c) => {
    twin.faults.add(parsed(faultSchema, await bodyOf(c)));
    return c.body(null, 204);
  });
  api.delete('/control/faults', (c) => {
    twin.faults.clear();
    return c.body(null, 204);
  });
  api.post('/control/events', async (c) => {
    twin.record('control', { kind: 'event-raised' }, parsed(eventSchema, await bodyOf(c)));
    return c.body(null, 202);
  });
  api.get('/control/people/:name', (c) => personToken(c, twin));
  return api;
}

/** A token of the identity with the person's name, for Keyturn's API or the `resource` asked for. */
async function personToken(c: Context<Env, '/control/people/:name'>, twin: Twin) {
  const name = parsed(personSchema, c.req.param('name'));
  const person = twin.seed.identities.find(({ displayName }) => displayName === name);
  if (person === undefined) throw refusal(404, { message: `The seed has no ${name}.` });
  const resource = c.req.query('resource') ?? twin.seed.audience;
  const audience = twin.tokens.audienceOf(resource);
  if (audience === undefined) throw refusal(400, { message: `Unknown resource ${resource}.` });
  return c.json({ access_token: await twin.tokens.issue(person, audience, 'secret') });
}

function parsed<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw refusal(400, { message: z.prettifyError(result.error) });
}
