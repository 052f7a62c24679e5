import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const DAY_MS = 86_400_000;

/** How soon an empty queue is looked at again, at the soonest. */
export const MIN_POLLING_MS = 100;

/** `[d.]hh:mm:ss[.fffffff]`, the way .NET writes a length of time, in milliseconds. */
const TimeSpan = z.string().transform((text, context) => {
  const match = /^(?:(\d+)\.)?(\d\d):(\d\d):(\d\d(?:\.\d{1,7})?)$/.exec(text);
  if (match) return toMs(match);
  context.addIssue(`expected a length of time as hh:mm:ss, not "${text}"`);
  return z.NEVER;
});

function toMs([, days = '0', hours, minutes, seconds]: RegExpExecArray): number {
  return (
    Number(days) * DAY_MS +
    Number(hours) * 3_600_000 +
    Number(minutes) * 60_000 +
    Number(seconds) * 1000
  );
}

/** Strict where the host takes part: an option it would ignore is refused instead. Defaults are Azure's. */
const Queues = z.strictObject({
  batchSize: z.int().min(1).max(32).default(16),
  maxDequeueCount: z.int().min(1).default(5),
  visibilityTimeout: TimeSpan.default(0),
  maxPollingInterval: TimeSpan.pipe(z.number().min(MIN_POLLING_MS)).default(60_000),
  messageEncoding: z.enum(['base64', 'none']).default('base64'),
});

const HostJson = z.object({
  version: z.literal('2.0'),
  functionTimeout: TimeSpan.default(1_800_000),
  extensions: z
    .object({
      http: z.strictObject({ routePrefix: z.string().default('api') }).prefault({}),
      queues: Queues.prefault({}),
    })
    .prefault({}),
});

export interface QueueOptions {
  /** How many messages run at the same time. */
  readonly batchSize: number;
  readonly maxDequeueCount: number;
  /** Pause before a message whose function failed is seen again. */
  readonly retryAfterMs: number;
  readonly maxPollingMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface HostOptions {
  readonly functionTimeoutMs: number;
  readonly routePrefix: string;
  readonly queues: QueueOptions;
}

/** @throws when the file is missing or says something which this host does not do */
export async function readHostJson(appDir: string): Promise<HostOptions> {
  const file = join(appDir, 'host.json');
  const parsed = HostJson.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const { functionTimeout, extensions } = parsed.data;
  const { visibilityTimeout, maxPollingInterval, ...queues } = extensions.queues;
  return {
    functionTimeoutMs: functionTimeout,
    routePrefix: extensions.http.routePrefix,
    queues: { ...queues, retryAfterMs: visibilityTimeout, maxPollingMs: maxPollingInterval },
  };
}
