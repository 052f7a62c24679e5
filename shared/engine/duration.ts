import { parse } from 'iso8601-duration';
import { DAY, type DurationMs, HOUR, MINUTE } from '../core/limits.ts';

/** ISO 8601 durations of fixed length: weeks, days, hours, minutes, seconds. Months and years have none. */
export const DURATION =
  /^P(?=\d|T\d)(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/;

/** Length of a text which `DURATION` accepts. */
export function durationMs(text: string): DurationMs {
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = parse(text);
  return (7 * weeks + days) * DAY + hours * HOUR + minutes * MINUTE + seconds * 1_000;
}

/** The shortest ISO 8601 text of a duration, for messages: `P29DT23H`, `PT0.5S`. */
export function durationText(lengthMs: DurationMs): string {
  const days = Math.floor(lengthMs / DAY);
  const hours = Math.floor((lengthMs % DAY) / HOUR);
  const minutes = Math.floor((lengthMs % HOUR) / MINUTE);
  const seconds = (lengthMs % MINUTE) / 1_000;
  const time = [unit(hours, 'H'), unit(minutes, 'M'), unit(seconds, 'S')].join('');
  if (lengthMs === 0) return 'PT0S';
  return `P${unit(days, 'D')}${time && `T${time}`}`;
}

function unit(amount: number, letter: string): string {
  return amount === 0 ? '' : `${amount}${letter}`;
}
