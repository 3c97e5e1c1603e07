/**
 * A task as programs outside are told of it: one JSON for the API and for the events of the outbox.
 *
 * Promise: tags stand by name, as people and scripts speak of them, each once and sorted; everything else by id. Dates are
 * wall clock (`YYYY-MM-DD` or `YYYY-MM-DDTHH:mm`), instants ISO 8601 in UTC. It is a function of the document alone, so it
 * says nothing that depends on who looks or when.
 */
import type { TagId } from './ids.ts';
import type { Priority, Reminder, Task, When } from './task.ts';

/** What a `Date` can hold, in milliseconds on either side of 1970 (ECMA-262, 21.4.1.1). */
const LAST_INSTANT_MS = 8.64e15;

export interface TaskJson {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly status: Task['status'];
  readonly priority: Priority | 'none';
  readonly start: string | null;
  readonly due: string | null;
  readonly timeZone: string | null;
  readonly tags: string[];
  readonly listId: string | null;
  /** Where it is shown in its list. */
  readonly sectionId: string | null;
  readonly parentId: string | null;
  readonly reminders: Reminder[];
  readonly recurrence: {
    readonly rrule: string;
    readonly mode: 'schedule' | 'completion';
    readonly missed: 'skip' | 'catch-up';
  } | null;
  readonly seriesId: string | null;
  readonly ordinal: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
}

/** Says what a tag is called; undefined where there is no such tag. */
export type NameOfTag = (id: TagId) => string | undefined;

/** @param sectionId the section in which it is shown (core/tree.ts) */
export function taskJson(task: Task, nameOfTag: NameOfTag, sectionId: string | null): TaskJson {
  const { rule } = task;
  return {
    id: task.id,
    title: task.title,
    notes: task.notes,
    status: task.status,
    priority: task.priority ?? 'none',
    start: momentText(task.start),
    due: momentText(task.due),
    timeZone: task.due?.timeZone ?? task.start?.timeZone ?? null,
    tags: tagNames(task, nameOfTag),
    listId: task.listId,
    sectionId,
    parentId: task.parentId,
    reminders: [...task.reminders],
    recurrence: rule === null ? null : { rrule: rule.rrule, mode: rule.mode, missed: rule.missed },
    seriesId: rule === null ? null : task.id,
    ordinal: task.ordinal,
    createdAt: instantText(task.createdAt),
    updatedAt: instantText(task.updatedAt),
    completedAt: task.closedAt === null ? null : instantText(task.closedAt),
  };
}

export function tagNames(task: Pick<Task, 'tags'>, nameOfTag: NameOfTag): string[] {
  return [...new Set(task.tags.map((id) => nameOfTag(id) ?? id))].sort();
}

export function momentText(when: When | null): string | null {
  if (when === null) return null;
  return when.time === undefined ? when.date : `${when.date}T${when.time}`;
}

/** Whatever clock a device had: what no `Date` can hold becomes the nearest that one can. */
export function instantText(ms: number): string {
  return new Date(Math.max(-LAST_INSTANT_MS, Math.min(LAST_INSTANT_MS, ms))).toISOString();
}
