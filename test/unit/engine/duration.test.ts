import { expect, it } from 'vitest';
import { DURATION, durationMs, durationText } from '../../../shared/engine/duration.ts';

it.each([
  ['P29D', 2_505_600_000],
  ['P29DT23H', 2_588_400_000],
  ['P1W', 604_800_000],
  ['PT4M', 240_000],
  ['PT0.5S', 500],
  ['PT1H30M', 5_400_000],
  ['PT0S', 0],
])('reads %s as %d ms', (text, lengthMs) => {
  expect(DURATION.test(text)).toBe(true);
  expect(durationMs(text)).toBe(lengthMs);
  expect(durationMs(durationText(lengthMs))).toBe(lengthMs);
});

it.each([
  'P',
  'PT',
  'P1DT',
  '1D',
  'p1d',
  '-P1D',
  'P1M',
  'P1Y',
  'P1.5D',
  'xP1D',
  'P1Dx',
  '',
  'PT1D',
])('does not take %j for a duration', (text) => expect(DURATION.test(text)).toBe(false));

it('writes the shortest text', () => {
  expect(durationText(2_588_400_000)).toBe('P29DT23H');
  expect(durationText(172_800_000)).toBe('P2D');
  expect(durationText(90_500)).toBe('PT1M30.5S');
  expect(durationText(0)).toBe('PT0S');
});
