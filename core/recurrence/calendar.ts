/**
 * Dates as day numbers and wall clocks as second numbers, so that a rule is expanded in integers and no host zone can
 * leak in. Day 0 is 1970-01-01; the proleptic Gregorian calendar, years 1 to 9999 (four digits, as in RFC 5545).
 *
 * A local second is a wall clock reading, day number times 86,400 plus the time of day. It is no instant: only zone.ts
 * makes instants of it.
 *
 * Source of the conversions: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil and
 * civil_from_days), which count years from 1 March so that the leap day comes last.
 */
export const DAY_SECONDS = 86_400;
export const FIRST_YEAR = 1;
export const LAST_YEAR = 9999;

/** Monday is 0 and Sunday is 6. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

export function dayNumber(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilDate(day: number): CivilDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function yearLength(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

export function monthLength(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Day 0 was a Thursday. */
export function weekdayOf(day: number): Weekday {
  return modulo(day + 3, 7) as Weekday;
}

/** The last day that a rule may reach. */
export const LAST_DAY = dayNumber(LAST_YEAR, 12, 31);

/**
 * The number of the week that a day lies in, and how many weeks the year of that week has. Week 1 is the first with at
 * least four days in the year (RFC 5545 3.3.10, BYWEEKNO), so a week belongs to the year of its fourth day.
 */
export function weekNumber(day: number, weekStart: Weekday): { week: number; weeksInYear: number } {
  const { year, week } = weekOfYear(day, weekStart);
  // 28 December always lies in the last week of its year, as 4 January lies in the first.
  return { week, weeksInYear: weekOfYear(dayNumber(year, 12, 28), weekStart).week };
}

function weekOfYear(day: number, weekStart: Weekday): { year: number; week: number } {
  const fourthDay = day - modulo(weekdayOf(day) - weekStart, 7) + 3;
  const { year } = civilDate(fourthDay);
  return { year, week: Math.floor((fourthDay - dayNumber(year, 1, 1)) / 7) + 1 };
}

const LOCAL_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;

/** The day number of `YYYY-MM-DD`, or null when that is no date. */
export function parseDay(text: string): number | null {
  const found = LOCAL_DATE.exec(text);
  if (!found) return null;
  return dayOf(Number(found[1]), Number(found[2]), Number(found[3]));
}

/** The local second of `YYYY-MM-DDTHH:mm:ss`, or null when that is no wall clock reading. */
export function parseLocal(text: string): number | null {
  const found = LOCAL_TIME.exec(text);
  if (!found?.[1]) return null;
  const day = parseDay(found[1]);
  if (day === null) return null;
  return day * DAY_SECONDS + Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4]);
}

/** The day number of a date, or null when the calendar has no such day. */
export function dayOf(year: number, month: number, day: number): number | null {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12) return null;
  if (day < 1 || day > monthLength(year, month)) return null;
  return dayNumber(year, month, day);
}

export function formatDay(day: number): string {
  const date = civilDate(day);
  return `${String(date.year).padStart(4, '0')}-${twoDigits(date.month)}-${twoDigits(date.day)}`;
}

export function formatLocal(local: number): string {
  const day = Math.floor(local / DAY_SECONDS);
  const time = local - day * DAY_SECONDS;
  const hour = Math.floor(time / 3600);
  const minute = Math.floor((time % 3600) / 60);
  return `${formatDay(day)}T${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(time % 60)}`;
}

export function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The remainder that is never negative. */
export function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
