import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, addMonths, daysBetween, isLocalDate, monthGrid, nextWeekday, weekday } from './calendar.ts';
import { dayHeading, dueTone, dueWords } from './due-words.ts';

// A Monday.
const present = { today: '2026-11-23', time: '12:00', locale: 'en-GB' };

test('[P12] near days are said as people say them, far ones as dates', () => {
  const words = (date: string, time?: string): string => dueWords({ date, time }, present);
  expect(words('2026-11-23')).toBe('today');
  expect(words('2026-11-23', '14:00')).toBe('today 14:00');
  expect(words('2026-11-24')).toBe('tomorrow');
  expect(words('2026-11-22')).toBe('yesterday');
  expect(words('2026-11-20')).toBe('3 days ago');
  expect(words('2026-11-27')).toBe('Friday');
  expect(words('2026-12-01')).toBe('Tue 1 Dec');
  expect(words('2026-12-24')).toBe('24 Dec');
  expect(words('2027-01-02')).toBe('2 Jan 2027');
  expect(dueWords({ date: '2026-11-24' }, { ...present, locale: 'de' })).toBe('morgen');
});

test('[P12] a time that is past makes today overdue, a day alone does not', () => {
  expect(dueTone({ date: '2026-11-23', time: '11:59' }, present)).toBe('overdue');
  expect(dueTone({ date: '2026-11-23', time: '12:01' }, present)).toBe('today');
  expect(dueTone({ date: '2026-11-23' }, present)).toBe('today');
  expect(dueTone({ date: '2026-11-22' }, present)).toBe('overdue');
});

test('[P12] headings name the day and its date', () => {
  expect(dayHeading('2026-11-24', present)).toEqual({ title: 'Tomorrow', detail: 'Tuesday 24 November' });
  expect(dayHeading('2026-11-28', present)).toEqual({ title: 'Saturday', detail: '28 November' });
  expect(dayHeading('2027-01-02', present)).toEqual({ title: '2 January 2027', detail: 'Saturday' });
});

test('[P12] dates are counted without any zone or summer time', () => {
  const date = fc.integer({ min: 0, max: 60_000 }).map((days) => addDays('1990-01-01', days));
  fc.assert(
    fc.property(date, fc.integer({ min: -4_000, max: 4_000 }), (from, days) => {
      const to = addDays(from, days);
      expect(isLocalDate(to)).toBe(true);
      expect(daysBetween(from, to)).toBe(days);
      expect((((weekday(to) - weekday(from) - days) % 7) + 7) % 7).toBe(0);
      expect(to > from).toBe(days > 0);
    }),
  );
  expect(addMonths('2027-01-31', 1)).toBe('2027-02-28');
  expect(addMonths('2028-03-31', -1)).toBe('2028-02-29');
  expect(nextWeekday('2026-11-23', 1)).toBe('2026-11-30');
  expect(nextWeekday('2026-11-23', 6)).toBe('2026-11-28');
});

test('[P12] a month is six whole weeks that hold all its days', () => {
  const weeks = monthGrid('2026-11-23', 1);
  expect(weeks).toHaveLength(6);
  expect(weeks[0]?.[0]).toBe('2026-10-26');
  expect(weeks.flat()).toContain('2026-11-30');
  expect(monthGrid('2026-11-23', 7)[0]?.[0]).toBe('2026-11-01');
});

test('[P12] what is not a date is not taken for one', () => {
  for (const text of ['2026-02-30', '2026-13-01', '26-01-01', 'today', ''])
    expect(isLocalDate(text)).toBe(false);
});

test('[Q13] a time in another zone is said as the clock here will show it, with its own beside it', () => {
  const here = { ...present, timeZone: 'America/Los_Angeles', nowMs: Date.parse('2026-11-23T20:00:00Z') };
  const berlin = (date: string, time: string): string =>
    dueWords({ date, time, timeZone: 'Europe/Berlin' }, here);
  expect(berlin('2026-11-25', '09:00')).toBe('Wednesday 00:00 (09:00 Berlin)');
  expect(berlin('2026-11-24', '05:00')).toBe('today 20:00 (05:00 Berlin)');
  expect(dueWords({ date: '2026-11-24', time: '09:00' }, here)).toBe('tomorrow 09:00');
  expect(dueWords({ date: '2026-11-24', time: '09:00', timeZone: 'America/Tijuana' }, here)).toBe(
    'tomorrow 09:00',
  );
  expect(dueWords({ date: '2026-11-24', time: '09:00', timeZone: 'Mars/Olympus' }, here)).toBe(
    'tomorrow 09:00',
  );
  const german = { ...here, locale: 'de', timeZone: 'Asia/Tokyo' };
  expect(dueWords({ date: '2026-11-23', time: '23:00', timeZone: 'Europe/Berlin' }, german)).toBe(
    'morgen 07:00 (23:00 Berlin)',
  );
});
