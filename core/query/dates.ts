/**
 * Dates in a query: the words of quick add, read by its own reader, and what only a question has, like "last week",
 * "3 days ago" and "in March", which is a whole month here.
 *
 * Promise: what quick add understands as a date means the same day here. "This week" and its like are spans of days, so
 * "before next week" is before its first day and "after" is after its last. What a date means is plain data, so that it can
 * be said in another language: german-dates.ts reads it from German words, and dateText gives the English ones.
 *
 * Limits: the words here are English, and in figures like 3/4 the day comes first, because a query that is kept has to mean
 * the same everywhere. `created` and `done` lie in the past, so what is said of them without a year is the last such day.
 */
import { english } from '../quick-add/english.ts';
import { lexemesOf } from '../quick-add/lexemes.ts';
import type { DateMeaning, MinuteOfDay, NthOf, Unit, WhenMeaning } from '../quick-add/meaning.ts';
import { createReader } from '../quick-add/reader.ts';
import { addUnits, resolveDate, resolveWhen, type Present } from '../quick-add/resolve.ts';
import {
  civilDate,
  dayNumber,
  dayOf,
  LAST_DAY,
  modulo,
  monthLength,
  twoDigits,
  weekdayOf,
  type Weekday,
} from '../recurrence/calendar.ts';

/** Day numbers of recurrence/calendar.ts, both ends included. */
export interface DaySpan {
  readonly from: number;
  readonly to: number;
  /** Of the day: then both ends are one day. */
  readonly minute: number | null;
}

export interface DateContext {
  readonly present: Present;
  /** 0 is Monday. */
  readonly weekStart: Weekday;
  /** Of `created` and `done`. */
  readonly isPast: boolean;
}

/** What the words mean, before it is known what day it is. */
export type AskedDate =
  | { readonly kind: 'when'; readonly when: WhenMeaning }
  /** This one, the next (1) or the last (-1). */
  | { readonly kind: 'period'; readonly unit: SpanUnit; readonly ahead: number }
  | { readonly kind: 'weekend'; readonly ahead: number }
  /** So many days (weeks, months, years) of which today is the first, or the last where the count is below zero. */
  | { readonly kind: 'run'; readonly unit: Unit; readonly count: number }
  | { readonly kind: 'ago'; readonly unit: Unit; readonly count: number }
  | { readonly kind: 'last-weekday'; readonly weekday: Weekday }
  | { readonly kind: 'month'; readonly month: number; readonly year?: number | undefined }
  | { readonly kind: 'year'; readonly year: number };

export interface FoundDate {
  /** How many characters of the text it takes. */
  readonly length: number;
  readonly asked: AskedDate;
}

type SpanUnit = 'week' | 'month' | 'year';

/** The longest date that the text begins with. */
export function readDate(text: string): FoundDate | null {
  return longestDate([ownDate(text, OWN), sharedDate(text), ownDate(text, MONTH_ALONE)]);
}

/** Of equally long ones the first: what only a question has goes before a phrase of quick add, so "next week" is all of it. */
export function longestDate(found: readonly (FoundDate | null)[]): FoundDate | null {
  return found.reduce((best, each) => (each && each.length > (best?.length ?? 0) ? each : best), null);
}

/** null when there is no such day within the calendar. */
export function spanOf(asked: AskedDate, context: DateContext): DaySpan | null {
  const { today } = context.present;
  switch (asked.kind) {
    case 'when':
      return meant(asked.when, context);
    case 'period':
      return unitSpan(asked.unit, asked.ahead, context);
    case 'weekend': {
      const saturday = mondayOf(today) + 5 + 7 * asked.ahead;
      return { from: saturday, to: saturday + 1, minute: null };
    }
    case 'run': {
      // Today is one of them, so "the last 7 days" are a week.
      const end = addUnits(today, asked.unit, asked.count) - Math.sign(asked.count);
      return { from: Math.min(today, end), to: Math.max(today, end), minute: null };
    }
    case 'ago':
      return oneDay(addUnits(today, asked.unit, -asked.count));
    case 'last-weekday': {
      const back = modulo(weekdayOf(today) - asked.weekday, 7);
      return oneDay(today - (back === 0 ? 7 : back));
    }
    case 'month':
      return monthSpan(asked.year ?? yearOf(asked.month, today, context.isPast), asked.month);
    case 'year':
      return yearSpan(asked.year);
  }
}

/** Is there such a day again and again: a weekday, a date or a month without a year? */
export function comesAgain(asked: AskedDate): boolean {
  if (asked.kind === 'month') return asked.year === undefined;
  const date = asked.kind === 'when' ? asked.when.date : null;
  if (date?.kind === 'calendar' || date?.kind === 'nth-in') return date.year === undefined;
  return date?.kind === 'month-day' || (date?.kind === 'weekday' && date.which === 'coming');
}

// --- what only a question has ---

/** The names in full, which come first in the tables of quick add, in their order. */
export function namesOf(table: ReadonlyMap<string, number>): readonly string[] {
  const names = new Map<number, string>();
  for (const [name, value] of table) if (!names.has(value)) names.set(value, name);
  return [...names.keys()].sort((a, b) => a - b).map((value) => names.get(value) ?? '');
}

const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map((word, at) => [
    word,
    at + 1,
  ]),
);
const COUNT = String.raw`(\d{1,3}|${[...NUMBER_WORDS.keys()].join('|')}|an?)`;
const UNIT = '(day|week|month|year)s?';
const END = String.raw`(?![\p{L}\p{N}])`;
const WEEKDAYS = namesOf(english.weekdays);
const MONTHS = namesOf(english.months);

/** What a match of a pattern means. */
export type OwnDate = readonly [RegExp, (match: RegExpExecArray) => AskedDate | null];

/** In figures, alike in every language. */
export const FIGURES: readonly OwnDate[] = [
  [
    pattern(String.raw`(?:in )?(\d{4})-(\d{2})(?![-\d])`),
    ([, year, month]) =>
      Number(month) >= 1 && Number(month) <= 12
        ? { kind: 'month', month: Number(month), year: Number(year) }
        : null,
  ],
  [
    pattern(String.raw`(?:in )?((?:19|20|21)\d\d)(?![-:.\d])`),
    ([, year]) => ({ kind: 'year', year: Number(year) }),
  ],
];

const OWN: readonly OwnDate[] = [
  [pattern('yesterday'), () => ({ kind: 'ago', unit: 'day', count: 1 })],
  [
    pattern('(?:(?:in|on) )?(?:the )?(this|current|next|last|past|previous) (week|month|year)'),
    ([, which, unit]) => ({ kind: 'period', unit: lower(unit) as SpanUnit, ahead: aheadOf(which) }),
  ],
  [
    pattern('(?:on |at )?(?:the )?(this|next|last) weekend'),
    ([, which]) => ({ kind: 'weekend', ahead: aheadOf(which) }),
  ],
  [
    pattern(`(?:in |within )?(?:the )?(next|last|past|previous) ${COUNT} ${UNIT}`),
    ([, which, count, unit]) => ({
      kind: 'run',
      unit: lower(unit) as Unit,
      count: countOf(count) * (lower(which) === 'next' ? 1 : -1),
    }),
  ],
  [
    pattern(`${COUNT} ${UNIT} ago`),
    ([, count, unit]) => ({ kind: 'ago', unit: lower(unit) as Unit, count: countOf(count) }),
  ],
  [
    pattern(`(?:on )?last (${WEEKDAYS.join('|')})`),
    ([, name]) => ({ kind: 'last-weekday', weekday: WEEKDAYS.indexOf(lower(name)) as Weekday }),
  ],
  ...FIGURES,
];

/** A month without a day, with or without its year. Last, since "March 5" and "May 2027" begin alike. */
const MONTH_ALONE: readonly OwnDate[] = [
  [
    pattern(String.raw`(?:in )?(${MONTHS.join('|')})(?: (\d{4}))?`),
    ([, name, year]) => ({
      kind: 'month',
      month: MONTHS.indexOf(lower(name)) + 1,
      ...(year === undefined ? {} : { year: Number(year) }),
    }),
  ],
];

export function pattern(source: string): RegExp {
  return new RegExp(`^${source}${END}`, 'iu');
}

/** The first of the patterns that the text begins with. */
export function ownDate(text: string, dates: readonly OwnDate[]): FoundDate | null {
  const tidy = tidied(text);
  for (const [expression, read] of dates) {
    const match = expression.exec(tidy.text);
    const asked = match && read(match);
    if (match && asked) return { length: tidy.lengthOf(match[0].length), asked };
  }
  return null;
}

/** Blanks as single ones, and how long a beginning of that is in the text as it was. */
function tidied(text: string): { text: string; lengthOf: (length: number) => number } {
  const tidy = text.replaceAll(/\s+/g, ' ');
  return {
    text: tidy,
    lengthOf(length) {
      let [at, counted] = [0, 0];
      while (counted < length && at < text.length) {
        const run = /^\s+/.exec(text.slice(at))?.[0].length ?? 1;
        at += run;
        counted += 1;
      }
      return at;
    },
  };
}

function lower(word: string | undefined): string {
  return (word ?? '').toLowerCase();
}

function aheadOf(which: string | undefined): number {
  const word = lower(which);
  return word === 'next' ? 1 : word === 'this' || word === 'current' ? 0 : -1;
}

function countOf(text: string | undefined): number {
  const word = lower(text);
  return NUMBER_WORDS.get(word) ?? (word === 'a' || word === 'an' ? 1 : Math.max(1, Number(word)));
}

function unitSpan(unit: SpanUnit, ahead: number, { present, weekStart }: DateContext): DaySpan {
  const { today } = present;
  if (unit === 'week') {
    const from = today - modulo(weekdayOf(today) - weekStart, 7) + 7 * ahead;
    return { from, to: from + 6, minute: null };
  }
  const { year, month } = civilDate(today);
  if (unit === 'year') return yearSpan(year + ahead);
  const months = year * 12 + month - 1 + ahead;
  return monthSpan(Math.floor(months / 12), (months % 12) + 1);
}

function monthSpan(year: number, month: number): DaySpan {
  const from = dayNumber(year, month, 1);
  return { from, to: from + monthLength(year, month) - 1, minute: null };
}

function yearSpan(year: number): DaySpan {
  return { from: dayNumber(year, 1, 1), to: dayNumber(year + 1, 1, 1) - 1, minute: null };
}

/** The next such month, or of what is past the last one; the present one either way. */
function yearOf(month: number, today: number, isPast: boolean): number {
  const now = civilDate(today);
  if (isPast) return month > now.month ? now.year - 1 : now.year;
  return month < now.month ? now.year + 1 : now.year;
}

// --- what quick add has ---

function sharedDate(text: string): FoundDate | null {
  // With "on" before it, what is doubtful in a title ("sun", "wed") is a day.
  const lead = 'on ';
  const lexemes = lexemesOf(lead + text);
  const found = createReader(lexemes, english, false).due(0);
  const last = found && lexemes[found.next - 1];
  if (!found || !last) return null;
  return { length: last.end - lead.length, asked: askedOf(found.value) };
}

/** A month is all of it, whichever way it was said. */
export function askedOf(when: WhenMeaning): AskedDate {
  const { date, minute } = when;
  if (date?.kind !== 'month' || minute !== null) return { kind: 'when', when };
  return { kind: 'month', month: date.month, ...(date.year === undefined ? {} : { year: date.year }) };
}

function meant(when: WhenMeaning, { present, isPast }: DateContext): DaySpan | null {
  if (when.minute !== null) {
    const moment = resolveWhen(when, present);
    if (moment === null) return null;
    const day = when.date === null ? present.today : moment.day;
    return { from: day, to: day, minute: moment.minute };
  }
  const { date } = when;
  if (date === null) return null;
  const moment = resolveDate(date, present);
  if (moment === null) return null;
  if (date.kind === 'weekend') {
    const sunday = moment.day + (6 - weekdayOf(moment.day));
    return { from: moment.day, to: sunday, minute: null };
  }
  const day = isPast ? lastSuch(date, moment.day, present.today) : moment.day;
  return day === null || day > LAST_DAY ? null : { from: day, to: day, minute: moment.minute };
}

/** Of what lies in the past, the same weekday or date at the latest today. */
function lastSuch(date: DateMeaning, day: number, today: number): number | null {
  if (day <= today) return day;
  if (date.kind === 'weekday') return day - 7 * Math.ceil((day - today) / 7);
  if (date.kind === 'calendar' && date.year === undefined) {
    const { year } = civilDate(today);
    for (let back = 0; back <= 8; back++) {
      const such = dayOf(year - back, date.month, date.day);
      if (such !== null && such <= today) return such;
    }
  }
  return day;
}

function oneDay(day: number): DaySpan {
  return { from: day, to: day, minute: null };
}

function mondayOf(day: number): number {
  return day - weekdayOf(day);
}

// --- as text ---

/** The words that mean this date in English, in one way for each; null where there are none. */
export function dateText(asked: AskedDate): string | null {
  switch (asked.kind) {
    case 'when':
      return whenText(asked.when);
    case 'period':
      return `${WHICH[asked.ahead] ?? 'this'} ${asked.unit}`;
    case 'weekend':
      return `${WHICH[asked.ahead] ?? 'this'} weekend`;
    case 'run':
      return `${asked.count > 0 ? 'next' : 'last'} ${counted(Math.abs(asked.count), asked.unit)}`;
    case 'ago':
      if (asked.unit === 'day' && asked.count === 1) return 'yesterday';
      return `${counted(asked.count, asked.unit)} ago`;
    case 'last-weekday':
      return `last ${nameAt(WEEKDAYS, asked.weekday)}`;
    case 'month':
      return withYear(`in ${nameAt(MONTHS, asked.month - 1)}`, asked.year);
    case 'year':
      return String(asked.year);
  }
}

const WHICH: Readonly<Record<number, string>> = { [-1]: 'last', 0: 'this', 1: 'next' };

function nameAt(names: readonly string[], index: number): string {
  return names[index] ?? '';
}

function counted(count: number, unit: Unit): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function withYear(text: string, year: number | undefined): string {
  return year === undefined ? text : `${text} ${year}`;
}

function whenText({ date, minute, isHalfDay }: WhenMeaning): string | null {
  const day = date && dayText(date);
  if (date !== null && day === null) return null;
  const time = minute === null ? null : timeText(minute, isHalfDay === true);
  return [day, time].filter((part) => part !== null).join(' ');
}

/** So that it is read as this time of the day again: 10:00 may be in the evening, 10am is not, and 3:00 is in the afternoon. */
function timeText(minute: MinuteOfDay, isHalfDay: boolean): string {
  const [hour, rest] = [Math.floor(minute / 60), twoDigits(minute % 60)];
  if (isHalfDay && hour > english.afternoonUpTo) return `${hour}:${rest}`;
  return hour === 10 || hour === 11 ? `${hour}:${rest}am` : `${twoDigits(hour)}:${rest}`;
}

function dayText(date: DateMeaning): string | null {
  switch (date.kind) {
    case 'offset':
      if (date.unit === 'day' && date.count < 2) return date.count === 0 ? 'today' : 'tomorrow';
      return `in ${counted(date.count, date.unit)}`;
    case 'weekday': {
      const name = nameAt(WEEKDAYS, date.weekday);
      const weeks = date.weeksLater ?? 0;
      if (date.which === 'next')
        return weeks === 0 ? `next ${name}` : `${name} in ${counted(weeks + 1, 'week')}`;
      if (date.which === 'this') return `this ${name}`;
      return weeks === 0 ? name : `${counted(weeks, 'week')} from ${name}`;
    }
    case 'calendar':
      if (date.year === undefined) return `${date.day} ${nameAt(MONTHS, date.month - 1)}`;
      return `${date.year}-${twoDigits(date.month)}-${twoDigits(date.day)}`;
    case 'month-day':
      return `the ${ordinal(date.day)}`;
    case 'month':
      return withYear(`in ${nameAt(MONTHS, date.month - 1)}`, date.year);
    case 'period':
      if (date.edge === 'start') return date.ahead === 1 ? `next ${date.unit}` : null;
      if (date.unit === 'week' || date.ahead > (date.unit === 'month' ? 1 : 0)) return null;
      return date.ahead === 1 ? 'end of next month' : `end of the ${date.unit}`;
    case 'weekend':
      return date.ahead === 0 ? 'the weekend' : 'next weekend';
    case 'nth':
      return nthText(date.nth, date.of, date.ahead);
    case 'nth-in': {
      if (date.of === 'day' || date.of === 'workday') return null;
      const nth = date.nth === -1 ? 'last' : ordinal(date.nth);
      const month = nameAt(MONTHS, date.month - 1);
      return withYear(`the ${nth} ${nameAt(WEEKDAYS, date.of)} of ${month}`, date.year);
    }
  }
}

function nthText(nth: number, of: NthOf, ahead: number | undefined): string | null {
  const month = ahead === undefined ? 'the month' : 'next month';
  if (of === 'day' || of === 'workday') {
    if (of === 'day' && nth > 0 && ahead === 1) return `the ${ordinal(nth)} of next month`;
    return nth === -1 && ahead === undefined ? `last ${of} of the month` : null;
  }
  return `the ${nth === -1 ? 'last' : ordinal(nth)} ${nameAt(WEEKDAYS, of)} of ${month}`;
}

function ordinal(day: number): string {
  const isTeen = day > 10 && day < 14;
  return `${day}${isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')}`;
}
