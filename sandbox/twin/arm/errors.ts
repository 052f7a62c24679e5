import type { z } from 'zod';
import { refusal } from '../http.ts';

/** Resource Manager's own error envelope. */
export function armError(status: number, code: string, message: string) {
  return refusal(status, { error: { code, message } });
}

/** API Management's, which always has `details`. */
export function serviceError(status: number, code: string, message: string) {
  return refusal(status, { error: { code, message, details: null } });
}

/** 400 as API Management words it, with one detail for each field. */
export function validationError(fields: readonly { target: string; message: string }[]) {
  const details = fields.map((field) => ({ code: 'ValidationError', ...field }));
  const message = 'One or more fields contain incorrect values:';
  return refusal(400, { error: { code: 'ValidationError', message, details } });
}

/** The body as its schema reads it. @throws the 400 which names every wrong field */
export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw validationError(
    result.error.issues.map(({ path, message }) => ({ target: path.join('.'), message })),
  );
}
