/**
 * A task of the document as the JSON of the API.
 *
 * Promise: the task is that of core/task-json.ts, and `isOverdue` as of the caller's now and zone.
 */
import type { HoldfastDocument, Task } from '@holdfast/core/document.ts';
import { isOverdue } from '@holdfast/core/overdue.ts';
import * as core from '@holdfast/core/task-json.ts';
import type { Caller, TaskJson } from './calls.ts';

export function taskJson(document: HoldfastDocument, task: Task, caller: Caller): TaskJson {
  return {
    ...core.taskJson(task, (id) => document.tag(id)?.name, document.sectionOf(task.id)?.id ?? null),
    isOverdue: isOverdue(task, caller.nowMs, caller.timeZone),
  };
}

export function tagNames(document: HoldfastDocument, task: Task): string[] {
  return core.tagNames(task, (id) => document.tag(id)?.name);
}
