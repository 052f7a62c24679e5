import type { TokenCredential } from '@azure/identity';
import type { PipelinePolicy, PipelineRetryOptions } from '@azure/core-rest-pipeline';
import { KeyturnError } from '../core/errors.ts';
import type { DurationMs, EpochMs } from '../core/limits.ts';
import { answerOf } from './answers.ts';

/** What every client of Azure is opened with. */
export interface Access {
  readonly credential: TokenCredential;
  /** A fresh clock: deadlines are checked right before a send. */
  readonly nowMs: () => EpochMs;
  /** The longest a call may take, retries and token included. */
  readonly callTimeoutMs: DurationMs;
}

/** What bounds one call; every SDK takes it among its options. */
export interface CallLimit {
  readonly abortSignal: AbortSignal;
}

/** The part of the SDK clients' options which is ours. */
export interface PipelineOptions {
  readonly retryOptions: PipelineRetryOptions;
  readonly additionalPolicies: { policy: PipelinePolicy; position: 'perRetry' }[];
}

/** A second try hides a dropped connection; more is the queue's business, which waits without costing an instance. */
const READ_RETRIES: PipelineRetryOptions = {
  maxRetries: 1,
  retryDelayInMs: 200,
  maxRetryDelayInMs: 1_000,
};

const NO_RETRIES: PipelineRetryOptions = { maxRetries: 0 };

const DEFAULT_RETRY_AFTER_MS: DurationMs = 10_000;

/** Errors of a connection which was never made: nothing was sent. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

/** For a client which only reads, or writes what may be written twice. */
export function readOptions({ nowMs }: Access): PipelineOptions {
  return {
    retryOptions: READ_RETRIES,
    additionalPolicies: [{ policy: refusalPolicy(nowMs), position: 'perRetry' }],
  };
}

/**
 * For a client whose writes all stand under one deadline: it is made for one write and forgotten. `perRetry` puts the
 * deadline behind token and challenge, and it is the last policy because it is added last (rule 5).
 */
export function writeOptions({ nowMs }: Access, deadlineAtMs: EpochMs): PipelineOptions {
  return {
    retryOptions: NO_RETRIES,
    additionalPolicies: [
      { policy: refusalPolicy(nowMs), position: 'perRetry' },
      { policy: deadlinePolicy(nowMs, deadlineAtMs), position: 'perRetry' },
    ],
  };
}

/**
 * Ends a call after the call timeout, or at the deadline if that is earlier. The SDKs' own `timeout` would stop counting
 * at the first byte of the answer.
 * @throws ERR_DEADLINE
 */
export function limitOf(
  { nowMs, callTimeoutMs }: Access,
  deadlineAtMs: EpochMs = Infinity,
): CallLimit {
  const remainingMs = deadlineAtMs - nowMs();
  if (remainingMs <= 0) throw deadlinePassed();
  return { abortSignal: AbortSignal.timeout(Math.min(callTimeoutMs, remainingMs)) };
}

/** Runs until it succeeded once; callers share the run under way. */
export function once(act: () => Promise<unknown>): () => Promise<void> {
  let run: Promise<unknown> | undefined;
  return async () => {
    run ??= act();
    try {
      await run;
    } catch (error) {
      run = undefined;
      throw error;
    }
  };
}

/** Checks the deadline before every send, the replay after a challenge included, and knows a lost answer when it sees one. */
function deadlinePolicy(nowMs: () => EpochMs, deadlineAtMs: EpochMs): PipelinePolicy {
  return {
    name: 'keyturnDeadlinePolicy',
    async sendRequest(request, next) {
      if (nowMs() >= deadlineAtMs) throw deadlinePassed();
      try {
        return await next(request);
      } catch (error) {
        const answer = answerOf(error);
        if (answer === undefined || NEVER_SENT.includes(answer.code)) throw error;
        throw new KeyturnError(
          'ERR_REPLY_LOST',
          `${request.method} to ${new URL(request.url).host} was sent and not answered: ${answer.code}`,
          { cause: answer },
        );
      }
    },
  };
}

/**
 * A 429 leaves the pipeline at once, past the SDK's retries, which would sleep inside the function. A refusal without a
 * body, as proxies make them, gets one: Key Vault's SDK looks into it unasked and would throw a TypeError.
 */
function refusalPolicy(nowMs: () => EpochMs): PipelinePolicy {
  return {
    name: 'keyturnRefusalPolicy',
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status === 429) {
        const retryAfterMs = toRetryAfterMs(response.headers.get('retry-after'), nowMs());
        const { host } = new URL(request.url);
        const waits = `${host} limits the rate and asks to wait ${retryAfterMs / 1_000} s`;
        throw new KeyturnError('ERR_THROTTLED', waits, { retryAfterMs });
      }
      const isMute = response.status >= 400 && !response.bodyAsText;
      return isMute ? { ...response, bodyAsText: '{}' } : response;
    },
  };
}

/** `Retry-After` is a number of seconds or a date; ten seconds where it is neither. */
export function toRetryAfterMs(header: string | undefined, nowMs: EpochMs): DurationMs {
  if (header === undefined) return DEFAULT_RETRY_AFTER_MS;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? DEFAULT_RETRY_AFTER_MS : Math.max(0, ms);
}

function deadlinePassed(): KeyturnError {
  return new KeyturnError('ERR_DEADLINE', 'the deadline passed before the call could be sent');
}
