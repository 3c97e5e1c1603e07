/**
 * Reminders and snoozing as people choose them, and in words.
 *
 * Promise: pure. When a reminder rings is asked of core/reminders.ts, which the server asks too.
 */

import type { Occurrence, Task } from '@holdfast/core/document.ts';
import { reminders } from '@holdfast/core/reminders.ts';
import { parseLocal } from '@holdfast/core/recurrence/calendar.ts';
import { openZone } from '@holdfast/core/recurrence/zone.ts';
import { addDays, nextWeekday } from '../words/calendar.ts';
import { type Present, dayWords, timeWords } from '../words/due-words.ts';
import { beforeWords } from '../words/duration-words.ts';
import { t } from '../words/language.ts';
import { wallClock } from '../words/time-zone.ts';

export type Reminder = Task['reminders'][number];

export const BEFORE_PRESETS: readonly { readonly before: string; readonly name: string }[] = [
  { before: 'PT0M', name: t('At the time') },
  { before: 'PT10M', name: t('10 min before') },
  { before: 'PT30M', name: t('30 min before') },
  { before: 'PT1H', name: t('1 hour before') },
  { before: 'P1D', name: t('1 day before') },
];

export type BeforeUnit = 'minute' | 'hour' | 'day' | 'week';

export function durationOf(count: number, unit: BeforeUnit): string {
  switch (unit) {
    case 'minute':
      return `PT${String(count)}M`;
    case 'hour':
      return `PT${String(count)}H`;
    case 'day':
      return `P${String(count)}D`;
    case 'week':
      return `P${String(count)}W`;
  }
}

/** "10 minutes before"; of a task without a time, on its day at the person's hour. */
export function beforeDueWords(before: string, isTimed: boolean, locale: string): string {
  return before === 'PT0M' && !isTimed ? t('On the day') : beforeWords(before, locale);
}

/** When each rings, in ms by its id, `default` among them where it holds. What has no instant is absent. */
export function ringsAt(
  task: Task,
  occurrences: readonly Occurrence[],
  person: { readonly timeZone: string; readonly allDayTime: string; readonly defaultBefore: string | null },
): ReadonlyMap<string, number> {
  const [head] = occurrences;
  if (head === undefined) return new Map();
  const found = reminders({
    tasks: [task],
    openOccurrences: () => [{ ...head, snoozedUntil: null }],
    from: -8.64e15 as Task['createdAt'],
    to: 8.64e15 as Task['createdAt'],
    person,
  });
  return new Map(found.map(({ reminderId, at }) => [reminderId, at]));
}

/** "tomorrow 08:50" */
export function instantWords(at: number, present: Present, zone: string): string {
  const { date, time } = wallClock(at, zone);
  return `${dayWords(date, present)} ${timeWords(time, present.locale)}`;
}

export interface SnoozeChoice {
  readonly name: string;
  readonly until: number;
}

const HOUR_MS = 3_600_000;

export function snoozeChoices(now: number, zone: string): SnoozeChoice[] {
  const { date, time } = wallClock(now, zone);
  const at = (day: string, clock: string): number =>
    openZone(zone).instantOf(parseLocal(`${day}T${clock}:00`) ?? 0);
  return [
    { name: t('1 hour'), until: now + HOUR_MS },
    { name: t('3 hours'), until: now + 3 * HOUR_MS },
    ...(time < '17:30' ? [{ name: t('This evening'), until: at(date, '18:00') }] : []),
    { name: t('Tomorrow morning'), until: at(addDays(date, 1), '09:00') },
    { name: t('Next week'), until: at(nextWeekday(date, 1), '09:00') },
  ];
}

/** A date and a time on the person's wall clock as a UTC instant, to the minute. */
export function absoluteReminder(date: string, time: string, zone: string): string {
  const local = parseLocal(`${date}T${time}:00`);
  const at = local === null ? NaN : openZone(zone).instantOf(local);
  return `${new Date(at).toISOString().slice(0, 16)}:00Z`;
}
