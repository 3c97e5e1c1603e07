/**
 * Dates and times in figures: 2026-12-24, 24.12., 12/24, 9:30, 9am, 17 Uhr. Marks within a numeral must follow without
 * a blank, and its parts must be possible ones, else it is something else ("3.5", "24/7", "1:1").
 */
import { dayOf } from '../recurrence/calendar.ts';
import type { Grammar } from './grammar.ts';
import type { Lexeme } from './lexemes.ts';
import type { DateMeaning, MinuteOfDay } from './meaning.ts';
import type { Found } from './pattern.ts';

export interface DateInFigures extends Found<DateMeaning> {
  /** A fraction or a version looks alike, so it must not be followed by what it could belong to. */
  readonly isDoubtful: boolean;
  /** ISO 8601 with a time: 2026-12-24T09:00 */
  readonly minute: MinuteOfDay | null;
}

export interface ClockReading extends Found<MinuteOfDay> {
  /** "9am", "9:30": a time also with no word before it. */
  readonly isPlain: boolean;
  /** Neither am nor pm nor a 24-hour reading, so an evening can make it one. */
  readonly isHalfDay: boolean;
}

export function dateInFigures(
  lexemes: readonly Lexeme[],
  index: number,
  isMonthFirst: boolean,
): DateInFigures | null {
  return isoDate(lexemes, index) ?? dottedDate(lexemes, index) ?? slashedDate(lexemes, index, isMonthFirst);
}

/** @param isLed whether a word like "at" stands before, which makes a bare hour a time */
export function clockReading(
  lexemes: readonly Lexeme[],
  index: number,
  grammar: Grammar,
  isLed: boolean,
): ClockReading | null {
  const hour = figure(lexemes, index, 2);
  if (hour === null) return null;
  let next = index + 1;
  let minute = 0;
  const mark = joined(lexemes, next);
  const minuteText = mark === ':' || mark === '.' ? lexemes[next + 1] : undefined;
  const hasMinutes =
    minuteText?.kind === 'number' &&
    !minuteText.spaced &&
    minuteText.text.length === 2 &&
    Number(minuteText.text) < 60;
  if (hasMinutes) {
    minute = Number(minuteText.text);
    next += 2;
  }
  const half = grammar.isTwelveHour ? halfOfDay(lexemes, next) : null;
  if (half) {
    if (hour < 1 || hour > 12) return null;
    const value = ((hour % 12) + (half.value === 'pm' ? 12 : 0)) * 60 + minute;
    return { value, next: half.next, isPlain: true, isHalfDay: false };
  }
  if (hour > 23) return null;
  const said = hourWord(lexemes, next, grammar, hasMinutes);
  if (said) {
    next = said.next;
    minute = said.value ?? minute;
  }
  // 9.30 is as well a sum or a version; only a word before or after makes it a time.
  if (hasMinutes && mark === '.' && !said && !isLed) return null;
  const isWritten24 = lexemes[index]?.text.startsWith('0') === true || hour > 12;
  const isAfternoon = !isWritten24 && hour >= 1 && hour <= grammar.afternoonUpTo;
  return {
    value: (isAfternoon ? hour + 12 : hour) * 60 + minute,
    next,
    isPlain: hasMinutes || said !== null,
    isHalfDay: !isWritten24 && hour >= 1 && hour < 12,
  };
}

const DASHES = new Set(['-', '–']);

/** The dash between two times is read as the word: "14:00-16:00" as "14:00 to 16:00". Offsets stay. */
export function withTimeRanges(lexemes: readonly Lexeme[], grammar: Grammar): readonly Lexeme[] {
  const [rangeWord] = grammar.rangeWords;
  if (rangeWord === undefined || !lexemes.some(({ text }) => DASHES.has(text))) return lexemes;
  const read = [...lexemes];
  for (const index of lexemes.keys()) {
    const from = clockReading(lexemes, index, grammar, false);
    const dash = from?.isPlain === true ? lexemes[from.next] : undefined;
    if (!from || !dash || !DASHES.has(dash.text)) continue;
    const at = from.next + 1;
    const to = lexemes[at];
    if (!to || clockReading(lexemes, at, grammar, false)?.isPlain !== true) continue;
    read[from.next] = { ...dash, kind: 'word', text: rangeWord, spaced: true };
    read[at] = { ...to, spaced: true };
  }
  return read;
}

function isoDate(lexemes: readonly Lexeme[], index: number): DateInFigures | null {
  const year = yearFigure(lexemes, index);
  const mark = joined(lexemes, index + 1);
  if (year === null || (mark !== '-' && mark !== '/') || joined(lexemes, index + 3) !== mark) return null;
  const month = joinedFigure(lexemes, index + 2);
  const day = joinedFigure(lexemes, index + 4);
  if (month === null || day === null || dayOf(year, month, day) === null) return null;
  const value: DateMeaning = { kind: 'calendar', month, day, year };
  const next = index + 5;
  const hour = joined(lexemes, next) === 't' ? joinedFigure(lexemes, next + 1) : null;
  const minute = joined(lexemes, next + 2) === ':' ? joinedFigure(lexemes, next + 3) : null;
  const isTimed = hour !== null && minute !== null && hour < 24 && minute < 60;
  return {
    value,
    next: isTimed ? next + 4 : next,
    isDoubtful: false,
    minute: isTimed ? hour * 60 + minute : null,
  };
}

/** Day first, everywhere that writes dots. Without a year the second dot must be there, else it is a decimal. */
function dottedDate(lexemes: readonly Lexeme[], index: number): DateInFigures | null {
  const day = figure(lexemes, index, 2);
  const month = joinedFigure(lexemes, index + 2);
  if (day === null || month === null) return null;
  if (joined(lexemes, index + 1) !== '.' || joined(lexemes, index + 3) !== '.') return null;
  const year = joinedYear(lexemes, index + 4);
  return inCalendar(month, day, year, index + (year === null ? 4 : 5), false);
}

function slashedDate(lexemes: readonly Lexeme[], index: number, isMonthFirst: boolean): DateInFigures | null {
  const first = figure(lexemes, index, 2);
  const second = joinedFigure(lexemes, index + 2);
  if (first === null || second === null || joined(lexemes, index + 1) !== '/') return null;
  // Around the clock, in every country.
  if (first === 24 && second === 7) return null;
  const year = joined(lexemes, index + 3) === '/' ? joinedYear(lexemes, index + 4) : null;
  const next = index + (year === null ? 3 : 5);
  const [month, day] = isMonthFirst ? [first, second] : [second, first];
  // 3/4 is as well a fraction; 12/24 is none that anyone writes.
  const isFraction = year === null && first <= 12 && second <= 12;
  return inCalendar(month, day, year, next, isFraction) ?? inCalendar(day, month, year, next, isFraction);
}

function inCalendar(
  month: number,
  day: number,
  year: number | null,
  next: number,
  isDoubtful: boolean,
): DateInFigures | null {
  if (dayOf(year ?? LEAP_YEAR, month, day) === null) return null;
  const value: DateMeaning = { kind: 'calendar', month, day, ...(year === null ? {} : { year }) };
  return { value, next, isDoubtful, minute: null };
}

const LEAP_YEAR = 2000;

function halfOfDay(lexemes: readonly Lexeme[], index: number): Found<'am' | 'pm'> | null {
  const text = lexemes[index]?.text;
  if (text === 'am' || text === 'pm') return { value: text, next: index + 1 };
  const isDotted =
    (text === 'a' || text === 'p') &&
    joined(lexemes, index + 1) === '.' &&
    joined(lexemes, index + 2) === 'm';
  if (!isDotted) return null;
  const next = joined(lexemes, index + 3) === '.' ? index + 4 : index + 3;
  return { value: text === 'a' ? 'am' : 'pm', next };
}

/** "o'clock", "Uhr", and "Uhr 30" with the minutes after it. */
function hourWord(
  lexemes: readonly Lexeme[],
  index: number,
  grammar: Grammar,
  hasMinutes: boolean,
): { value: number | null; next: number } | null {
  if (!grammar.hourWords.has(lexemes[index]?.text ?? '')) return null;
  const after = lexemes[index + 1];
  const isMinutes =
    !grammar.isTwelveHour &&
    !hasMinutes &&
    after?.kind === 'number' &&
    /^[0-5]\d$/.test(after.text) &&
    // "14 Uhr 30 min vorher"
    !grammar.units.has(lexemes[index + 2]?.text ?? '');
  return isMinutes ? { value: Number(after.text), next: index + 2 } : { value: null, next: index + 1 };
}

/** The text of a lexeme that follows without a blank, else nothing. */
function joined(lexemes: readonly Lexeme[], index: number): string | undefined {
  const lexeme = lexemes[index];
  return lexeme?.spaced === false ? lexeme.text : undefined;
}

function figure(lexemes: readonly Lexeme[], index: number, mostDigits: number): number | null {
  const lexeme = lexemes[index];
  return lexeme?.kind === 'number' && lexeme.text.length <= mostDigits ? Number(lexeme.text) : null;
}

function joinedFigure(lexemes: readonly Lexeme[], index: number): number | null {
  return lexemes[index]?.spaced === false ? figure(lexemes, index, 2) : null;
}

/** Four figures of a year in which people have plans. */
export function yearFigure(lexemes: readonly Lexeme[], index: number): number | null {
  const year = lexemes[index]?.text.length === 4 ? figure(lexemes, index, 4) : null;
  return year !== null && year >= 1900 && year < 2200 ? year : null;
}

function joinedYear(lexemes: readonly Lexeme[], index: number): number | null {
  const lexeme = lexemes[index];
  if (lexeme === undefined || lexeme.spaced) return null;
  const short = lexeme.text.length === 2 ? figure(lexemes, index, 2) : null;
  return short === null ? yearFigure(lexemes, index) : 2000 + short;
}
