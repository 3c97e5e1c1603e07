/**
 * Which days a rule's BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY and BYDAY let through, taken together: a day stands when
 * every part that is present has it. For days, RFC 5545's "expand" and "limit" come to the same: a part that expands a
 * period gives days of that period, and the later ones narrow them.
 *
 * Promise: asking for a month costs some 31 tests of a day once, and after that a look-up, because a month's answer
 * depends on little: the weekday its year begins with, and whether that year is a leap year. (With BYWEEKNO also on
 * the years beside it, so there each year is asked for itself.) That is what lets ten years be counted through in
 * microseconds.
 */
import {
  civilDate,
  dayNumber,
  isLeapYear,
  LAST_DAY,
  LAST_YEAR,
  monthLength,
  weekdayOf,
  weekNumber,
  yearLength,
} from './calendar.ts';
import type { RecurrenceRule } from './rule.ts';

export interface DayFilter {
  /** Does the rule have any day part at all? If not, every day stands. */
  readonly filters: boolean;
  has(day: number): boolean;
  /** The days of a month that stand, bit 0 being the 1st. */
  month(year: number, month: number): number;
  /** The first day that stands, from this one on, or null when there is none up to the year 9999. */
  next(day: number): number | null;
}

export function createDayFilter(rule: RecurrenceRule): DayFilter {
  const filters = [rule.months, rule.weekNumbers, rule.yearDays, rule.monthDays, rule.weekdays].some(
    (list) => list.length > 0,
  );
  const known = new Map<number, number>();
  const usesWeeks = rule.weekNumbers.length > 0;

  function month(year: number, monthOfYear: number): number {
    const shape = usesWeeks ? year : weekdayOf(dayNumber(year, 1, 1)) + (isLeapYear(year) ? 7 : 0);
    const key = shape * 12 + monthOfYear;
    let bits = known.get(key);
    if (bits === undefined) {
      bits = daysOfMonth(rule, year, monthOfYear);
      known.set(key, bits);
    }
    return bits;
  }

  return {
    filters,
    month,
    has(day) {
      if (!filters) return true;
      const date = civilDate(day);
      return ((month(date.year, date.month) >>> (date.day - 1)) & 1) === 1;
    },
    next(day) {
      if (day > LAST_DAY) return null;
      if (!filters) return day;
      const from = civilDate(day);
      let { year, month: monthOfYear } = from;
      let bits = (month(year, monthOfYear) >>> (from.day - 1)) << (from.day - 1);
      while (bits === 0) {
        monthOfYear++;
        if (monthOfYear > 12) {
          monthOfYear = 1;
          year++;
          if (year > LAST_YEAR) return null;
        }
        bits = month(year, monthOfYear);
      }
      return dayNumber(year, monthOfYear, 32 - Math.clz32(bits & -bits));
    },
  };
}

/** How many bits are set. */
export function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** How many days stand, of every nth day from one day up to, not including, another. Looks at months, not at days. */
export function countDays(filter: DayFilter, from: number, to: number, every = 1): number {
  if (to <= from) return 0;
  if (!filter.filters) return Math.ceil((to - from) / every);
  const first = civilDate(from);
  let { year, month } = first;
  let count = 0;
  for (let begin = from - first.day + 1; begin < to; begin += monthLength(year, month), month++) {
    if (month > 12) {
      month = 1;
      year++;
    }
    let bits = filter.month(year, month);
    if (begin < from) bits = (bits >>> (from - begin)) << (from - begin);
    if (to - begin < 31) bits &= (1 << (to - begin)) - 1;
    for (; bits !== 0; bits &= bits - 1) {
      const day = begin + 31 - Math.clz32(bits & -bits);
      if ((day - from) % every === 0) count++;
    }
  }
  return count;
}

function daysOfMonth(rule: RecurrenceRule, year: number, month: number): number {
  if (rule.months.length > 0 && !rule.months.includes(month)) return 0;
  const days = monthLength(year, month);
  const firstDay = dayNumber(year, month, 1);
  const yearDays = yearLength(year);
  const daysBefore = firstDay - dayNumber(year, 1, 1);
  // RFC 5545: the nth weekday is one of the month in a MONTHLY rule, and in a YEARLY one that has BYMONTH.
  const nthInMonth = rule.frequency === 'MONTHLY' || rule.months.length > 0;

  let bits = 0;
  for (let date = 1; date <= days; date++) {
    const day = firstDay + date - 1;
    const yearDay = daysBefore + date;
    const stands =
      holds(rule.monthDays, date, days) &&
      holds(rule.yearDays, yearDay, yearDays) &&
      holdsWeekday(rule, day, nthInMonth ? date : yearDay, nthInMonth ? days : yearDays) &&
      holdsWeek(rule, day);
    if (stands) bits |= 1 << (date - 1);
  }
  return bits;
}

/** Is a position among those asked for, counted from the start or, negative, from the end? No list: yes. */
function holds(wanted: readonly number[], position: number, length: number): boolean {
  return wanted.length === 0 || wanted.includes(position) || wanted.includes(position - length - 1);
}

function holdsWeekday(rule: RecurrenceRule, day: number, position: number, length: number): boolean {
  if (rule.weekdays.length === 0) return true;
  const weekday = weekdayOf(day);
  return rule.weekdays.some((pick) => {
    if (pick.weekday !== weekday) return false;
    if (pick.nth === null) return true;
    return pick.nth > 0
      ? Math.ceil(position / 7) === pick.nth
      : Math.ceil((length - position + 1) / 7) === -pick.nth;
  });
}

function holdsWeek(rule: RecurrenceRule, day: number): boolean {
  if (rule.weekNumbers.length === 0) return true;
  const { week, weeksInYear } = weekNumber(day, rule.weekStart);
  return holds(rule.weekNumbers, week, weeksInYear);
}
