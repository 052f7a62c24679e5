import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import type { History } from '../history.ts';
import type { Violation } from './violation.ts';

/** A paused worker may hold a message for six hours after the calm began; a sweep comes every five minutes. */
const LOOKED_AT_WITHIN_MS = HOUR;
const STILL_PAUSED_MS = 7 * HOUR;

const MOST_MESSAGES = 25;
const MOST_MESSAGES_IN_CALM = 6;

/** Setbacks grow to an hour, so that a call which is refused for ever is made so often a day at most, repairs included. */
const MOST_TRIES_A_DAY = 60;

/** One of observe, identify, close, and publish, probe, finish, retire for each slot. */
const MOST_SETBACKS = 11;

/** Every run moves `dueAtMs` or closes the record, and what is due is looked at (rule 18). */
export function nothingIsDueForEver(history: History): readonly Violation[] {
  const { happenings, calmFromMs, endedAtMs } = history;
  const records = happenings.filter((one) => one.what === 'recorded');
  return records.flatMap(({ atMs, record }, index) => {
    const nextAtMs = records[index + 1]?.atMs ?? endedAtMs;
    const idleMs = record.dueAtMs - atMs;
    if (idleMs > PRODUCTION.maxIdleMs + 2 * PRODUCTION.skewMs) {
      return [{ atMs, told: 'nothing is due for longer than a day' }];
    }
    const boundMs = Math.max(record.dueAtMs + LOOKED_AT_WITHIN_MS, calmFromMs + STILL_PAUSED_MS);
    return nextAtMs <= boundMs ? [] : [{ atMs: boundMs, told: 'what is due is not looked at' }];
  });
}

/** A message begets at most one message. */
export function theQueueDoesNotBreed({ happenings, calmFromMs }: History): readonly Violation[] {
  return happenings.flatMap((one) => {
    if (one.what !== 'queued') return [];
    const isCalm = one.atMs > calmFromMs + STILL_PAUSED_MS;
    const most = isCalm ? MOST_MESSAGES_IN_CALM : MOST_MESSAGES;
    return one.depth <= most ? [] : [{ atMs: one.atMs, told: `${one.depth} messages are queued` }];
  });
}

/** What Azure refuses is not tried for ever at the same pace (rule 9). */
export function triesAreBounded({ happenings }: History): readonly Violation[] {
  const tries = happenings.filter((one) => one.what === 'sent' && one.call === 'issuer.retire');
  return tries.flatMap(({ atMs }, index) => {
    const before = tries[index - MOST_TRIES_A_DAY];
    if (before === undefined || atMs - before.atMs > DAY) return [];
    return [{ atMs, told: `${MOST_TRIES_A_DAY} tries to retire within a day` }];
  });
}

/** A record does not grow for ever. */
export function setbacksAreBounded({ happenings }: History): readonly Violation[] {
  return happenings.flatMap((one) => {
    if (one.what !== 'recorded' || one.record.setbacks.length <= MOST_SETBACKS) return [];
    return [{ atMs: one.atMs, told: `${one.record.setbacks.length} setbacks in one record` }];
  });
}
