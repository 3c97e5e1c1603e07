/**
 * What someone can choose for a repeat, as rules: the ready ones that fit a date, and the parts of the editor.
 *
 * Promise: what is made here is a rule that core accepts or a sentence that says why not; nothing throws. A rule that the
 * editor cannot express gives no parts, and is then only shown in words and kept.
 */

import {
  civilDate,
  monthLength,
  parseDay,
  type Weekday,
  weekdayOf,
} from '@holdfast/core/recurrence/calendar.ts';
import {
  choiceOfRule,
  type MonthPlace,
  type RepeatChoice,
  type RepeatEnd,
  ruleOfChoice,
} from '@holdfast/core/recurrence/choice.ts';
import { describeRule } from '@holdfast/core/recurrence/describe.ts';
import { RecurrenceError } from '@holdfast/core/recurrence/error.ts';
import { openSeries, type SeriesRule, type Slot } from '@holdfast/core/recurrence/series.ts';
import type { Due } from '../words/due-words.ts';
import { t } from '../words/language.ts';

export type RepeatPlan = Pick<SeriesRule, 'rrule' | 'mode' | 'missed'>;
export type Unit = RepeatChoice['unit'];
export type PlaceKind = 'day' | 'weekday' | 'last-day';

/** Everything that the editor holds, of which a unit uses some. */
export interface RepeatParts {
  readonly every: number;
  readonly unit: Unit;
  readonly weekdays: readonly Weekday[];
  readonly month: number;
  readonly place: PlaceKind;
  readonly day: number;
  readonly nth: 1 | 2 | 3 | 4 | 5 | -1;
  readonly weekday: Weekday | 'workday';
  readonly weekStart: Weekday;
  readonly end: RepeatEnd;
  readonly mode: SeriesRule['mode'];
  readonly missed: SeriesRule['missed'];
}

const FREQ = { day: 'DAILY', week: 'WEEKLY', month: 'MONTHLY', year: 'YEARLY' } as const;

/** What fits a date at first: weekly on its weekday, monthly on its day. */
export function partsFor(date: string, firstWeekday: number): RepeatParts {
  const day = parseDay(date) ?? 0;
  const { year, month, day: dayOfMonth } = civilDate(day);
  const nth = Math.ceil(dayOfMonth / 7);
  return {
    every: 1,
    unit: 'week',
    weekdays: [weekdayOf(day)],
    month,
    place: 'day',
    day: dayOfMonth,
    nth: dayOfMonth + 7 > monthLength(year, month) ? -1 : (nth as 1 | 2 | 3 | 4),
    weekday: weekdayOf(day),
    weekStart: ((firstWeekday + 6) % 7) as Weekday,
    end: { kind: 'never' },
    mode: 'schedule',
    missed: 'skip',
  };
}

/** null: a rule that the editor cannot express without changing it. */
export function partsOf(rule: RepeatPlan, around: RepeatParts): RepeatParts | null {
  const { mode, missed } = rule;
  let choice: RepeatChoice | null;
  try {
    choice =
      choiceOfRule(rule.rrule) ??
      (mode === 'completion' ? bareChoice(rule.rrule) : bareOnDate(rule.rrule, around));
  } catch (error) {
    if (error instanceof RecurrenceError) return null;
    throw error;
  }
  if (choice === null) return null;
  const parts = { ...around, every: choice.every, unit: choice.unit, end: choice.end, mode, missed };
  switch (choice.unit) {
    case 'day':
      return parts;
    case 'week':
      return {
        ...parts,
        weekdays: choice.weekdays.length > 0 ? choice.weekdays : around.weekdays,
        weekStart: choice.weekStart,
      };
    case 'month':
      return { ...parts, ...placeParts(choice.place) };
    case 'year':
      return { ...parts, month: choice.month, ...placeParts(choice.place) };
  }
}

function placeParts(place: MonthPlace): Partial<RepeatParts> {
  switch (place.kind) {
    case 'day':
      return { place: 'day', day: place.day };
    case 'last-day':
      return { place: 'last-day' };
    case 'weekday':
      return { place: 'weekday', nth: place.nth, weekday: place.weekday };
    case 'workday':
      return { place: 'weekday', nth: place.nth, weekday: 'workday' };
  }
}

/** FREQ, INTERVAL and an end, which is all that a rule after completion has. */
function bareChoice(rrule: string): RepeatChoice | null {
  const unit = (Object.keys(FREQ) as Unit[]).find((each) => rrule.includes(`FREQ=${FREQ[each]}`));
  if (unit === undefined) return null;
  const daily = choiceOfRule(rrule.replace(`FREQ=${FREQ[unit]}`, 'FREQ=DAILY'));
  if (daily === null) return null;
  const { every, end } = daily;
  switch (unit) {
    case 'day':
      return daily;
    case 'week':
      return { unit, weekdays: [], weekStart: 0, every, end };
    case 'month':
      return { unit, place: { kind: 'day', day: 1 }, every, end };
    case 'year':
      return { unit, month: 1, place: { kind: 'day', day: 1 }, every, end };
  }
}

/** A bare MONTHLY or YEARLY means the day of its start; past the 28th that is not what the editor would make of it. */
function bareOnDate(rrule: string, around: RepeatParts): RepeatChoice | null {
  if (around.day > 28 || /BY[A-Z]+=/.test(rrule)) return null;
  const bare = bareChoice(rrule);
  if (bare === null) return null;
  const { every, end } = bare;
  const place = { kind: 'day', day: around.day } as const;
  if (bare.unit === 'month') return { unit: 'month', place, every, end };
  if (bare.unit === 'year') return { unit: 'year', month: around.month, place, every, end };
  return null;
}

/** The rule that the editor's parts make, or a sentence why there is none. */
export function planOf(parts: RepeatParts): RepeatPlan | { readonly fault: string } {
  const { every, end, mode, missed } = parts;
  if (!Number.isInteger(every) || every < 1 || every > 999) return { fault: t('Repeat every 1 to 999.') };
  if (end.kind === 'after' && (!Number.isInteger(end.count) || end.count < 1 || end.count > 9999))
    return { fault: t('End after 1 to 9,999 times.') };
  if (end.kind === 'on' && parseDay(end.date) === null)
    return { fault: t('Choose the day on which it ends.') };
  const hasDay =
    mode === 'schedule' && (parts.unit === 'month' || parts.unit === 'year') && parts.place === 'day';
  if (hasDay && !(Number.isInteger(parts.day) && parts.day >= 1 && parts.day <= 31))
    return { fault: t('Choose a day of the month from 1 to 31.') };
  if (mode === 'schedule' && parts.unit === 'week' && parts.weekdays.length === 0)
    return { fault: t('Choose at least one day of the week.') };
  try {
    const rrule = ruleOfChoice(choiceOf(parts));
    return { rrule: mode === 'completion' ? withoutDays(rrule) : rrule, mode, missed };
  } catch (error) {
    if (error instanceof RecurrenceError) return { fault: error.message };
    throw error;
  }
}

function choiceOf(parts: RepeatParts): RepeatChoice {
  const { every, end } = parts;
  switch (parts.unit) {
    case 'day':
      return { unit: 'day', every, end };
    case 'week':
      return {
        unit: 'week',
        weekdays: parts.weekdays,
        weekStart: every === 1 ? 0 : parts.weekStart,
        every,
        end,
      };
    case 'month':
      return { unit: 'month', place: placeOf(parts), every, end };
    case 'year':
      return { unit: 'year', month: parts.month, place: placeOf(parts), every, end };
  }
}

function placeOf({ place, day, nth, weekday }: RepeatParts): MonthPlace {
  if (place === 'last-day') return { kind: 'last-day' };
  if (place === 'day') return { kind: 'day', day };
  if (weekday !== 'workday') return { kind: 'weekday', nth, weekday };
  return { kind: 'workday', nth: nth === -1 ? -1 : 1 };
}

function withoutDays(rrule: string): string {
  return rrule
    .split(';')
    .filter((part) => /^(FREQ|INTERVAL|COUNT|UNTIL)=/.test(part))
    .join(';');
}

/** The same rule without its end, for going on after it. */
export function withoutEnd(rrule: string): string {
  return rrule
    .split(';')
    .filter((part) => !/^(COUNT|UNTIL)=/i.test(part))
    .join(';');
}

export interface Preset {
  readonly plan: RepeatPlan;
  readonly words: string;
}

/** The ready ones, by a date. */
export function presetsFor(date: string, firstWeekday: number, locale: string): Preset[] {
  const parts = partsFor(date, firstWeekday);
  const wanted: RepeatParts[] = [
    { ...parts, unit: 'day' },
    { ...parts, unit: 'week', weekdays: [0, 1, 2, 3, 4] },
    { ...parts, unit: 'week' },
    { ...parts, unit: 'week', every: 2 },
    { ...parts, unit: 'month' },
    { ...parts, unit: 'month', place: 'weekday' },
    { ...parts, unit: 'year' },
    { ...parts, unit: 'week', mode: 'completion' },
  ];
  return wanted.flatMap((each) => {
    const plan = planOf(each);
    return 'fault' in plan ? [] : [{ plan, words: ruleSentence(plan, { locale, start: date }) }];
  });
}

/** A rule as a sentence part that begins with a capital. */
export function ruleSentence(
  plan: RepeatPlan,
  o: { locale: string; start?: string; timeZone?: string | null },
): string {
  try {
    const words = describeRule(plan.rrule, o.locale, {
      mode: plan.mode,
      ...(o.start === undefined ? {} : { start: o.start }),
      ...(o.timeZone == null ? {} : { timeZone: o.timeZone }),
    });
    return words.slice(0, 1).toLocaleUpperCase(o.locale) + words.slice(1);
  } catch (error) {
    if (error instanceof RecurrenceError) return plan.rrule;
    throw error;
  }
}

/** The first dates of a rule, or a sentence why there are none. */
export function datesOf(
  plan: RepeatPlan,
  o: { start: string; timeZone: string | null; limit: number; after?: Slot },
): { readonly dates: readonly Due[] } | { readonly fault: string } {
  try {
    const series = openSeries({ ...plan, start: o.start, timeZone: o.timeZone });
    const slots = series.preview(o.limit, o.after);
    if (slots.length === 0 && o.after === undefined) return { fault: t('This never falls on a date.') };
    return {
      dates: slots.map(({ local }) => ({
        date: local.slice(0, 10),
        ...(local.length > 10 ? { time: local.slice(11, 16) } : {}),
        ...(local.length > 10 && o.timeZone !== null ? { timeZone: o.timeZone } : {}),
      })),
    };
  } catch (error) {
    if (error instanceof RecurrenceError) return { fault: error.message };
    throw error;
  }
}

export function startOf(due: Due): string {
  return due.time === undefined ? due.date : `${due.date}T${due.time}:00`;
}

export function isSamePlan(a: RepeatPlan, b: RepeatPlan): boolean {
  return a.rrule === b.rrule && a.mode === b.mode;
}
