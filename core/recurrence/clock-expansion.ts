/**
 * The slots of HOURLY, MINUTELY and SECONDLY rules. Hours, minutes and seconds are those of the wall clock, as all of
 * a rule is: an hourly rule has 24 slots on every day, also on one with 23 or 25 hours, and zone.ts says what instants
 * they are.
 *
 * How: it walks from aligned unit to aligned unit and jumps over days, hours and minutes that the rule excludes. A
 * rule whose interval can never meet its BYHOUR, BYMINUTE or BYSECOND is found out at once: the times of day that an
 * interval reaches are those that are equal to the start's modulo gcd(interval, units of a day).
 *
 * Limit: counting slots (needed for COUNT together with `after`) walks them one by one when the interval does not
 * divide the day and the rule has BY parts; beyond MAX_COUNTED_SLOTS it is refused as `too-much`.
 */
import { DAY_SECONDS, LAST_DAY } from './calendar.ts';
import { countDays, type DayFilter } from './day-filter.ts';
import { RecurrenceError } from './error.ts';
import type { RecurrenceRule } from './rule.ts';
import { pickSetPositions, type Slots } from './slots.ts';

export function createClockSlots(rule: RecurrenceRule, start: number, days: DayFilter): Slots {
  const unit = rule.frequency === 'HOURLY' ? 3600 : rule.frequency === 'MINUTELY' ? 60 : 1;
  const base = Math.floor(start / unit);
  const { interval } = rule;
  /** Seconds after the start of a unit at which it has its slots. */
  const offsets = offsetsInUnit(rule);
  const limits = {
    hours: rule.hours,
    minutes: unit < 3600 ? rule.minutes : [],
    seconds: unit === 1 ? rule.seconds : [],
  };
  const limited = limits.hours.length + limits.minutes.length + limits.seconds.length > 0;
  const lastUnit = ((LAST_DAY + 1) * DAY_SECONDS) / unit - 1;

  /** The first unit of the rule that begins at or after a local second. */
  const aligned = (local: number): number =>
    base + Math.max(0, Math.ceil((Math.ceil(local / unit) - base) / interval)) * interval;

  /** The first unit from this one on that day and time let through, or null. */
  function next(from: number): number | null {
    let candidate = from;
    while (candidate <= lastUnit) {
      const second = candidate * unit;
      const today = Math.floor(second / DAY_SECONDS);
      const day = days.next(today);
      if (day === null) return null;
      if (day !== today) {
        candidate = aligned(day * DAY_SECONDS);
        continue;
      }
      const allowed = nextAllowed(second - day * DAY_SECONDS, limits);
      if (allowed === second - day * DAY_SECONDS) return candidate;
      candidate = aligned(day * DAY_SECONDS + allowed);
    }
    return null;
  }

  function* from(local: number): Generator<number> {
    if (offsets.length === 0 || (limited && !reaches(rule, unit, base, limits))) return;
    const begin = Math.max(local, start);
    // A unit that began before `begin` may still have slots after it.
    for (let at = next(aligned(begin - unit + 1)); at !== null; at = next(at + interval)) {
      for (const offset of offsets) if (at * unit + offset >= begin) yield at * unit + offset;
    }
  }

  function countFrom(first: number, before: number): number {
    let count = 0;
    for (const slot of from(first)) {
      if (slot >= before) break;
      if (++count > MAX_COUNTED_SLOTS) {
        throw new RecurrenceError(
          'too-much',
          `Counting the occurrences of this ${rule.frequency} rule takes too long; end it by UNTIL, not by COUNT.`,
          'COUNT',
        );
      }
    }
    return count;
  }

  return {
    from,
    countBefore(local) {
      if (local <= start) return 0;
      if (!limited && !days.filters) {
        const units = Math.max(0, Math.ceil((Math.floor(local / unit) - base) / interval));
        const dropped = offsets.filter((offset) => base * unit + offset < start).length;
        const partial = base + units * interval;
        const begun = offsets.filter((offset) => partial * unit + offset < local).length;
        return units * offsets.length + begun - dropped;
      }
      const unitsOfDay = DAY_SECONDS / unit;
      if (unitsOfDay % interval !== 0) return countFrom(start, local);
      // Every day has the same slots: count one day, and the days.
      const firstWhole = Math.floor(start / DAY_SECONDS) + 1;
      const lastDay = Math.floor(local / DAY_SECONDS);
      if (lastDay <= firstWhole) return countFrom(start, local);
      const between = countDays(days, firstWhole, lastDay);
      const sample = days.next(firstWhole);
      const perDay =
        between === 0 || sample === null ? 0 : countFrom(sample * DAY_SECONDS, (sample + 1) * DAY_SECONDS);
      const firstPart = countFrom(start, firstWhole * DAY_SECONDS);
      return firstPart + between * perDay + countFrom(lastDay * DAY_SECONDS, local);
    },
  };
}

/** About a second of work. */
const MAX_COUNTED_SLOTS = 5_000_000;

interface TimeLimits {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
}

function offsetsInUnit(rule: RecurrenceRule): number[] {
  const minutes = rule.frequency === 'HOURLY' ? rule.minutes : [0];
  const seconds = rule.frequency === 'SECONDLY' ? [0] : rule.seconds;
  const all = minutes.flatMap((minute) => seconds.map((second) => minute * 60 + second));
  if (rule.setPositions.length === 0) return all;
  return pickSetPositions(rule.setPositions, all.length).flatMap((position) => all[position] ?? []);
}

/** The first time of day, from this one on, that the limits allow; the next day's midnight when there is none. */
function nextAllowed(time: number, { hours, minutes, seconds }: TimeLimits): number {
  let at = time;
  while (at < DAY_SECONDS) {
    const hour = Math.floor(at / 3600);
    const minute = Math.floor((at % 3600) / 60);
    const second = at % 60;
    if (hours.length > 0 && !hours.includes(hour)) {
      const later = hours.find((wanted) => wanted > hour);
      if (later === undefined) return DAY_SECONDS;
      at = later * 3600;
    } else if (minutes.length > 0 && !minutes.includes(minute)) {
      const later = minutes.find((wanted) => wanted > minute);
      at = hour * 3600 + (later ?? 60) * 60;
    } else if (seconds.length > 0 && !seconds.includes(second)) {
      const later = seconds.find((wanted) => wanted > second);
      at = hour * 3600 + minute * 60 + (later ?? 60);
    } else {
      return at;
    }
  }
  return DAY_SECONDS;
}

/** Does any time of day that the limits allow lie on the interval's grid? */
function reaches(rule: RecurrenceRule, unit: number, base: number, limits: TimeLimits): boolean {
  const grid = greatestCommonDivisor(rule.interval, DAY_SECONDS / unit);
  for (let time = nextAllowed(0, limits); time < DAY_SECONDS; time = nextAllowed(time + unit, limits)) {
    if ((time / unit - base) % grid === 0) return true;
  }
  return false;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
