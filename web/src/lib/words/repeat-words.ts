/**
 * A repeat and a reminder in as few words as a quiet line has room for.
 *
 * Promise: pure, in the language of the locale where there is a table (English, German), else in English. A rule that the
 * app's own choices make is said short ("every Tuesday"), any other in the words of core/recurrence/describe.ts; one that
 * cannot be read is still said to repeat.
 */

import { choiceOfRule } from '@holdfast/core/recurrence/choice.ts';
import { describeRule } from '@holdfast/core/recurrence/describe.ts';
import { RecurrenceError } from '@holdfast/core/recurrence/error.ts';
import { addDays } from './calendar.ts';
import { dateWords } from './due-words.ts';

export interface Repeat {
  readonly rrule: string;
  readonly mode: 'schedule' | 'completion';
  /** What the rule leaves to its first date. */
  readonly start?: string;
}

interface Words {
  /** Of the names of weekdays: a language without a table borrows them with the rest. */
  readonly locale: string;
  readonly repeats: string;
  /** "Repeats every Tuesday": the whole sentence for those who do not see the icon. */
  readonly repeatsHow: (how: string) => string;
  /** In the form that the weekday asks for. */
  readonly everyWeekday: (weekday: string) => string;
  readonly everyWorkday: string;
  readonly everyWeekend: string;
  readonly and: string;
  readonly whenDue: string;
  readonly before: (duration: string) => string;
  readonly units: Readonly<Record<'W' | 'D' | 'H' | 'M', (count: number) => string>>;
}

const ENGLISH: Words = {
  locale: 'en',
  repeats: 'repeats',
  repeatsHow: (how) => `Repeats ${how}`,
  everyWeekday: (weekday) => `every ${weekday}`,
  everyWorkday: 'every weekday',
  everyWeekend: 'every weekend',
  and: 'and',
  whenDue: 'when due',
  before: (duration) => `${duration} before`,
  units: {
    W: (count) => `${String(count)} week${count === 1 ? '' : 's'}`,
    D: (count) => `${String(count)} day${count === 1 ? '' : 's'}`,
    H: (count) => `${String(count)} h`,
    M: (count) => `${String(count)} min`,
  },
};

const GERMAN: Words = {
  locale: 'de',
  repeats: 'wiederholt sich',
  repeatsHow: (how) => `Wiederholt sich ${how}`,
  everyWeekday: (weekday) => `jeden ${weekday}`,
  everyWorkday: 'Montag bis Freitag',
  everyWeekend: 'jedes Wochenende',
  and: 'und',
  whenDue: 'bei Fälligkeit',
  before: (duration) => `${duration} vorher`,
  units: {
    W: (count) => `${String(count)} Woche${count === 1 ? '' : 'n'}`,
    D: (count) => `${String(count)} Tag${count === 1 ? '' : 'e'}`,
    H: (count) => `${String(count)} Std.`,
    M: (count) => `${String(count)} Min.`,
  },
};

/** "every Tuesday", "every Mon, Wed and Fri", "every 2 weeks on Friday, 10 times"; in short not what shorter months do. */
export function repeatWords(repeat: Repeat, locale: string, o: { isShort?: boolean } = {}): string {
  const words = wordsOf(locale);
  try {
    return (
      shortWeekdays(repeat, words) ?? describeRule(repeat.rrule, locale, { ...describing(repeat), ...o })
    );
  } catch (error) {
    if (error instanceof RecurrenceError) return words.repeats;
    throw error;
  }
}

/** "Repeats every Tuesday" */
export function repeatSentence(repeat: Repeat, locale: string): string {
  const words = wordsOf(locale);
  const how = repeatWords(repeat, locale);
  return how === words.repeats ? words.repeatsHow('').trim() : words.repeatsHow(how);
}

/** "1 h before", "2 days before", "when due": of an ISO 8601 duration before the due date. */
export function beforeWords(duration: string, locale: string): string {
  const words = wordsOf(locale);
  const parts = [...duration.matchAll(/(\d+)([WDHM])/g)]
    .map(([, count, unit]) => ({ count: Number(count), unit: unit as keyof Words['units'] }))
    .filter(({ count }) => count > 0);
  if (parts.length === 0) return words.whenDue;
  return words.before(parts.map(({ count, unit }) => words.units[unit](count)).join(' '));
}

function shortWeekdays({ rrule, mode }: Repeat, words: Words): string | null {
  if (mode === 'completion') return null;
  const choice = choiceOfRule(rrule);
  if (choice?.unit !== 'week' || choice.every !== 1 || choice.end.kind !== 'never') return null;
  const days = choice.weekdays;
  if (days.length === 0 || days.length === 7) return null;
  if (days.join() === '0,1,2,3,4') return words.everyWorkday;
  if (days.join() === '5,6') return words.everyWeekend;
  // The 1st of January 2024 was a Monday.
  const names = days.map((day) =>
    dateWords(addDays('2024-01-01', day), words.locale, { weekday: days.length === 1 ? 'long' : 'short' }),
  );
  const last = names.pop() ?? '';
  return words.everyWeekday(names.length === 0 ? last : `${names.join(', ')} ${words.and} ${last}`);
}

function describing({ mode, start }: Repeat): { mode: Repeat['mode']; start?: string } {
  return start === undefined ? { mode } : { mode, start };
}

function wordsOf(locale: string): Words {
  return /^de\b/i.test(locale) ? GERMAN : ENGLISH;
}
