import { expect, test } from 'vitest';
import { absoluteReminder, beforeDueWords, durationOf, snoozeChoices } from './reminder-choices.ts';

test('[T6] snoozing offers what is still to come on the clock of the person', () => {
  const names = (iso: string, zone: string): string[] =>
    snoozeChoices(Date.parse(iso), zone).map(({ name }) => name);
  expect(names('2026-11-24T14:00:00Z', 'America/New_York')).toContain('This evening');
  expect(names('2026-11-24T14:00:00Z', 'Asia/Kolkata')).not.toContain('This evening');
  const morning = (iso: string, zone: string): string =>
    new Date(
      snoozeChoices(Date.parse(iso), zone).find(({ name }) => name === 'Tomorrow morning')?.until ?? 0,
    ).toISOString();
  // The night between has a change of summer time.
  expect(morning('2027-03-27T20:00:00Z', 'Europe/Berlin')).toBe('2027-03-28T07:00:00.000Z');
  expect(morning('2027-03-26T20:00:00Z', 'Europe/Berlin')).toBe('2027-03-27T08:00:00.000Z');
});

test('[T6] a moment is stored as the instant of the clock where the person is', () => {
  expect(absoluteReminder('2026-11-30', '10:45', 'Asia/Kolkata')).toBe('2026-11-30T05:15:00Z');
  expect(absoluteReminder('2026-11-30', '10:45', 'America/New_York')).toBe('2026-11-30T15:45:00Z');
});

test('[T6] durations in words', () => {
  expect(beforeDueWords(durationOf(10, 'minute'), true, 'en-GB')).toBe('10 minutes before');
  expect(beforeDueWords(durationOf(1, 'week'), true, 'en-GB')).toBe('1 week before');
  expect(beforeDueWords('PT0M', true, 'en-GB')).toBe('At the time');
  expect(beforeDueWords('PT0M', false, 'en-GB')).toBe('On the day');
});
