import { styleText } from 'node:util';

/** What a piece of text means; how it looks is `paint`'s business. */
export type Tone = 'plain' | 'title' | 'quiet' | 'good' | 'aging' | 'bad' | 'word';

export type Span = readonly [text: string, tone?: Tone];
export type Line = readonly Span[];

const STYLES = {
  plain: 'reset',
  title: 'bold',
  quiet: 'dim',
  good: 'green',
  aging: 'yellow',
  bad: 'red',
  word: 'cyan',
} as const;

/** A line as text, cut to the width, with or without colours. */
export function lineText(line: Line, width: number, colours: boolean): string {
  let room = width;
  const pieces = line.map(([text, tone = 'plain']) => {
    const visible = text.slice(0, room);
    room -= visible.length;
    if (!colours || tone === 'plain' || visible === '') return visible;
    return styleText(STYLES[tone], visible, { validateStream: false });
  });
  return pieces.join('').trimEnd();
}

/** Hours and minutes, and seconds where they matter, as the reader's clock shows them. */
export function clock(atMs: number, precision: 'minute' | 'second'): string {
  return new Date(atMs).toTimeString().slice(0, precision === 'minute' ? 5 : 8);
}

/** `03:12` since the start, `1:03:12` from an hour on. */
export function stopwatch(lengthMs: number): string {
  const seconds = Math.floor(lengthMs / 1_000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  const hours = Math.floor(seconds / 3_600);
  return [...(hours > 0 ? [hours] : []), ...parts].join(':');
}

export function counted(count: number): string {
  return count.toLocaleString('en');
}
