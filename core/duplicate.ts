/**
 * A second task like one that is here.
 *
 * Promise: one intent. The copy stands right behind its original with its title, notes, dates, priority, tags, repeat and
 * reminders, and is open; its steps come with it, open too. Nothing of the original's past does: no closed occurrence, no
 * snooze, no conflict.
 */
import type { HoldfastDocument } from './document.ts';
import type { TaskId } from './ids.ts';
import type { Position } from './task-commands.ts';
import { failure, type Result } from './result.ts';

export function duplicateTask(document: HoldfastDocument, id: TaskId): Result<{ id: TaskId }> {
  return document.batch('Duplicate task', () => copyOf(document, id, { after: id }));
}

function copyOf(
  document: HoldfastDocument,
  id: TaskId,
  position: Position,
  parentId?: TaskId,
): Result<{ id: TaskId }> {
  const task = document.task(id);
  if (task === undefined || task.trashedAt !== null) {
    return failure('not-found', 'This task is not here any more.');
  }
  const parent = parentId ?? task.parentId;
  const created = document.createTask({
    title: task.title === '' ? 'Untitled' : task.title,
    notes: task.notes,
    due: task.due,
    start: task.start,
    priority: task.priority,
    tags: task.tags.filter((tag) => document.tag(tag) !== undefined),
    ...(parent === null ? { listId: task.listId } : { parentId: parent }),
    position,
  });
  if (!created.ok) return created;
  // A rule or a reminder that this version cannot store is left out: the copy is worth having without it.
  if (task.rule !== null) {
    const { rrule, mode, missed } = task.rule;
    document.setRule(created.id, { rrule, mode, missed });
  }
  for (const reminder of task.reminders) {
    document.addReminder(
      created.id,
      'before' in reminder ? { before: reminder.before } : { at: reminder.at },
    );
  }
  for (const step of document.subtasks(id)) copyOf(document, step.id, 'last', created.id);
  return created;
}
