/**
 * What a person picks in the app, as a rule, and back. Rules made here never skip a month: "monthly on the 31st" is the
 * last day of a shorter month, "yearly on 29 February" is the 28th in other years. (BYMONTHDAY=28,29,30,31 with
 * BYSETPOS=-1 takes the last of these days that the month has.) An imported rule is never rewritten into this form: a
 * plain BYMONTHDAY=31 keeps the RFC's meaning, which leaves short months out.
 */
import { DAY_SECONDS, formatDay, monthLength, parseDay, type Weekday } from './calendar.ts';
import { RecurrenceError } from './error.ts';
import { formatRule, parseRule, plainRule, type RecurrenceRule } from './rule.ts';

export type MonthPlace =
  /** The 29th to 31st are clamped to the last day of a shorter month. */
  | { readonly kind: 'day'; readonly day: number }
  | { readonly kind: 'last-day' }
  /** A fifth weekday leaves out the months that have none. */
  | { readonly kind: 'weekday'; readonly nth: 1 | 2 | 3 | 4 | 5 | -1; readonly weekday: Weekday }
  /** The first or last day from Monday to Friday. */
  | { readonly kind: 'workday'; readonly nth: 1 | -1 };

export type RepeatEnd =
  | { readonly kind: 'never' }
  | { readonly kind: 'after'; readonly count: number }
  /** YYYY-MM-DD, that day included. */
  | { readonly kind: 'on'; readonly date: string };

export type RepeatUnit =
  | { readonly unit: 'day' }
  | { readonly unit: 'week'; readonly weekdays: readonly Weekday[]; readonly weekStart: Weekday }
  | { readonly unit: 'month'; readonly place: MonthPlace }
  | { readonly unit: 'year'; readonly month: number; readonly place: MonthPlace };

export type RepeatChoice = RepeatUnit & { readonly every: number; readonly end: RepeatEnd };

/** @throws RecurrenceError when a number or the date is out of range */
export function ruleOfChoice(choice: RepeatChoice): string {
  const rule = { ...unitRule(choice), interval: choice.every, ...endOf(choice.end) };
  const text = formatRule(rule);
  parseRule(text);
  return text;
}

/** The choice that makes just this rule, or null: then only words and the rule's text can show it. */
export function choiceOfRule(text: string): RepeatChoice | null {
  const rule = parseRule(text);
  const end = endChoice(rule);
  const unit = unitChoice(rule);
  if (!end || !unit) return null;
  const choice: RepeatChoice = { ...unit, every: rule.interval, end };
  return makesRule(choice, rule) ? choice : null;
}

/** A choice guessed from some parts of a rule is right only if it makes the whole of it. */
function makesRule(choice: RepeatChoice, rule: RecurrenceRule): boolean {
  try {
    return ruleOfChoice(choice) === formatRule(rule);
  } catch (error) {
    if (error instanceof RecurrenceError) return false;
    throw error;
  }
}

/** Days of the month that together mean "this day, or the last one of a shorter month"; null when every month has it. */
export function clampedMonthDays(day: number): readonly number[] | null {
  if (day <= SHORTEST_MONTH) return null;
  return Array.from({ length: day - SHORTEST_MONTH + 1 }, (_, index) => SHORTEST_MONTH + index);
}

/** The day that a clamped rule was made for (31 for 28,29,30,31 with BYSETPOS=-1), or null when it is none. */
export function clampedDayOf(rule: RecurrenceRule): number | null {
  const day = rule.monthDays.at(-1) ?? 0;
  const isOneMonth =
    rule.frequency === 'MONTHLY' || (rule.frequency === 'YEARLY' && rule.months.length === 1);
  const others = [rule.weekdays, rule.yearDays, rule.weekNumbers, rule.hours, rule.minutes, rule.seconds];
  const isClamped =
    rule.setPositions.join() === '-1' &&
    others.every((list) => list.length === 0) &&
    rule.monthDays.join() === clampedMonthDays(day)?.join();
  return isOneMonth && isClamped ? day : null;
}

const SHORTEST_MONTH = 28;
const LEAP_YEAR = 2000;
const WORKDAYS = ([0, 1, 2, 3, 4] as const).map((weekday) => ({ weekday, nth: null }));

function unitRule(choice: RepeatUnit): RecurrenceRule {
  switch (choice.unit) {
    case 'day':
      return plainRule('DAILY');
    case 'week': {
      const weekdays = [...choice.weekdays].sort((a, b) => a - b).map((weekday) => ({ weekday, nth: null }));
      return { ...plainRule('WEEKLY'), weekdays, weekStart: choice.weekStart };
    }
    case 'month':
      return { ...plainRule('MONTHLY'), ...placeOf(choice.place, 31, SHORTEST_MONTH) };
    case 'year': {
      const longest = monthLength(LEAP_YEAR, choice.month);
      // In a YEARLY rule only the days of February differ from year to year.
      const shortest = choice.month === 2 ? SHORTEST_MONTH : longest;
      return { ...plainRule('YEARLY'), months: [choice.month], ...placeOf(choice.place, longest, shortest) };
    }
  }
}

function placeOf(place: MonthPlace, longest: number, shortest: number): Partial<RecurrenceRule> {
  switch (place.kind) {
    case 'day': {
      if (place.day > longest) {
        throw new RecurrenceError('bad-input', `The day is ${place.day}; that month has at most ${longest}.`);
      }
      const clamped = place.day > shortest ? clampedMonthDays(place.day) : null;
      return clamped ? { monthDays: clamped, setPositions: [-1] } : { monthDays: [place.day] };
    }
    case 'last-day':
      return { monthDays: [-1] };
    case 'weekday':
      return { weekdays: [{ weekday: place.weekday, nth: place.nth }] };
    case 'workday':
      return { weekdays: WORKDAYS, setPositions: [place.nth] };
  }
}

function unitChoice(rule: RecurrenceRule): RepeatUnit | null {
  const [month] = rule.months;
  switch (rule.frequency) {
    case 'DAILY':
      return { unit: 'day' };
    case 'WEEKLY':
      return {
        unit: 'week',
        weekdays: rule.weekdays.map((pick) => pick.weekday),
        weekStart: rule.weekStart,
      };
    case 'MONTHLY': {
      const place = placeChoice(rule);
      return place && { unit: 'month', place };
    }
    case 'YEARLY': {
      const place = placeChoice(rule);
      return place && month !== undefined ? { unit: 'year', month, place } : null;
    }
    default:
      return null;
  }
}

function placeChoice(rule: RecurrenceRule): MonthPlace | null {
  const clamped = clampedDayOf(rule);
  if (clamped !== null) return { kind: 'day', day: clamped };
  const [monthDay] = rule.monthDays;
  if (monthDay === -1) return { kind: 'last-day' };
  if (monthDay !== undefined) return monthDay > 0 ? { kind: 'day', day: monthDay } : null;
  const [position] = rule.setPositions;
  if (position === 1 || position === -1) return { kind: 'workday', nth: position };
  const [pick] = rule.weekdays;
  const nth = ([1, 2, 3, 4, 5, -1] as const).find((number) => number === pick?.nth);
  return pick && nth !== undefined ? { kind: 'weekday', nth, weekday: pick.weekday } : null;
}

function endOf(end: RepeatEnd): Pick<RecurrenceRule, 'count' | 'until'> {
  switch (end.kind) {
    case 'never':
      return { count: null, until: null };
    case 'after':
      return { count: end.count, until: null };
    case 'on': {
      const day = parseDay(end.date);
      if (day === null) {
        throw new RecurrenceError('bad-input', `The end is '${end.date}'; expected a date like 2026-12-31.`);
      }
      return { count: null, until: { kind: 'date', seconds: (day + 1) * DAY_SECONDS - 1 } };
    }
  }
}

function endChoice(rule: RecurrenceRule): RepeatEnd | null {
  if (rule.count !== null) return { kind: 'after', count: rule.count };
  if (rule.until === null) return { kind: 'never' };
  if (rule.until.kind !== 'date') return null;
  return { kind: 'on', date: formatDay(Math.floor(rule.until.seconds / DAY_SECONDS)) };
}
