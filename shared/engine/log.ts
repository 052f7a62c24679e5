import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from '../ports.ts';

/** Where an invocation's lines go. The invocation context of `@azure/functions` fits, and so does the console. */
export interface LogSink {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

const sinks = new AsyncLocalStorage<LogSink>();

/** Runs an invocation: what is logged meanwhile belongs to it. */
export function loggingTo<T>(sink: LogSink, run: () => Promise<T>): Promise<T> {
  return sinks.run(sink, run);
}

/** The fields follow the sentence as JSON, so that people and queries both read a line. */
export const log: Log = (level, message, fields) => {
  const sink = sinks.getStore() ?? console;
  sink[level](fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
};
