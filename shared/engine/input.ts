import type { z } from 'zod';
import { KeyturnError } from '../core/errors.ts';

/** A caller's input in the shape that was expected. @throws ERR_INPUT with every field that is wrong */
export function readInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`,
  );
  throw new KeyturnError('ERR_INPUT', fields.join('; '));
}
