/**
 * Which tasks a page holds and in what order: pure rules over the rows of the lists.
 *
 * A row is the part of a task that a list needs; it is the same whether it comes from the document or from the
 * view cache. Every order is total: ties end with the id. A day is the viewer's: what is due at a time in another zone
 * stands on the day on which the clock here will reach it.
 */

import type { Task } from '@holdfast/core/document.ts';
import type { CachedTask } from '../device/device.ts';
import type { LocalDate } from '../words/calendar.ts';
import type { Due } from '../words/due-words.ts';
import { localDue } from '../words/local-due.ts';
import type { Repeat } from '../words/repeat-words.ts';
import type { Priority } from './priority.ts';
import type { ViewRule } from './sorted-view.ts';

export interface TaskRow {
  readonly id: string;
  readonly title: string;
  readonly due: Due | null;
  readonly priority: Priority | null;
  readonly listId: string | null;
  readonly parentId: string | null;
  /** As the task says; it counts only where its list has it. */
  readonly section: string | null;
  readonly order: string;
  readonly tags: readonly string[];
  readonly hasNotes: boolean;
  readonly repeat: Repeat | null;
  readonly reminderCount: number;
  /** When it reminds again, ms. */
  readonly snoozedUntil: number | null;
  readonly doneAt: number | null;
  readonly trashedAt: number | null;
  /** Another device's value of some field is kept besides. */
  readonly isConflicted: boolean;
}

export function rowFromTask(task: Task): TaskRow {
  return {
    id: task.id,
    title: task.title,
    due: task.due,
    priority: task.priority,
    listId: task.listId,
    parentId: task.parentId,
    section: task.section,
    order: task.order ?? '',
    tags: task.tags,
    hasNotes: task.notes !== '',
    repeat: task.rule,
    reminderCount: task.reminders.length,
    snoozedUntil: task.snoozedUntil,
    doneAt: task.closedAt,
    trashedAt: task.trashedAt,
    isConflicted: task.conflicts.length > 0,
  };
}

export function rowFromCache(task: CachedTask): TaskRow {
  return {
    id: task.id,
    title: task.title,
    due: task.due ?? null,
    priority: isPriority(task.priority) ? task.priority : null,
    listId: task.listId ?? null,
    parentId: task.parentId ?? null,
    section: task.section ?? null,
    order: task.order ?? '',
    tags: task.tags,
    hasNotes: task.hasNotes,
    repeat: task.repeat ?? null,
    reminderCount: task.reminders ?? 0,
    snoozedUntil: null,
    doneAt: null,
    trashedAt: null,
    isConflicted: false,
  };
}

type Rule = ViewRule<TaskRow>;
/** Ids of lists that are put away. */
type Archived = ReadonlySet<string>;
const NONE: Archived = new Set();

export const taskRules = {
  /** null: the Inbox. */
  list: (listId: string | null): Rule => ({
    matches: (row) => isOpen(row) && row.parentId === null && row.listId === listId,
    compare: byOrder,
  }),
  tagged: (tagId: string): Rule => ({
    matches: (row) => isOpen(row) && row.tags.includes(tagId),
    compare: byOrder,
  }),
  /** Due on `today` or before, for a viewer in `timeZone`. What is in an archived list is in no day's view. */
  due: (today: LocalDate, timeZone?: string, archived: Archived = NONE): Rule => ({
    matches: (row) => isPlanned(row, archived) && localDue(row.due, timeZone).date <= today,
    compare: byDue(timeZone),
  }),
  upcoming: (today: LocalDate, timeZone?: string, archived: Archived = NONE): Rule => ({
    matches: (row) => isPlanned(row, archived) && localDue(row.due, timeZone).date > today,
    compare: byDue(timeZone),
  }),
  /** Everything that is open and has a date. */
  dated: (timeZone?: string, archived: Archived = NONE): Rule => ({
    matches: (row) => isPlanned(row, archived),
    compare: byDue(timeZone),
  }),
  subtasks: (parentId: string): Rule => ({
    matches: (row) => row.trashedAt === null && row.parentId === parentId,
    compare: byOrder,
  }),
  trash: (): Rule => ({
    matches: (row) => row.trashedAt !== null,
    compare: (a, b) => (b.trashedAt ?? 0) - (a.trashedAt ?? 0) || compareText(a.id, b.id),
  }),
  completed: (): Rule => ({
    matches: (row) => row.trashedAt === null && row.doneAt !== null,
    compare: (a, b) => (b.doneAt ?? 0) - (a.doneAt ?? 0) || compareText(a.id, b.id),
  }),
  all: (): Rule => ({
    matches: (row) => row.trashedAt === null,
    compare: (a, b) => Number(a.doneAt !== null) - Number(b.doneAt !== null) || byOrder(a, b),
  }),
};

/** What was due before today, and what is due today. */
export function overdueAndToday(
  rows: readonly TaskRow[],
  today: LocalDate,
  timeZone?: string,
): [readonly TaskRow[], readonly TaskRow[]] {
  const isBefore = (row: TaskRow): boolean => row.due !== null && localDue(row.due, timeZone).date < today;
  return [rows.filter(isBefore), rows.filter((row) => !isBefore(row))];
}

/** Rows that stand in the order of their dates, day by day. */
export function daysOf(
  rows: readonly TaskRow[],
  timeZone?: string,
): { date: LocalDate; rows: readonly TaskRow[] }[] {
  const days: { date: LocalDate; rows: TaskRow[] }[] = [];
  for (const row of rows) {
    if (!row.due) continue;
    const day = days.at(-1);
    const { date } = localDue(row.due, timeZone);
    if (day?.date === date) day.rows.push(row);
    else days.push({ date, rows: [row] });
  }
  return days;
}

/** Rows by the sections of their list, in its order; first what is in none, also where its section is gone. */
export function bySection<Section extends { readonly id: string }>(
  rows: readonly TaskRow[],
  sections: readonly Section[],
): { section: Section | null; rows: readonly TaskRow[] }[] {
  const groups = new Map<string | null, { section: Section | null; rows: TaskRow[] }>([
    [null, { section: null, rows: [] }],
    ...sections.map((section) => [section.id, { section, rows: [] as TaskRow[] }] as const),
  ]);
  for (const row of rows) (groups.get(row.section) ?? groups.get(null))?.rows.push(row);
  return [...groups.values()];
}

function isPlanned(row: TaskRow, archived: Archived): row is TaskRow & { readonly due: Due } {
  return isOpen(row) && row.due !== null && !(row.listId !== null && archived.has(row.listId));
}

function isOpen(row: TaskRow): boolean {
  return row.doneAt === null && row.trashedAt === null;
}

function byOrder(a: TaskRow, b: TaskRow): number {
  return compareText(a.order, b.order) || compareText(a.id, b.id);
}

function byDue(timeZone: string | undefined): Rule['compare'] {
  return (one, other) => {
    const [a, b] = [one.due && localDue(one.due, timeZone), other.due && localDue(other.due, timeZone)];
    return (
      compareText(a?.date ?? '', b?.date ?? '') ||
      compareText(a?.time ?? '24:00', b?.time ?? '24:00') ||
      byOrder(one, other)
    );
  };
}

function isPriority(value: string | undefined): value is Priority {
  return value === 'low' || value === 'medium' || value === 'high' || value === 'urgent';
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
