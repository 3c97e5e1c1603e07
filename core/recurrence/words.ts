/**
 * What a locale must be able to say of a rule, so that describe.ts can decide what is said and never how. One table per
 * language; all entries give text that stands within a sentence, without a capital or a full stop.
 */
import type { CivilDate } from './calendar.ts';
import type { Frequency } from './rule.ts';

export interface RuleWords {
  /** Joined by "and". */
  list(items: readonly string[]): string;
  /** Joined by "or". */
  listOr(items: readonly string[]): string;
  every(count: number, unit: Frequency): string;
  everyAfterDone(count: number, unit: Frequency): string;
  /** Every day from Monday to Friday. */
  everyWorkday: string;
  weekday(weekday: number): string;
  /** "the first Monday"; negative counts from the end. The scope is said when it is the year. */
  nthWeekday(nth: number, weekday: number, scope: 'month' | 'year'): string;
  /** The first or last day from Monday to Friday. */
  nthWorkday(nth: number): string;
  monthDay(day: number): string;
  /** The day, or the last day of a month that is too short for it. */
  clampedMonthDay(day: number): string;
  yearDay(day: number): string;
  week(week: number): string;
  month(month: number): string;
  dateInYear(day: number, month: number): string;
  /** The date, or the last day of that month in a year in which it is shorter. */
  clampedDateInYear(day: number, month: number): string;
  onDays(days: string): string;
  /** Which weekday the days named before must also be; the items joined by "or". */
  ifWeekday(weekdays: string): string;
  inMonths(months: string): string;
  inWeeks(weeks: string): string;
  atTimes(times: string): string;
  inHours(hours: string): string;
  atMinutes(minutes: string): string;
  atSeconds(seconds: string): string;
  onlyPositions(positions: string, unit: Frequency): string;
  position(position: number): string;
  times(count: number): string;
  until(date: CivilDate): string;
}
