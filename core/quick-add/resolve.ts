/**
 * What a phrase means on a certain day: dates as day numbers of recurrence/calendar.ts, times as minutes of the day.
 *
 * Promise: a date without a year is the next one, today included; a weekday is the next after today; a time alone is the
 * next such time. What was said in full stays as said, also when it is past. Calendar arithmetic only: the zone has a
 * part in what is "now", and in hours and minutes from now, and in nothing else.
 */
import {
  civilDate,
  DAY_SECONDS,
  dayNumber,
  dayOf,
  LAST_DAY,
  modulo,
  monthLength,
  weekdayOf,
} from '../recurrence/calendar.ts';
import { openZone } from '../recurrence/zone.ts';
import type { DateMeaning, MinuteOfDay, NthOf, Unit, WhenMeaning } from './meaning.ts';

export interface Present {
  readonly nowMs: number;
  readonly timeZone: string;
  /** Day number of today in that zone. */
  readonly today: number;
  readonly minute: MinuteOfDay;
}

export interface Moment {
  readonly day: number;
  readonly minute: MinuteOfDay | null;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** @throws RecurrenceError `unknown-zone` */
export function presentAt(nowMs: number, timeZone: string): Present {
  const { day, minute } = momentAt(nowMs, timeZone);
  return { nowMs, timeZone, today: day, minute };
}

/** Null when there is no such day within the calendar. */
export function resolveWhen(when: WhenMeaning, present: Present): Moment | null {
  if (when.date === null) return when.minute === null ? null : nextSuchTime(when.minute, present);
  const moment = resolveDate(when.date, present);
  if (moment === null || when.minute === null) return moment;
  const isOver = moment.day === present.today && when.minute <= present.minute;
  const evening = when.minute + DAY_MINUTES / 2;
  const isEvening = isOver && when.isHalfDay === true && evening > present.minute && evening < DAY_MINUTES;
  return { day: moment.day, minute: isEvening ? evening : when.minute };
}

export function nextSuchTime(minute: MinuteOfDay, { today, minute: now }: Present): Moment {
  return { day: minute > now ? today : today + 1, minute };
}

/** @param edge which end of a month "June" stands for */
export function resolveDate(
  date: DateMeaning,
  present: Present,
  edge: 'start' | 'end' = 'start',
): Moment | null {
  const { today } = present;
  if (date.kind === 'offset' && (date.unit === 'hour' || date.unit === 'minute')) {
    const minutes = date.count * (date.unit === 'hour' ? 60 : 1);
    return momentAt(present.nowMs + minutes * MINUTE_MS, present.timeZone);
  }
  const day = dayMeant(date, today, edge);
  return day === null || day > LAST_DAY ? null : { day, minute: null };
}

/** Months and years keep the day, or take the last one of a month that is too short. */
export function addUnits(day: number, unit: Unit, count: number): number {
  if (unit === 'day') return day + count;
  if (unit === 'week') return day + 7 * count;
  const date = civilDate(day);
  const months = date.year * 12 + date.month - 1 + count * (unit === 'year' ? 12 : 1);
  const { year, month } = yearAndMonth(months);
  return dayNumber(year, month, Math.min(date.day, monthLength(year, month)));
}

function momentAt(instantMs: number, timeZone: string): { day: number; minute: MinuteOfDay } {
  const local = openZone(timeZone).localAt(instantMs);
  const day = Math.floor(local / DAY_SECONDS);
  return { day, minute: Math.floor((local - day * DAY_SECONDS) / 60) % DAY_MINUTES };
}

function dayMeant(date: DateMeaning, today: number, edge: 'start' | 'end'): number | null {
  const { year: thisYear, month: thisMonth } = civilDate(today);
  switch (date.kind) {
    case 'offset':
      return addUnits(today, date.unit, date.count);
    case 'weekday': {
      const ahead = modulo(date.weekday - weekdayOf(today), 7);
      if (date.which === 'next') return mondayOf(today) + 7 * (1 + (date.weeksLater ?? 0)) + date.weekday;
      if (date.which === 'this') return today + ahead;
      return today + (ahead === 0 ? 7 : ahead) + 7 * (date.weeksLater ?? 0);
    }
    case 'calendar':
      if (date.year !== undefined) return dayOf(date.year, date.month, date.day);
      return firstFrom(thisYear, MAX_YEARS_TO_LEAP, (year) =>
        notBefore(today, dayOf(year, date.month, date.day)),
      );
    case 'month-day':
      return firstFrom(thisYear * 12 + thisMonth - 1, 12, (months) => {
        const { year, month } = yearAndMonth(months);
        return notBefore(today, dayOf(year, month, date.day));
      });
    case 'month': {
      const edgeOf = (year: number): number =>
        dayNumber(year, date.month, edge === 'start' ? 1 : monthLength(year, date.month));
      if (date.year !== undefined) return edgeOf(date.year);
      return edgeOf(thisYear) >= today ? edgeOf(thisYear) : edgeOf(thisYear + 1);
    }
    case 'period':
      return periodEdge(date, today);
    case 'weekend': {
      const saturday = mondayOf(today) + 5 + 7 * date.ahead;
      return Math.max(saturday, today);
    }
    case 'nth': {
      const months = thisYear * 12 + thisMonth - 1;
      if (date.ahead !== undefined) return nthDay(months + date.ahead, date.nth, date.of);
      return firstFrom(months, 12, (at) => notBefore(today, nthDay(at, date.nth, date.of)));
    }
    case 'nth-in': {
      const inYear = (year: number): number | null => nthDay(year * 12 + date.month - 1, date.nth, date.of);
      if (date.year !== undefined) return inYear(date.year);
      return firstFrom(thisYear, MAX_YEARS_TO_FIFTH, (year) => notBefore(today, inYear(year)));
    }
  }
}

function periodEdge({ unit, edge, ahead }: Extract<DateMeaning, { kind: 'period' }>, today: number): number {
  const { year, month } = civilDate(today);
  const after = edge === 'end' ? 1 : 0;
  switch (unit) {
    case 'week':
      return mondayOf(today) + 7 * (ahead + after) - after;
    case 'month': {
      const first = yearAndMonth(year * 12 + month - 1 + ahead + after);
      return dayNumber(first.year, first.month, 1) - after;
    }
    case 'year':
      return dayNumber(year + ahead + after, 1, 1) - after;
  }
}

function nthDay(months: number, nth: number, of: NthOf): number | null {
  const { year, month } = yearAndMonth(months);
  const length = monthLength(year, month);
  const first = dayNumber(year, month, 1);
  const days = Array.from({ length }, (_, index) => first + index).filter((day) => {
    if (of === 'day') return true;
    return of === 'workday' ? weekdayOf(day) < 5 : weekdayOf(day) === of;
  });
  return days.at(nth < 0 ? nth : nth - 1) ?? null;
}

/** 29 February comes again after eight years at the latest, around a century that is no leap year. */
const MAX_YEARS_TO_LEAP = 9;
/** A fifth Monday of February, which needs a 29th, comes again after forty years at the latest, around such a century. */
const MAX_YEARS_TO_FIFTH = 40;

function firstFrom(from: number, most: number, at: (value: number) => number | null): number | null {
  for (let tried = 0; tried <= most; tried++) {
    const day = at(from + tried);
    if (day !== null) return day;
  }
  return null;
}

function notBefore(today: number, day: number | null): number | null {
  return day !== null && day >= today ? day : null;
}

function mondayOf(day: number): number {
  return day - weekdayOf(day);
}

function yearAndMonth(months: number): { year: number; month: number } {
  return { year: Math.floor(months / 12), month: (months % 12) + 1 };
}
