import { randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { credentialsOf, type Env, newApi, refusal } from './http.ts';
import type { Twin } from './twin.ts';

/** Microsoft Graph with nothing in it: only its two ways to say no. */
export function graphApi(twin: Twin): Hono<Env> {
  const api = newApi();
  api.all('*', async (c) => {
    const token = credentialsOf(c, 'Bearer') ?? '';
    try {
      await twin.tokens.verify(token, 'https://graph.microsoft.com');
    } catch {
      // What is wrong with it would only help who should not have it.
      throw graphError(401, 'InvalidAuthenticationToken', 'Access token is empty or not valid.');
    }
    throw graphError(404, 'Request_ResourceNotFound', `Resource '${c.req.path}' does not exist.`);
  });
  return api;
}

function graphError(status: number, code: string, message: string) {
  const id = randomUUID();
  const date = new Date().toISOString().slice(0, 19);
  const innerError = { date, 'request-id': id, 'client-request-id': id };
  return refusal(status, { error: { code, message, innerError } }, { 'request-id': id });
}
