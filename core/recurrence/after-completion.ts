/**
 * After-completion rules: the next slot is so many units from when the last was closed. This is no RRULE (a rule knows
 * only its start), so the rule's text lends FREQ, INTERVAL and the end, and nothing else.
 *
 * Promise: days and longer count from the local date of the closing and keep the series' time of day; a month too short
 * for the day takes its last one (31 January plus a month is 28 February, and from there it is 28 March: it counts from
 * what was done, not from what was planned). Hours and shorter count from the moment itself.
 *
 * A skipped slot that was not yet due counts from its own date: skipping never brings the next one before it.
 */
import { civilDate, DAY_SECONDS, dayNumber, monthLength } from './calendar.ts';
import { RecurrenceError } from './error.ts';
import { isFinerThanDaily, type RecurrenceRule } from './rule.ts';
import type { Zone } from './zone.ts';

export interface CompletionInput {
  readonly rule: RecurrenceRule;
  readonly start: number;
  readonly isAllDay: boolean;
  readonly closedLocal: number;
  /** Null: as if the slot were closed at its own time. */
  readonly closing: { readonly kind: 'done' | 'skipped'; readonly at: number } | null;
  /** Tells the local date of the closing. */
  readonly zone: Zone | null;
}

/** @throws RecurrenceError `meaningless` when the rule says more than how far apart */
export function requireCompletionRule(rule: RecurrenceRule): void {
  const lists = [
    ['BYMONTH', rule.months],
    ['BYWEEKNO', rule.weekNumbers],
    ['BYYEARDAY', rule.yearDays],
    ['BYMONTHDAY', rule.monthDays],
    ['BYDAY', rule.weekdays],
    ['BYHOUR', rule.hours],
    ['BYMINUTE', rule.minutes],
    ['BYSECOND', rule.seconds],
  ] as const;
  const part = lists.find(([, values]) => values.length > 0)?.[0];
  if (part !== undefined) {
    throw new RecurrenceError(
      'meaningless',
      `A repeat after completion counts from when it was done, so ${part} has no meaning in it; leave it out.`,
      part,
    );
  }
}

/** The next slot, a local second. */
export function nextAfterCompletion(input: CompletionInput): number {
  const { rule, start, isAllDay, closedLocal, closing, zone } = input;
  const closedAt = closing && zone ? zone.localAt(closing.at) : closedLocal;
  const from = closing?.kind === 'skipped' ? Math.max(closedAt, closedLocal) : closedAt;
  if (isFinerThanDaily(rule.frequency)) {
    const seconds = rule.interval * UNIT_SECONDS[rule.frequency as keyof typeof UNIT_SECONDS];
    // On the time line and not on the wall clock: eight hours after done are eight hours, in any night.
    if (!closing || !zone || from !== closedAt) return from + seconds;
    return zone.localAt(closing.at + seconds * 1000);
  }
  const timeOfDay = isAllDay ? 0 : start - Math.floor(start / DAY_SECONDS) * DAY_SECONDS;
  return addToDay(Math.floor(from / DAY_SECONDS), rule) * DAY_SECONDS + timeOfDay;
}

const UNIT_SECONDS = { HOURLY: 3600, MINUTELY: 60, SECONDLY: 1 } as const;

function addToDay(day: number, { frequency, interval }: RecurrenceRule): number {
  if (frequency === 'DAILY') return day + interval;
  if (frequency === 'WEEKLY') return day + 7 * interval;
  const date = civilDate(day);
  const months = date.year * 12 + date.month - 1 + (frequency === 'YEARLY' ? 12 * interval : interval);
  const year = Math.floor(months / 12);
  const month = (months % 12) + 1;
  return dayNumber(year, month, Math.min(date.day, monthLength(year, month)));
}
