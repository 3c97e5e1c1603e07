/**
 * When a task is due, in the words of the person's own language.
 *
 * Promise: near dates are said the way people say them ("today 14:00", "tomorrow", "Friday", "3 days ago"),
 * far ones as dates; the year is named only when it is another one. A time in another zone is said as the clock here
 * will show it, with its own beside it where the two differ: "tomorrow 00:00 (09:00 Berlin)". Pure: the present is an
 * argument; only the clock of a moment is that of the person (time-zone.ts).
 */

import type { Steps } from '@holdfast/core/steps.ts';
import { type LocalDate, type LocalTime, addDays, dateForFormat, daysBetween, weekday } from './calendar.ts';
import { type Due, cityOf, dueInstantMs, localDue } from './local-due.ts';
import { t } from './language.ts';
import { localDate, timeZoneHere } from './time-zone.ts';

export type { Due } from './local-due.ts';

export interface Present {
  readonly today: LocalDate;
  readonly time: LocalTime;
  readonly locale: string;
  /** IANA name of where the person is. Absent: every time is read as one of here. */
  readonly timeZone?: string;
  /** The instant that `today` and `time` are of: what is in a zone is overdue by it. */
  readonly nowMs?: number;
}

export type DueTone = 'overdue' | 'today' | 'soon' | 'later';

export function dueTone(due: Due, present: Present): DueTone {
  if (isOverdue(due, present)) return 'overdue';
  const days = daysBetween(present.today, localDue(due, present.timeZone).date);
  if (days === 0) return 'today';
  return days === 1 ? 'soon' : 'later';
}

/** A day is overdue when it is over, a time when it has been reached: in a zone by the instant, else by the clock here. */
export function isOverdue(due: Due, present: Present): boolean {
  if (due.timeZone !== undefined && present.timeZone !== undefined && present.nowMs !== undefined) {
    const instantMs = dueInstantMs(due, present.timeZone);
    if (instantMs !== null) return instantMs < present.nowMs;
  }
  if (due.date !== present.today) return due.date < present.today;
  return due.time !== undefined && due.time < present.time;
}

export function dueWords(due: Due, present: Present): string {
  return `${dayWords(localDue(due, present.timeZone).date, present)}${clockWords(due, present)}`;
}

/** The time alone, where the day is said elsewhere: "14:00", "00:00 (09:00 Berlin)"; empty for a day. */
export function dueTimeWords(due: Due, present: Present): string {
  return clockWords(due, present).trimStart();
}

function clockWords(due: Due, present: Present): string {
  const here = localDue(due, present.timeZone);
  if (due.time === undefined || here.time === undefined) return '';
  const words = ` ${timeWords(here.time, present.locale)}`;
  if (due.timeZone === undefined || (here.time === due.time && here.date === due.date)) return words;
  return `${words} (${timeWords(due.time, present.locale)} ${cityOf(due.timeZone)})`;
}

export function dayWords(date: LocalDate, { today, locale }: Present): string {
  const days = daysBetween(today, date);
  if (Math.abs(days) <= 1 || (days < 0 && days >= -6)) {
    return relative(locale, 'long').format(days, 'day');
  }
  if (days > 0 && days < 7) return format(date, locale, { weekday: 'long' });
  if (days >= 7 && days < 14)
    return format(date, locale, { weekday: 'short', day: 'numeric', month: 'short' });
  return date.slice(0, 4) === today.slice(0, 4)
    ? format(date, locale, { day: 'numeric', month: 'short' })
    : format(date, locale, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** Which day comes next, short: "tomorrow", "Tue 1 Dec". */
export function nextDateWords(due: Due, present: Present): string {
  const { date } = localDue(due, present.timeZone);
  if (Math.abs(daysBetween(present.today, date)) <= 1) return dayWords(date, present);
  return shortDateWords(date, present);
}

/** The year is named only where the same day of another year could be meant. */
export function shortDateWords(date: LocalDate, { today, locale }: Present): string {
  const isNear = Math.abs(daysBetween(today, date)) < 300;
  return format(date, locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(isNear ? {} : { year: 'numeric' }),
  });
}

/** The heading of a day in a list of days: "Tomorrow · Friday 27 November". */
export function dayHeading(date: LocalDate, present: Present): { title: string; detail: string } {
  const days = daysBetween(present.today, date);
  const full = format(date, present.locale, { weekday: 'long', day: 'numeric', month: 'long' });
  if (Math.abs(days) <= 1) {
    const words = relative(present.locale, 'long').format(days, 'day');
    return { title: capitalised(words, present.locale), detail: full };
  }
  if (days > 1 && days < 7) {
    return {
      title: capitalised(format(date, present.locale, { weekday: 'long' }), present.locale),
      detail: format(date, present.locale, { day: 'numeric', month: 'long' }),
    };
  }
  const withYear = date.slice(0, 4) !== present.today.slice(0, 4);
  return {
    title: format(date, present.locale, {
      day: 'numeric',
      month: 'long',
      ...(withYear ? { year: 'numeric' } : {}),
    }),
    detail: format(date, present.locale, { weekday: 'long' }),
  };
}

export function timeWords(time: LocalTime, locale: string): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return formatter(locale, { timeStyle: 'short' }).format(Date.UTC(2000, 0, 1, hour, minute));
}

/** "2 minutes ago", "yesterday": how long ago an instant was, for people. */
export function agoWords(atMs: number, nowMs: number, locale: string): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  const words = relative(locale, 'short');
  if (seconds < 45) return t('just now');
  if (seconds < 45 * 60) return words.format(-Math.max(1, Math.round(seconds / 60)), 'minute');
  if (seconds < 22 * 3600) return words.format(-Math.max(1, Math.round(seconds / 3600)), 'hour');
  return words.format(-Math.max(1, Math.round(seconds / 86_400)), 'day');
}

/** A clock time today, else a date with it: "10:42", "Mon 10:42", "3 Nov 10:42". */
export function momentWords(atMs: number, nowMs: number, locale: string): string {
  const said = (options: Intl.DateTimeFormatOptions): string =>
    formatter(locale, options, timeZoneHere()).format(atMs);
  const time = said({ timeStyle: 'short' });
  if (localDate(atMs) === localDate(nowMs)) return time;
  const isRecent = nowMs - atMs < 6 * 86_400_000;
  return `${said(isRecent ? { weekday: 'short' } : { day: 'numeric', month: 'short' })} ${time}`;
}

const WEEKDAY_KEYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** The first day of the week, 1 Monday to 7 Sunday, as the locale has it, or as is chosen in it ("-u-fw-mon"). */
export function firstWeekday(locale: string): number {
  // Not every browser that knows the weeks of languages reads this part of a tag.
  const chosen = WEEKDAY_KEYS.indexOf(/-u-(?:.*-)?fw-(\w{3})/.exec(locale)?.[1] ?? '');
  if (chosen >= 0) return chosen + 1;
  const info = new Intl.Locale(locale) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return info.getWeekInfo?.().firstDay ?? info.weekInfo?.firstDay ?? 1;
}

/** Short names of the days of one week, beginning with that of `date`. */
export function weekdayNames(week: readonly LocalDate[], locale: string): { short: string; long: string }[] {
  return week.map((date) => ({
    short: format(date, locale, { weekday: 'narrow' }),
    long: format(date, locale, { weekday: 'long' }),
  }));
}

export function monthWords(date: LocalDate, locale: string): string {
  return format(date, locale, { month: 'long', year: 'numeric' });
}

export function fullDateWords(date: LocalDate, locale: string): string {
  return format(date, locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
}

/** A date in whatever detail. */
export function dateWords(date: LocalDate, locale: string, options: Intl.DateTimeFormatOptions): string {
  return format(date, locale, options);
}

export function isWeekend(date: LocalDate): boolean {
  return weekday(date) > 5;
}

function format(date: LocalDate, locale: string, options: Intl.DateTimeFormatOptions): string {
  return formatter(locale, options).format(dateForFormat(date));
}

/** Made once each: making one costs more than everything it is used for, and every row of a list asks. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const relatives = new Map<string, Intl.RelativeTimeFormat>();

function formatter(
  locale: string,
  options: Intl.DateTimeFormatOptions,
  timeZone = 'UTC',
): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`;
  return kept(formatters, key, () => new Intl.DateTimeFormat(locale, { ...options, timeZone }));
}

/** Has the kinds of words that pages say made before one of them is come to; one a step, each costs milliseconds. */
export function* prepareWords(present: Present): Steps<void> {
  const { today, locale } = present;
  const kinds: ((date: LocalDate) => unknown)[] = [
    (date) => dayWords(date, present),
    (date) => dayHeading(date, present),
  ];
  for (const say of kinds) {
    for (const days of [0, 3, 8, 20, 400]) {
      say(addDays(today, days));
      yield;
    }
  }
  timeWords('12:00', locale);
  yield;
  monthWords(today, locale);
  yield;
  fullDateWords(today, locale);
  yield;
  weekdayNames([today], locale);
}

function relative(locale: string, style: 'long' | 'short'): Intl.RelativeTimeFormat {
  const make = () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style });
  return kept(relatives, `${locale} ${style}`, make);
}

function kept<T>(made: Map<string, T>, key: string, make: () => T): T {
  let found = made.get(key);
  if (found === undefined) {
    found = make();
    made.set(key, found);
  }
  return found;
}

export function capitalised(text: string, locale: string): string {
  return text.slice(0, 1).toLocaleUpperCase(locale) + text.slice(1);
}
