/** Levels of the Functions worker, in growing weight. */
export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical';

interface LogOrigin {
  readonly function?: string;
  readonly invocationId?: string;
}

export type Log = (level: LogLevel, message: string, origin?: LogOrigin) => void;

/** Azure's default level is `Information`; below it the library describes itself. */
const SILENT: ReadonlySet<LogLevel> = new Set(['trace', 'debug']);

/** Writes one JSON object a line to stdout. */
export const logToStdout: Log = (level, message, origin) => {
  if (SILENT.has(level)) return;
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), level, ...origin, message })}\n`);
};

/** An error as a log line tells it: with its stack, never with its other members. */
export function describe(error: Error): string {
  return error.stack ?? error.message;
}

/** Whatever was thrown, as an `Error`: JavaScript lets an app throw anything. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
