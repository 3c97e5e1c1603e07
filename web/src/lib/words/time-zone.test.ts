import { afterEach, expect, test } from 'vitest';
import { momentWords } from './due-words.ts';
import { deviceTimeZone, liveIn, localDate, localTime, timeZoneHere, untilTomorrowMs } from './time-zone.ts';

const HOUR_MS = 3_600_000;
/** Noon in London, 21:00 in Tokyo. */
const NOON = Date.parse('2026-11-24T12:00:00Z');

afterEach(() => {
  liveIn(null);
});

test('[W17] the clock is that of the device, or of the zone that was chosen; one that is not known is none', () => {
  expect(timeZoneHere()).toBe(deviceTimeZone());
  liveIn('Asia/Tokyo');
  expect(timeZoneHere()).toBe('Asia/Tokyo');
  expect([localDate(NOON + 4 * HOUR_MS), localTime(NOON)]).toEqual(['2026-11-25', '21:00']);
  for (const unknown of ['Mars/Olympus', '', 7, undefined, {}]) {
    liveIn(unknown);
    expect(timeZoneHere()).toBe(deviceTimeZone());
  }
});

test('[W17] a moment is said by that clock, and is of another day where it is one there', () => {
  liveIn('Asia/Tokyo');
  expect(momentWords(NOON, NOON + HOUR_MS, 'en-GB')).toBe('21:00');
  expect(momentWords(NOON, NOON + 4 * HOUR_MS, 'en-GB')).toBe('Tue 21:00');
});

test('[W17] the day ends at midnight of that clock, also where it is changed that day', () => {
  liveIn('Europe/Berlin');
  expect(untilTomorrowMs(NOON)).toBe(11 * HOUR_MS);
  // 25 hours: the clock is set back at 03:00.
  expect(untilTomorrowMs(Date.parse('2026-10-24T22:00:00Z'))).toBe(25 * HOUR_MS);
  // Midnight is skipped: the day begins at 01:00.
  liveIn('America/Asuncion');
  expect(untilTomorrowMs(Date.parse('2023-09-30T12:00:00Z'))).toBe(16 * HOUR_MS);
});
