/**
 * The slots of a rule: the local seconds it names, in order, each once, from its start on.
 *
 * Promise: `from(t)` begins in the period of t, so it costs the same for a series of ten years and a new one. COUNT
 * and UNTIL are left to the caller (recurrence.ts), since UNTIL may be an instant, and only here is the number of
 * slots before a time known cheaply (`countBefore`). Ends with the year 9999. Never hangs: the Gregorian calendar
 * repeats after 400 years (146,097 days, which are whole weeks), so a search that found nothing for so long that every
 * alignment of interval and calendar has been seen will find nothing more.
 *
 * Why not rrule 2.8.1, which DESIGN section 9 names: its faults reach past what a wrapper can mend. Its week numbers
 * are wrong at the turn of the year (no negative numbers for the next year's week, a wrong length for the last year's
 * last week), it mixes `1MO,WE` into nothing also under BYSETPOS, a rule that never matches is searched up to the year
 * 9999 day by day (seconds; for MINUTELY and SECONDLY for ever), and with COUNT it walks from the start. SPEC.md lists
 * them and tests/recurrence/rrule-peer.test.ts measures them, and checks that both agree where rrule is right.
 *
 * How: a period (year, month, week or day; the interval counts these from the start's own) gives its days by the day
 * filter; days times the times of day, in order, are its set; BYSETPOS picks from that set; what lies before the start
 * is dropped at the end, so that positions are counted in whole periods. The set is never built when it is large.
 */
import { civilDate, DAY_SECONDS, dayNumber, LAST_DAY, LAST_YEAR, modulo, weekdayOf } from './calendar.ts';
import { createClockSlots } from './clock-expansion.ts';
import { completeRule } from './complete-rule.ts';
import { countBits, countDays, createDayFilter, type DayFilter } from './day-filter.ts';
import { isFinerThanDaily, type RecurrenceRule } from './rule.ts';
import { pickSetPositions, type Slots } from './slots.ts';

/** @param start local second of the series' start; what the rule leaves open is taken from it */
export function createSlots(rule: RecurrenceRule, start: number): Slots {
  const whole = completeRule(rule, start);
  const days = createDayFilter(whole);
  if (isFinerThanDaily(whole.frequency)) return createClockSlots(whole, start, days);
  return expandPeriods(whole, start, createPeriods(whole, start, days));
}

/** The years, months, weeks or days that a rule visits, numbered from 0, the one that holds the start. */
interface Periods {
  /** The last one that begins at or before a day; its number is never below 0. */
  at(day: number): number;
  /** The days of a period that stand, in order. */
  days(index: number): number[];
  /** How many days of the periods before this one stand. */
  daysBefore(index: number): number;
  /** The first period from this one on that may have a day, or null when there is none. */
  next(index: number): number | null;
  /** After so many periods in a row without a slot there is none ever. */
  readonly cycle: number;
  /** How many days each period has, when that is the same for all. */
  readonly everyPeriodDays: number | null;
}

function createPeriods(rule: RecurrenceRule, start: number, filter: DayFilter): Periods {
  const startDay = Math.floor(start / DAY_SECONDS);
  switch (rule.frequency) {
    case 'YEARLY':
      return yearPeriods(rule, startDay, filter);
    case 'MONTHLY':
      return monthPeriods(rule, startDay, filter);
    case 'WEEKLY':
      return weekPeriods(rule, startDay, filter);
    default:
      return dayPeriods(rule, startDay, filter);
  }
}

function yearPeriods({ interval, months }: RecurrenceRule, startDay: number, filter: DayFilter): Periods {
  const startYear = civilDate(startDay).year;
  const monthsToVisit = months.length > 0 ? months : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const yearOf = (index: number): number => startYear + index * interval;
  return {
    cycle: 400,
    everyPeriodDays: null,
    at: (day) => Math.max(0, Math.floor((civilDate(day).year - startYear) / interval)),
    next: (index) => (yearOf(index) <= LAST_YEAR ? index : null),
    days(index) {
      const days: number[] = [];
      const year = yearOf(index);
      for (const month of monthsToVisit) addMonth(days, year, month, filter);
      return days;
    },
    daysBefore(index) {
      let count = 0;
      for (let earlier = 0; earlier < index; earlier++) {
        for (const month of monthsToVisit) count += countBits(filter.month(yearOf(earlier), month));
      }
      return count;
    },
  };
}

function monthPeriods({ interval }: RecurrenceRule, startDay: number, filter: DayFilter): Periods {
  const monthNumber = (day: number): number => {
    const { year, month } = civilDate(day);
    return year * 12 + month - 1;
  };
  const startMonth = monthNumber(startDay);
  const yearOf = (index: number): number => Math.floor((startMonth + index * interval) / 12);
  const monthOf = (index: number): number => ((startMonth + index * interval) % 12) + 1;
  return {
    cycle: 4_800,
    everyPeriodDays: null,
    at: (day) => Math.max(0, Math.floor((monthNumber(day) - startMonth) / interval)),
    next: (index) => (yearOf(index) <= LAST_YEAR ? index : null),
    days(index) {
      const days: number[] = [];
      addMonth(days, yearOf(index), monthOf(index), filter);
      return days;
    },
    daysBefore(index) {
      let count = 0;
      for (let earlier = 0; earlier < index; earlier++) {
        count += countBits(filter.month(yearOf(earlier), monthOf(earlier)));
      }
      return count;
    },
  };
}

function weekPeriods(rule: RecurrenceRule, startDay: number, filter: DayFilter): Periods {
  const { interval, weekStart } = rule;
  const firstDay = startDay - modulo(weekdayOf(startDay) - weekStart, 7);
  const stride = 7 * interval;
  return {
    cycle: 20_871,
    everyPeriodDays: rule.months.length === 0 ? rule.weekdays.length : null,
    at: (day) => Math.max(0, Math.floor((day - firstDay) / stride)),
    next: (index) => (firstDay + index * stride <= LAST_DAY ? index : null),
    days(index) {
      const days: number[] = [];
      const begin = firstDay + index * stride;
      for (let day = begin; day < begin + 7; day++) if (day <= LAST_DAY && filter.has(day)) days.push(day);
      return days;
    },
    daysBefore(index) {
      if (interval === 1) return countDays(filter, firstDay, firstDay + 7 * index);
      let count = 0;
      for (let begin = firstDay; begin < firstDay + index * stride; begin += stride) {
        count += countDays(filter, begin, begin + 7);
      }
      return count;
    },
  };
}

function dayPeriods({ interval }: RecurrenceRule, startDay: number, filter: DayFilter): Periods {
  const dayOf = (index: number): number => startDay + index * interval;
  return {
    cycle: 146_097,
    everyPeriodDays: filter.filters ? null : 1,
    at: (day) => Math.max(0, Math.floor((day - startDay) / interval)),
    next(index) {
      const day = filter.next(dayOf(index));
      return day === null ? null : Math.ceil((day - startDay) / interval);
    },
    days: (index) => (dayOf(index) <= LAST_DAY && filter.has(dayOf(index)) ? [dayOf(index)] : []),
    daysBefore: (index) => countDays(filter, startDay, dayOf(index), interval),
  };
}

function addMonth(days: number[], year: number, month: number, filter: DayFilter): void {
  const firstDay = dayNumber(year, month, 1);
  for (let bits = filter.month(year, month); bits !== 0; bits &= bits - 1) {
    days.push(firstDay + 31 - Math.clz32(bits & -bits));
  }
}

function expandPeriods(rule: RecurrenceRule, start: number, periods: Periods): Slots {
  const times = timesOfDay(rule);
  const { setPositions } = rule;
  const slotAt = (days: readonly number[], position: number): number =>
    (days[Math.floor(position / times.length)] ?? NaN) * DAY_SECONDS +
    (times[position % times.length] ?? NaN);

  const sizeOfSet = (days: number): number => {
    const size = days * times.length;
    return setPositions.length === 0 ? size : pickSetPositions(setPositions, size).length;
  };

  /** The slots of one period from a local second on. */
  function* slots(index: number, local: number): Generator<number> {
    const days = periods.days(index);
    if (setPositions.length > 0) {
      for (const position of pickSetPositions(setPositions, days.length * times.length)) {
        const slot = slotAt(days, position);
        if (slot >= local) yield slot;
      }
      return;
    }
    for (const day of days) {
      const midnight = day * DAY_SECONDS;
      if (midnight + DAY_SECONDS <= local) continue;
      for (const time of times) if (midnight + time >= local) yield midnight + time;
    }
  }

  function* from(local: number): Generator<number> {
    const begin = Math.max(local, start);
    let index = periods.next(periods.at(Math.floor(begin / DAY_SECONDS)));
    let barren = 0;
    while (index !== null && barren <= periods.cycle) {
      barren++;
      for (const slot of slots(index, begin)) {
        yield slot;
        barren = 0;
      }
      index = periods.next(index + 1);
    }
  }

  /** The slots of all periods before this one, those before the start included. */
  function countPeriodsBefore(index: number): number {
    const { everyPeriodDays } = periods;
    if (everyPeriodDays !== null) return index * sizeOfSet(everyPeriodDays);
    // A day more or less never changes what another day gives, unless positions are counted over several days.
    if (setPositions.length === 0 || rule.frequency === 'DAILY')
      return periods.daysBefore(index) * sizeOfSet(1);
    let count = 0;
    for (
      let earlier = periods.next(0);
      earlier !== null && earlier < index;
      earlier = periods.next(earlier + 1)
    ) {
      count += sizeOfSet(periods.days(earlier).length);
    }
    return count;
  }

  function countWithin(index: number, before: number): number {
    let count = 0;
    for (const slot of slots(index, -Infinity)) {
      if (slot >= before) break;
      count++;
    }
    return count;
  }

  return {
    from,
    countBefore(local) {
      if (local <= start) return 0;
      const index = periods.at(Math.floor(local / DAY_SECONDS));
      return countPeriodsBefore(index) + countWithin(index, local) - countWithin(0, start);
    },
  };
}

/** Seconds since midnight, in order. */
function timesOfDay({ hours, minutes, seconds }: RecurrenceRule): number[] {
  const times: number[] = [];
  for (const hour of hours) {
    for (const minute of minutes)
      for (const second of seconds) times.push(hour * 3600 + minute * 60 + second);
  }
  return times;
}
