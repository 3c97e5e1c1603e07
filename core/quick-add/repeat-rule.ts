/**
 * A repeat in words as an RRULE, and the day on which it first falls.
 *
 * Promise: rules are those that the app's own choices make (recurrence/choice.ts), so they can be edited there and never
 * skip a short month: "monthly on the 31st" is the last day of February. The first day is the next that the rule names,
 * today included; an interval counts from there, so "every other Tuesday" begins on the next Tuesday.
 *
 * Limit: of several days of a month, the 31st becomes the last day, and the 29th and 30th are left out in February, for
 * one RRULE cannot clamp two days.
 */
import { civilDate, formatDay, parseDay, type Weekday } from '../recurrence/calendar.ts';
import { ruleOfChoice, type MonthPlace, type RepeatEnd, type RepeatUnit } from '../recurrence/choice.ts';
import { formatRule, parseRule, plainRule, type Frequency } from '../recurrence/rule.ts';
import { dates } from '../recurrence.ts';
import type { NthOf, RepeatMeaning, Unit } from './meaning.ts';

export const NO_END: RepeatEnd = { kind: 'never' };

/** @param day day number of the first occurrence; it says which day of the month "every month" means */
export function ruleOfRepeat(repeat: RepeatMeaning, day: number, end: RepeatEnd): string {
  const { days, every } = repeat;
  if (repeat.isAfterDone && days.kind === 'plain') return bareRule(days.unit, every, end);
  const choice = (unit: RepeatUnit): string => ruleOfChoice({ ...unit, every, end });
  switch (days.kind) {
    case 'plain': {
      const date = civilDate(day);
      if (days.unit === 'month') return choice({ unit: 'month', place: { kind: 'day', day: date.day } });
      if (days.unit === 'year') {
        return choice({ unit: 'year', month: date.month, place: { kind: 'day', day: date.day } });
      }
      return bareRule(days.unit, every, end);
    }
    case 'weekdays':
      return choice({ unit: 'week', weekdays: [...days.weekdays], weekStart: 0 });
    case 'month-days': {
      const [only, ...others] = days.days;
      if (others.length === 0 && only !== undefined) return choice({ unit: 'month', place: dayPlace(only) });
      const monthDays = [...new Set(days.days.map((each) => (each === 31 ? -1 : each)))].sort(
        (a, b) => a - b,
      );
      return formatRule({ ...plainRule('MONTHLY'), interval: every, ...endParts(end), monthDays });
    }
    case 'nth':
      return choice({ unit: 'month', place: nthPlace(days.nth, days.of) });
    case 'year-day':
      return choice({ unit: 'year', month: days.month, place: dayPlace(days.day) });
    case 'year-nth':
      return choice({ unit: 'year', month: days.month, place: nthPlace(days.nth, days.of) });
  }
}

/** The first day from one on that the repeat names, or null when there is none. */
export function firstDay(repeat: RepeatMeaning, from: number): number | null {
  if (repeat.days.kind === 'plain') return from;
  const rrule = ruleOfRepeat({ ...repeat, every: 1 }, from, NO_END);
  const [first] = dates({ rrule, start: formatDay(from), limit: 1 });
  return first === undefined ? null : parseDay(first);
}

const FREQUENCY_OF: { readonly [U in Unit]: Frequency } = {
  minute: 'MINUTELY',
  hour: 'HOURLY',
  day: 'DAILY',
  week: 'WEEKLY',
  month: 'MONTHLY',
  year: 'YEARLY',
};

function bareRule(unit: Unit, interval: number, end: RepeatEnd): string {
  return formatRule({ ...plainRule(FREQUENCY_OF[unit]), interval, ...endParts(end) });
}

/** The end as the choice module writes it, for the rules that it has no choice for. */
function endParts(end: RepeatEnd): Pick<ReturnType<typeof plainRule>, 'count' | 'until'> {
  const { count, until } = parseRule(ruleOfChoice({ unit: 'day', every: 1, end }));
  return { count, until };
}

function dayPlace(day: number): MonthPlace {
  return day === -1 ? { kind: 'last-day' } : { kind: 'day', day };
}

function nthPlace(nth: number, of: NthOf): MonthPlace {
  if (of === 'day') return dayPlace(nth);
  if (of === 'workday') return { kind: 'workday', nth: nth === -1 ? -1 : 1 };
  const weekday: Weekday = of;
  return { kind: 'weekday', nth: NTHS.find((each) => each === nth) ?? 1, weekday };
}

const NTHS = [1, 2, 3, 4, 5, -1] as const;
