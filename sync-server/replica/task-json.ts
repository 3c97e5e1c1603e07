/**
 * A task, list or tag of the document as the JSON of the API.
 *
 * Promise: tags stand by name, as people and scripts speak of them, each once and sorted; everything else by id.
 * `isOverdue` is as of the caller's now and zone.
 */
import type { HoldfastDocument, List, Tag, Task } from '@holdfast/core/document.ts';
import { isOverdue } from '@holdfast/core/overdue.ts';
import type { Caller, NamedJson, TaskJson } from './calls.ts';
import { instantText, momentText } from './moments.ts';

export function taskJson(document: HoldfastDocument, task: Task, caller: Caller): TaskJson {
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
    isOverdue: isOverdue(task, caller.nowMs, caller.timeZone),
    tags: tagNames(document, task),
    listId: task.listId,
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

export function tagNames(document: HoldfastDocument, task: Task): string[] {
  const names = task.tags.map((id) => document.tag(id)?.name ?? id);
  return [...new Set(names)].sort();
}

export function namedJson({ id, name, color, createdAt, updatedAt }: List | Tag): NamedJson {
  return { id, name, color, createdAt: instantText(createdAt), updatedAt: instantText(updatedAt) };
}
