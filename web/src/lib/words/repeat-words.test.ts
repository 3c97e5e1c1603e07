import { expect, test } from 'vitest';
import { beforeWords, repeatSentence, repeatWords } from './repeat-words.ts';

test.each([
  ['FREQ=WEEKLY;BYDAY=TU', 'every Tuesday', 'jeden Dienstag'],
  ['FREQ=WEEKLY;BYDAY=MO,WE,FR', 'every Mon, Wed and Fri', 'jeden Mo, Mi und Fr'],
  ['FREQ=WEEKLY;BYDAY=SA,SU', 'every weekend', 'jedes Wochenende'],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'every weekday', 'Montag bis Freitag'],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=FR', 'every 2 weeks on Friday', 'alle 2 Wochen am Freitag'],
  ['FREQ=DAILY', 'every day', 'jeden Tag'],
  ['FREQ=DAILY;COUNT=10', 'every day, 10 times', 'jeden Tag, 10-mal'],
])('[Q13] a repeat is said short: %s', (rrule, english, german) => {
  const repeat = { rrule, mode: 'schedule' } as const;
  expect(repeatWords(repeat, 'en-GB')).toBe(english);
  expect(repeatWords(repeat, 'de-DE')).toBe(german);
});

test('[Q13] what the first date says belongs to the words, and a rule that cannot be read still repeats', () => {
  const weekly = { rrule: 'FREQ=MONTHLY', mode: 'schedule', start: '2026-11-24' } as const;
  expect(repeatWords(weekly, 'en')).toBe('every month on the 24th');
  expect(repeatWords({ rrule: 'FREQ=DAILY;INTERVAL=3', mode: 'completion' }, 'en')).toBe(
    'every 3 days after done',
  );
  expect(repeatSentence({ rrule: 'FREQ=WEEKLY;BYDAY=TU', mode: 'schedule' }, 'fr')).toBe(
    'Repeats every Tuesday',
  );
  expect(repeatSentence({ rrule: 'FREQ=SOMETIMES', mode: 'schedule' }, 'en')).toBe('Repeats');
});

test('[Q13] in a row a repeat says its day and not what shorter months do; the whole of it is said to who asks', () => {
  const clamped = { rrule: 'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1', mode: 'schedule' } as const;
  expect(repeatWords(clamped, 'en', { isShort: true })).toBe('every month on the 31st');
  expect(repeatWords(clamped, 'de', { isShort: true })).toBe('jeden Monat am 31.');
  const leapDay = { rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1', mode: 'schedule' } as const;
  expect(repeatWords(leapDay, 'en', { isShort: true })).toBe('every year on 29 February');
  expect(repeatSentence(clamped, 'en')).toBe(
    'Repeats every month on the 31st, or the last day of a shorter month',
  );
});

test.each([
  ['PT1H', '1 h before', '1 Std. vorher'],
  ['PT30M', '30 min before', '30 Min. vorher'],
  ['PT1H30M', '1 h 30 min before', '1 Std. 30 Min. vorher'],
  ['P1D', '1 day before', '1 Tag vorher'],
  ['P2W', '2 weeks before', '2 Wochen vorher'],
  ['PT0S', 'when due', 'bei Fälligkeit'],
  ['PT0M', 'when due', 'bei Fälligkeit'],
])('[Q13] a reminder is said short: %s', (before, english, german) => {
  expect(beforeWords(before, 'en-US')).toBe(english);
  expect(beforeWords(before, 'de-AT')).toBe(german);
});
