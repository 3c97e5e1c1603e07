import { expect, test } from 'vitest';
import { parseQuickAdd } from '@holdfast/core/quick-add.ts';
import { localeFor, NO_CHOICE, readLocaleChoice } from './locale-choice.ts';
import { firstWeekday, monthWords, timeWords } from './words/due-words.ts';
import { quickAddWords } from './words/quick-add-words.ts';

test('[W14] without a choice dates and times are said as the browser says them', () => {
  expect(localeFor(NO_CHOICE, 'en-GB')).toBe('en-GB');
  expect(localeFor(NO_CHOICE, 'not a language')).toBe('en');
});

test('[W14] the clock, the week and the language that were chosen hold wherever a date is said', () => {
  const twelve = localeFor({ ...NO_CHOICE, clock: 'h12' }, 'en-GB');
  expect(timeWords('14:05', twelve)).toBe('2:05 pm');
  expect(timeWords('00:05', localeFor({ ...NO_CHOICE, clock: 'h23' }, 'en-US'))).toBe('00:05');
  expect(firstWeekday(localeFor({ ...NO_CHOICE, weekStart: 'mon' }, 'en-US'))).toBe(1);
  expect(firstWeekday(localeFor({ ...NO_CHOICE, weekStart: 'sun' }, 'de-DE'))).toBe(7);
  expect(firstWeekday(localeFor({ ...NO_CHOICE, weekStart: 'sat', clock: 'h12' }, 'fr'))).toBe(6);
  const german = localeFor({ language: 'de', clock: 'h23', weekStart: 'sun' }, 'en-US');
  expect(monthWords('2026-03-01', german)).toBe('März 2026');
  expect(quickAddWords(german)).toBe(quickAddWords('de'));
});

test('[W14] a choice changes how dates are said and not how quick add reads figures', () => {
  const due = (locale: string): string | undefined =>
    parseQuickAdd('Call Tom 3/4', {
      now: Date.UTC(2026, 0, 1, 12),
      timeZone: 'UTC',
      locale,
      lists: [],
      tags: [],
    }).due?.date;
  for (const browser of ['en-US', 'en-GB', 'en']) {
    expect(due(localeFor({ ...NO_CHOICE, clock: 'h23', weekStart: 'mon' }, browser))).toBe(due(browser));
  }
  expect(due('en-US')).not.toBe(due('en-GB'));
});

test('[W14] what was stored by another version, or by nobody, is no choice', () => {
  expect(readLocaleChoice(null)).toEqual(NO_CHOICE);
  expect(readLocaleChoice({ language: '!', clock: 'h11', weekStart: 3 })).toEqual(NO_CHOICE);
  expect(readLocaleChoice({ language: 'de', clock: 'h12' })).toEqual({
    language: 'de',
    clock: 'h12',
    weekStart: null,
  });
});
