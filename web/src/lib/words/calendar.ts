/**
 * Dates as people write them: `YYYY-MM-DD` without a zone, and the arithmetic a task list needs.
 *
 * Promise: pure, and free of any zone: what the clock shows is told by time-zone.ts. Days are counted in UTC, where each has
 * 24 hours, so no change of summer time moves a date.
 */

/** `YYYY-MM-DD` */
export type LocalDate = string;
/** `HH:mm` */
export type LocalTime = string;

const DAY_MS = 86_400_000;

export function isLocalDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayNumber(text)) && addDays(text, 0) === text;
}

export function isLocalTime(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return new Date((dayNumber(date) + days) * DAY_MS).toISOString().slice(0, 10);
}

/** Days from `from` to `to`, negative when `to` is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return dayNumber(to) - dayNumber(from);
}

/** 1 Monday to 7 Sunday. */
export function weekday(date: LocalDate): number {
  // The first of January 1970, day 0, was a Thursday.
  return ((((dayNumber(date) + 3) % 7) + 7) % 7) + 1;
}

export function nextWeekday(date: LocalDate, wanted: number): LocalDate {
  const ahead = (wanted - weekday(date) + 7) % 7;
  return addDays(date, ahead === 0 ? 7 : ahead);
}

/** The same day some months on, or the last day of a shorter month. */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return addDays(first.toISOString().slice(0, 10), Math.min(day, lastDay) - 1);
}

/** Six weeks that hold the month of `date`, each beginning on `firstWeekday`. */
export function monthGrid(date: LocalDate, firstWeekday: number): LocalDate[][] {
  const first = `${date.slice(0, 7)}-01`;
  const start = addDays(first, -((weekday(first) - firstWeekday + 7) % 7));
  return Array.from({ length: 6 }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => addDays(start, week * 7 + day)),
  );
}

/** The instant of midday UTC: for formatting with `timeZone: 'UTC'` only. */
export function dateForFormat(date: LocalDate): Date {
  return new Date(dayNumber(date) * DAY_MS + DAY_MS / 2);
}

function dayNumber(date: LocalDate): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
}
