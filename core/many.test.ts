/** Rules BU of core/SPEC.md. */
import { expect, test } from 'vitest';
import type { ExportFile, LocalDate, Task, TaskId } from './document.ts';
import { duplicateTask } from './duplicate.ts';
import { createReplica, must, sync, type Replica } from './testing/replica.ts';

const DUE = { date: '2026-12-01' as LocalDate };

function addTask(replica: Replica, title = 'Bread', more: object = {}): TaskId {
  return must(replica.document.createTask({ title, ...more })).id;
}

function read(replica: Replica, id: TaskId): Task {
  const task = replica.document.task(id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return task;
}

/** Without the time of the last change, which undoing moves on. */
function state(replica: Replica): Task[] {
  return [...replica.document.tasks()].map((task) => ({ ...task, updatedAt: 0 as Task['updatedAt'] }));
}

function lastIntentOf(replica: Replica): number {
  const { lastIntent } = replica.document;
  if (lastIntent === undefined) throw new Error('there is nothing to undo');
  return lastIntent;
}

function fileOf(replica: Replica): ExportFile {
  return JSON.parse(JSON.stringify(replica.document.exportJson())) as ExportFile;
}

test('[BU1] a thousand tasks are completed, moved and tagged in one update and come back in one undo', () => {
  const replica = createReplica(1);
  const d = replica.document;
  const list = must(d.createList({ name: 'Home' })).id;
  const tag = must(d.createTag({ name: 'errands' })).id;
  const ids = Array.from({ length: 1_000 }, (_, index) => addTask(replica, `Task ${String(index)}`));
  const [first] = ids;
  if (first === undefined) throw new Error('no task');
  must(d.editTask(first, { due: DUE }));
  must(d.setRule(first, { rrule: 'FREQ=DAILY' }));
  const before = JSON.stringify(state(replica));
  let updates = 0;
  replica.doc.on('update', () => updates++);
  const results = d.batch('Tidy 1,001 tasks', () =>
    [...ids, 'nowhere' as TaskId].flatMap((id) => [
      d.editTask(id, { listId: list, priority: 'high' }),
      d.tagTask(id, tag),
      d.completeTask(id),
    ]),
  );
  expect(updates).toBe(1);
  expect(results.filter(({ ok }) => !ok)).toHaveLength(3);
  expect(read(replica, first)).toMatchObject({ status: 'open', due: { date: '2026-12-02' }, listId: list });
  expect(ids.filter((id) => read(replica, id).status === 'done')).toHaveLength(999);
  expect(d.tasksIn(list).map(({ id }) => id)).toEqual(ids);
  must(d.undo());
  expect(updates).toBe(2);
  expect(JSON.stringify(state(replica)) === before).toBe(true);
});

test('[BU2] an intent is undone by its number, and what followed stays', () => {
  const [replica, other] = [createReplica(1), createReplica(2)];
  const d = replica.document;
  const [bread, milk] = [addTask(replica, 'Bread'), addTask(replica, 'Milk')];
  d.batch('Plan 2 tasks', () => [bread, milk].map((id) => d.editTask(id, { due: DUE, priority: 'low' })));
  const planned = lastIntentOf(replica);
  must(d.editTask(milk, { priority: 'high' }));
  must(d.editTask(bread, { title: 'Rye' }));
  sync(replica, other);

  expect(must(d.undo(planned))).toMatchObject({
    label: 'Plan 2 tasks',
    left: ['the priority was changed since.'],
  });
  expect(read(replica, bread)).toMatchObject({ title: 'Rye', due: null, priority: null });
  expect(read(replica, milk)).toMatchObject({ due: null, priority: 'high' });
  sync(replica, other);
  expect(state(other)).toEqual(state(replica));
  expect(d.undo(planned)).toMatchObject({ ok: false, code: 'nothing' });
  must(d.undo());
  expect(read(replica, bread).title).toBe('Bread');
});

test('[BU3] undoing an import takes back what the file brought, and redoing brings it again', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const list = must(one.document.createList({ name: 'Home' })).id;
  const shared = addTask(one, 'Bread', { listId: list, notes: 'rye' });
  sync(one, two);
  const mine = addTask(two, 'Mine');
  must(one.document.editTask(shared, { title: 'Spelt bread', due: DUE, notes: 'dark rye' }));
  const brought = addTask(one, 'Milk', { notes: 'oat' });
  const tag = must(one.document.createTag({ name: 'errands' })).id;
  must(one.document.tagTask(shared, tag));
  const before = state(two);

  must(two.document.importJson(fileOf(one)));
  const after = state(two);
  expect(two.document.history).toEqual({ undoLabel: 'Import' });
  // Importing again changes nothing, and is nothing to undo.
  const imported = lastIntentOf(two);
  must(two.document.importJson(fileOf(one)));
  expect(lastIntentOf(two)).toBe(imported);
  expect(read(two, shared)).toMatchObject({ title: 'Spelt bread', due: DUE, notes: 'dark rye', tags: [tag] });
  expect(must(two.document.undo()).left).toEqual([]);
  expect(read(two, brought).trashedAt).not.toBeNull();
  expect(two.document.tag(tag)?.trashedAt).not.toBeNull();
  expect(state(two).filter(({ id }) => id !== brought)).toEqual(before);
  must(two.document.redo());
  expect(state(two)).toEqual(after);
  expect(read(two, mine).title).toBe('Mine');
});

test('[BU3] what was edited after the import is left, here and elsewhere', () => {
  const [one, two] = [createReplica(1), createReplica(2, { startMs: Date.UTC(2026, 10, 24) })];
  const [bread, milk, eggs] = ['Bread', 'Milk', 'Eggs'].map((title) => addTask(one, title));
  if (!bread || !milk || !eggs) throw new Error('three tasks');
  must(two.document.importJson(fileOf(one)));
  const imported = lastIntentOf(two);
  const other = createReplica(3, { startMs: Date.UTC(2026, 10, 25) });
  sync(two, other);
  must(other.document.editTask(bread, { title: 'Rye' }));
  sync(two, other);
  const undone = must(two.document.undo(imported));
  expect(undone.left).toEqual(['the task was changed since on Device 3.']);
  expect([bread, milk, eggs].map((id) => read(two, id).trashedAt === null)).toEqual([true, false, false]);
});

test('[BU4] a duplicate has what its original has, stands behind it, and is one step of undo', () => {
  const replica = createReplica(1);
  const d = replica.document;
  const tag = must(d.createTag({ name: 'errands' })).id;
  const id = addTask(replica, 'Water the plants', {
    due: DUE,
    notes: 'twice',
    priority: 'high',
    tags: [tag],
  });
  const step = addTask(replica, 'Fill the can', { parentId: id });
  addTask(replica, 'Last');
  must(d.setRule(id, { rrule: 'FREQ=WEEKLY;BYDAY=TU' }));
  must(d.addReminder(id, { before: 'PT30M' }));
  must(d.completeTask(id));
  must(d.completeTask(step));
  const copy = must(duplicateTask(d, id)).id;
  expect(d.tasksIn(null).map(({ title }) => title)).toEqual(['Water the plants', 'Water the plants', 'Last']);
  const { due, rule, reminders } = read(replica, id);
  expect(due).toEqual({ date: '2026-12-08' });
  expect(read(replica, copy)).toMatchObject({
    title: 'Water the plants',
    notes: 'twice',
    due,
    priority: 'high',
    tags: [tag],
    status: 'open',
  });
  expect(read(replica, copy).rule).toMatchObject({ rrule: rule?.rrule, start: '2026-12-08' });
  expect(read(replica, copy).reminders).toMatchObject(
    reminders.map((each) => ({ ...each, id: expect.anything() })),
  );
  expect(d.subtasks(copy).map(({ title, status }) => [title, status])).toEqual([['Fill the can', 'open']]);
  expect(d.closedOccurrences(copy)).toEqual([]);
  must(d.undo());
  expect(read(replica, copy).trashedAt).not.toBeNull();
  expect(d.tasksIn(null)).toHaveLength(2);
});
