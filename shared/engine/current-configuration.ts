import { KeyturnError } from '../core/errors.ts';
import type { DurationMs } from '../core/limits.ts';
import type { ConfigSource, Ports } from '../ports.ts';
import { type Configuration, parseConfiguration } from './config.ts';
import { remembering } from './memory.ts';

/** Every instance looks for a newer file this often, at most. */
const MAX_AGE: DurationMs = 5_000;

interface Version {
  readonly etag: string;
  readonly configuration: Configuration;
}

/**
 * The configuration in force. A file which became invalid or unreadable leaves the last good one in force; the one
 * object is given until another file is read, so that what was derived from it can be kept beside it.
 */
export function currentConfiguration(
  source: ConfigSource,
  { log, nowMs }: Pick<Ports, 'log' | 'nowMs'>,
): () => Promise<Configuration> {
  const versionOf = remembering<Version>((_, last) => readNewer(source, last, log), {
    nowMs,
    maxAgeMs: MAX_AGE,
    most: 1,
    onStale: (_, error) =>
      log('warn', `the configuration cannot be read, the last one goes on: ${String(error)}`),
  });
  return async () => (await versionOf('configuration')).configuration;
}

async function readNewer(
  source: ConfigSource,
  last: Version | undefined,
  log: Ports['log'],
): Promise<Version> {
  const read = await source.read(last?.etag);
  if (read === 'unchanged' && last !== undefined) return last;
  if (read === 'unchanged') throw new KeyturnError('ERR_BUG', 'unchanged, but nothing was read');
  try {
    return { etag: read.etag, configuration: parseConfiguration(read.text) };
  } catch (error) {
    if (!(error instanceof KeyturnError) || last === undefined) throw error;
    log('error', error.message, { code: error.code });
    return {
      etag: read.etag,
      configuration: { ...last.configuration, problem: error.message },
    };
  }
}
