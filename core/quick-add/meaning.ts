/**
 * What phrases mean, before it is known what day it is: the language that grammars speak and that resolve.ts and
 * repeat-rule.ts understand. A grammar only says which words make which of these, so a new locale is a new table.
 */
import type { Weekday } from '../recurrence/calendar.ts';

export type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** From midnight, 0 to 1439. */
export type MinuteOfDay = number;

export type DateMeaning =
  | { readonly kind: 'offset'; readonly unit: Unit; readonly count: number }
  /** `coming`: after today. `this`: today or after. `next`: in the week after this one, weeks beginning on Monday. */
  | {
      readonly kind: 'weekday';
      readonly weekday: Weekday;
      readonly which: 'coming' | 'this' | 'next';
      readonly weeksLater?: number;
    }
  /** Without a year the next one that has the day. */
  | {
      readonly kind: 'calendar';
      readonly month: number;
      readonly day: number;
      readonly year?: number | undefined;
    }
  | { readonly kind: 'month-day'; readonly day: number }
  | { readonly kind: 'month'; readonly month: number; readonly year?: number | undefined }
  | {
      readonly kind: 'period';
      readonly unit: 'week' | 'month' | 'year';
      readonly edge: 'start' | 'end';
      readonly ahead: number;
    }
  | { readonly kind: 'weekend'; readonly ahead: number }
  /** Without a month that of today, or the next one when it is past. */
  | { readonly kind: 'nth'; readonly nth: number; readonly of: NthOf; readonly ahead?: number }
  /** Without a year the next one that has the day. */
  | {
      readonly kind: 'nth-in';
      readonly month: number;
      readonly nth: number;
      readonly of: NthOf;
      readonly year?: number | undefined;
    };

export type NthOf = Weekday | 'workday' | 'day';

/** A date, a time, or both. */
export interface WhenMeaning {
  readonly date: DateMeaning | null;
  readonly minute: MinuteOfDay | null;
  /** Said without am, pm or 24 hours, so it is in the evening when today's morning is over. */
  readonly isHalfDay?: boolean;
}

export type RepeatDays =
  | { readonly kind: 'plain'; readonly unit: Unit }
  | { readonly kind: 'weekdays'; readonly weekdays: readonly Weekday[] }
  | { readonly kind: 'month-days'; readonly days: readonly number[] }
  | { readonly kind: 'nth'; readonly nth: number; readonly of: NthOf }
  | { readonly kind: 'year-day'; readonly month: number; readonly day: number }
  | { readonly kind: 'year-nth'; readonly month: number; readonly nth: number; readonly of: NthOf };

export interface RepeatMeaning {
  readonly every: number;
  readonly days: RepeatDays;
  /** "every morning" */
  readonly minute?: MinuteOfDay;
  readonly isAfterDone?: boolean;
}

export type EndMeaning =
  | { readonly kind: 'until'; readonly date: DateMeaning }
  | { readonly kind: 'times'; readonly count: number }
  | { readonly kind: 'for'; readonly unit: Unit; readonly count: number };

export type ReminderMeaning =
  /** An ISO 8601 duration. */
  | { readonly kind: 'before'; readonly duration: string }
  | { readonly kind: 'at'; readonly when: WhenMeaning };

export const WORKDAYS: readonly Weekday[] = [0, 1, 2, 3, 4];
export const WEEKEND: readonly Weekday[] = [5, 6];

export function inDays(count: number): DateMeaning {
  return { kind: 'offset', unit: 'day', count };
}

/** "In 1 hour 30 minutes": a duration of hours and minutes from now. */
export function spanFromNow(span: string): DateMeaning | null {
  const found = /^PT(?:(\d{1,4})H)?(?:(\d{1,4})M)?$/.exec(span);
  if (!found) return null;
  return { kind: 'offset', unit: 'minute', count: Number(found[1] ?? 0) * 60 + Number(found[2] ?? 0) };
}

export function plainRepeat(every: number, unit: Unit): RepeatMeaning {
  return { every, days: { kind: 'plain', unit } };
}

export function weekdaysRepeat(weekdays: readonly Weekday[], every = 1): RepeatMeaning {
  return { every, days: { kind: 'weekdays', weekdays } };
}

export function nthRepeat(nth: number, of: NthOf, every = 1): RepeatMeaning | null {
  if (of === 'workday' ? nth !== 1 && nth !== -1 : nth < -1 || nth > 5 || nth === 0) return null;
  if (of === 'day') return nth === -1 ? { every, days: { kind: 'month-days', days: [-1] } } : null;
  return { every, days: { kind: 'nth', nth, of } };
}

export function allBut(weekdays: readonly Weekday[]): RepeatMeaning | null {
  const left = [...WORKDAYS, ...WEEKEND].filter((weekday) => !weekdays.includes(weekday));
  return left.length > 0 ? weekdaysRepeat(left) : null;
}
