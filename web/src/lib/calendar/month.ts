/**
 * What a month holds: tasks on their days, and where those that repeat will fall next.
 *
 * Promise: pure. A task stands on the day on which the clock of whoever looks reaches it. The dates that a series will have
 * are named and not made: they are what its rule says if each is done on its own date, from today on.
 * Limit: of one task at most MAX_COMING dates in what is shown.
 */

import type { Occurrence, Steps } from '@holdfast/core/document.ts';
import { RecurrenceError } from '@holdfast/core/recurrence/error.ts';
import { openSeries, type Series, type SeriesRule, type Slot } from '@holdfast/core/recurrence/series.ts';
import type { TaskRow } from '../tasks/task-rules.ts';
import { addDays, type LocalDate, type LocalTime, monthGrid } from '../words/calendar.ts';
import { type Due, localDue } from '../words/local-due.ts';

export interface Entry {
  readonly key: string;
  readonly row: TaskRow;
  readonly date: LocalDate;
  readonly time: LocalTime | undefined;
  /** A date to come of a task that repeats; it cannot be moved by itself yet. */
  readonly isComing: boolean;
}

export interface Range {
  readonly from: LocalDate;
  readonly to: LocalDate;
}

const MAX_COMING = 60;
const FIRST_PIECE = 4;
/** COUNT counts from the first slot, so such a rule is followed from where it stands. */
const MAX_COUNTED = 1000;

/** The weeks that hold the month of a date, without one that lies wholly in the next. */
export function weeksOf(date: LocalDate, firstWeekday: number): LocalDate[][] {
  const month = date.slice(0, 7);
  return monthGrid(date, firstWeekday).filter((week) => week.some((day) => day.slice(0, 7) === month));
}

/** By day, in the order of the clock: all-day first, as the rows come; with the entries to come of `comingEntries`. */
export function entriesByDay(
  rows: readonly TaskRow[],
  coming: readonly Entry[],
  { from, to, timeZone }: Range & { timeZone: string },
): ReadonlyMap<LocalDate, readonly Entry[]> {
  const days = new Map<LocalDate, Entry[]>();
  const put = (entry: Entry): void => {
    if (entry.date < from || entry.date > to) return;
    const day = days.get(entry.date);
    if (day) day.push(entry);
    else days.set(entry.date, [entry]);
  };
  for (const row of rows) {
    if (!row.due) continue;
    const { date, time } = localDue(row.due, timeZone);
    put({ key: row.id, row, date, time, isComing: false });
  }
  for (const entry of coming) put(entry);
  for (const day of days.values()) {
    day.sort((a, b) => compare(a.time ?? '', b.time ?? '') || Number(a.isComing) - Number(b.isComing));
  }
  return days;
}

/** `datesOf` says what a row that repeats has to come. In steps: thousands of rules are followed. */
export function* comingEntries(
  rows: readonly TaskRow[],
  { timeZone, datesOf }: { timeZone: string; datesOf: (row: TaskRow) => readonly Due[] },
): Steps<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const row of rows) {
    if (!row.repeat) continue;
    for (const due of datesOf(row)) {
      const { date, time } = localDue(due, timeZone);
      entries.push({ key: `${row.id} ${date} ${time ?? ''}`, row, date, time, isComing: true });
    }
    yield;
  }
  return entries;
}

/** In which part a week is drawn whose tasks are so many; a part holds `size` of them, or one week of more. */
export function drawnInParts(weeks: readonly number[], size: number): number[] {
  let part = 0;
  let taken = 0;
  return weeks.map((count) => {
    if (taken > 0 && taken + count > size) {
      part += 1;
      taken = 0;
    }
    taken += count;
    return part;
  });
}

/** The dates of a series after its open occurrence, from today on. */
export function comingDates(
  rule: SeriesRule,
  open: Pick<Occurrence, 'slot' | 'slotIndex'> | undefined,
  { from, to, today }: Range & { today: LocalDate },
): readonly Due[] {
  if (open?.slot == null || to < today) return [];
  const isOverdue = open.slot.slice(0, 10) < today;
  // From its completion, which is yet to come: nothing can be said before it.
  if (rule.mode === 'completion' && isOverdue) return [];
  const isCounted = rule.mode === 'completion' || /\bCOUNT=/i.test(rule.rrule);
  const first = from > today ? from : today;
  const eve = addDays(first, -1);
  const isAhead = open.slot.slice(0, 10) >= eve;
  const after =
    isCounted || isAhead
      ? { local: open.slot, index: open.slotIndex ?? 0 }
      : { local: open.slot.length === 10 ? eve : `${eve}T00:00:00`, index: open.slotIndex ?? 0 };
  try {
    const limit = isCounted ? MAX_COUNTED : MAX_COMING;
    return slotsUntil(openSeries(rule), addDays(to, 1), after, limit)
      .filter(({ local }) => local.slice(0, 10) >= first && local.slice(0, 10) <= addDays(to, 1))
      .slice(0, MAX_COMING)
      .map(({ local }) => dueOf(local, rule.timeZone));
  } catch (error) {
    // A rule that cannot be carried on from here has nothing to show.
    if (error instanceof RecurrenceError || error instanceof RangeError) return [];
    throw error;
  }
}

/** In pieces that double, so that a yearly rule is not followed for decades to fill one month. */
function slotsUntil(series: Series, end: LocalDate, after: Slot, limit: number): Slot[] {
  const found: Slot[] = [];
  let last: Slot | undefined = after;
  for (let piece = FIRST_PIECE; last && last.local.slice(0, 10) <= end && found.length < limit; piece *= 2) {
    const wanted = Math.min(piece, limit - found.length);
    const slots = series.preview(wanted, last);
    found.push(...slots);
    last = slots.length < wanted ? undefined : slots.at(-1);
  }
  return found;
}

function dueOf(local: string, timeZone: string | null): Due {
  const date = local.slice(0, 10);
  if (local.length === 10) return { date };
  const time = local.slice(11, 16);
  return timeZone === null ? { date, time } : { date, time, timeZone };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
