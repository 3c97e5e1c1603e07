/**
 * Dates in a query: the words of quick add, read by its own reader, and what only a question has, like "last week",
 * "3 days ago" and "in March", which is a whole month here.
 *
 * Promise: what quick add understands as a date means the same day here. "This week" and its like are spans of days, so
 * "before next week" is before its first day and "after" is after its last.
 *
 * Limits: the words are English on every device, and in figures like 3/4 the day comes first, because a query that is kept
 * has to mean the same everywhere. `created` and `done` lie in the past, so what is said of them without a year is the last
 * such day.
 */
import { english } from '../quick-add/english.ts';
import { lexemesOf } from '../quick-add/lexemes.ts';
import type { DateMeaning, Unit, WhenMeaning } from '../quick-add/meaning.ts';
import { createReader } from '../quick-add/reader.ts';
import { addUnits, resolveDate, resolveWhen, type Present } from '../quick-add/resolve.ts';
import {
  civilDate,
  dayNumber,
  dayOf,
  LAST_DAY,
  modulo,
  monthLength,
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

/** null when there is no such day within the calendar. */
export type DateWords = (context: DateContext) => DaySpan | null;

export interface FoundDate {
  /** How many characters of the text it takes. */
  readonly length: number;
  readonly words: DateWords;
}

type SpanUnit = 'week' | 'month' | 'year';

/** The longest date that the text begins with. */
export function readDate(text: string): FoundDate | null {
  const own = ownDate(text);
  const shared = sharedDate(text);
  const month = monthAlone(text);
  return [shared, month].reduce<FoundDate | null>(
    // What only a question has goes before a phrase of the same length: "next week" is all of it.
    (best, found) => (found && found.length > (best?.length ?? 0) ? found : best),
    own,
  );
}

// --- what only a question has ---

const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map((word, at) => [
    word,
    at + 1,
  ]),
);
const COUNT = String.raw`(\d{1,3}|${[...NUMBER_WORDS.keys()].join('|')}|an?)`;
const UNIT = '(day|week|month|year)s?';
const END = String.raw`(?![\p{L}\p{N}])`;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

const OWN: readonly (readonly [RegExp, (match: RegExpExecArray) => DateWords | null])[] = [
  [
    pattern('yesterday'),
    () =>
      ({ present }) =>
        oneDay(present.today - 1),
  ],
  [
    pattern('(?:(?:in|on) )?(?:the )?(this|current|next|last|past|previous) (week|month|year)'),
    ([, which, unit]) =>
      (context) =>
        unitSpan(unit as SpanUnit, aheadOf(which), context),
  ],
  [
    pattern('(?:on |at )?(?:the )?(this|next|last) weekend'),
    ([, which]) =>
      ({ present }) => {
        const saturday = mondayOf(present.today) + 5 + 7 * aheadOf(which);
        return { from: saturday, to: saturday + 1, minute: null };
      },
  ],
  [
    pattern(`(?:in |within )?(?:the )?(next|last|past|previous) ${COUNT} ${UNIT}`),
    ([, which, count, unit]) =>
      ({ present: { today } }) => {
        const units = countOf(count) * (which === 'next' ? 1 : -1);
        // Today is one of them, so "the last 7 days" are a week.
        const end = addUnits(today, unit as Unit, units) - Math.sign(units);
        return { from: Math.min(today, end), to: Math.max(today, end), minute: null };
      },
  ],
  [
    pattern(`${COUNT} ${UNIT} ago`),
    ([, count, unit]) =>
      ({ present: { today } }) =>
        oneDay(addUnits(today, unit as Unit, -countOf(count))),
  ],
  [
    pattern(`(?:on )?last (${WEEKDAYS.join('|')})`),
    ([, name]) =>
      ({ present: { today } }) => {
        const back = modulo(weekdayOf(today) - WEEKDAYS.indexOf(name as (typeof WEEKDAYS)[number]), 7);
        return oneDay(today - (back === 0 ? 7 : back));
      },
  ],
  [
    pattern(String.raw`(?:in )?(\d{4})-(\d{2})(?![-\d])`),
    ([, year, month]) =>
      Number(month) >= 1 && Number(month) <= 12 ? () => monthSpan(Number(year), Number(month)) : null,
  ],
  [
    pattern(String.raw`(?:in )?((?:19|20|21)\d\d)(?![-:.\d])`),
    ([, year]) =>
      () =>
        yearSpan(Number(year)),
  ],
];

function pattern(source: string): RegExp {
  return new RegExp(`^${source}${END}`, 'iu');
}

function ownDate(text: string): FoundDate | null {
  const tidy = tidied(text);
  for (const [expression, read] of OWN) {
    const match = expression.exec(tidy.text);
    const words = match && read(match);
    if (match && words) return { length: tidy.lengthOf(match[0].length), words };
  }
  return null;
}

/** A month without a day, with or without its year. Last, since "March 5" and "May 2027" begin alike. */
function monthAlone(text: string): FoundDate | null {
  const tidy = tidied(text);
  const match = pattern(String.raw`(?:in )?(${MONTHS.join('|')})(?: (\d{4}))?`).exec(tidy.text);
  if (!match) return null;
  const month = MONTHS.indexOf((match[1] ?? '').toLowerCase() as (typeof MONTHS)[number]) + 1;
  const year = match[2] === undefined ? undefined : Number(match[2]);
  return {
    length: tidy.lengthOf(match[0].length),
    words: ({ present, isPast }) => monthSpan(year ?? yearOf(month, present.today, isPast), month),
  };
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

function aheadOf(which: string | undefined): number {
  const word = which?.toLowerCase();
  return word === 'next' ? 1 : word === 'this' || word === 'current' ? 0 : -1;
}

function countOf(text: string | undefined): number {
  const word = (text ?? '').toLowerCase();
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
  return { length: last.end - lead.length, words: (context) => meant(found.value, context) };
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
  if (date.kind === 'month') {
    const year = date.year ?? yearOf(date.month, present.today, isPast);
    return monthSpan(year, date.month);
  }
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
