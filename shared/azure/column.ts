import { z } from 'zod';
import { KeyturnError } from '../core/errors.ts';

/**
 * Reads a column of JSON. What cannot be read is an error which names it, never an absent thing.
 * @throws ERR_BUG
 */
export function parseColumn<T>(schema: z.ZodType<T>, text: string, what: string): T {
  const { data, error } = schema.safeParse(parseJson(text, what));
  if (error !== undefined) throw unreadable(what, z.prettifyError(error));
  return data;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(what, 'it is not JSON');
  }
}

function unreadable(what: string, why: string): KeyturnError {
  return new KeyturnError('ERR_BUG', `${what} cannot be read: ${why}`);
}
