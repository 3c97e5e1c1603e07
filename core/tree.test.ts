/** Rules D8 and D9 of core/SPEC.md: where tasks are. */
import { expect, test } from 'vitest';
import type { ListId, Task, TaskId } from './document.ts';
import { createReplica, must, START_MS, sync, type Replica } from './testing/replica.ts';

function addTask(replica: Replica, title = 'Bread', more: object = {}): TaskId {
  return must(replica.document.createTask({ title, ...more })).id;
}

function addList(replica: Replica, name = 'Home'): ListId {
  return must(replica.document.createList({ name })).id;
}

function titles(tasks: Iterable<Task>): string[] {
  return [...tasks].map((task) => task.title);
}

function read(replica: Replica, id: TaskId): Task {
  const task = replica.document.task(id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return task;
}

/** What a program of someone else writes. */
function writeRaw(replica: Replica, key: string, value: unknown, root = 'tasks'): void {
  replica.doc.getMap(root).set(key, value);
}

test('[D8] a task whose list is trashed or missing is in the Inbox, and goes back when the list does', () => {
  const replica = createReplica(1);
  const list = addList(replica);
  const id = addTask(replica, 'Bread', { listId: list });
  expect(titles(replica.document.tasksIn(list))).toEqual(['Bread']);
  must(replica.document.trashList(list));
  expect(titles(replica.document.tasksIn(null))).toEqual(['Bread']);
  expect(read(replica, id).listId).toBe(null);
  must(replica.document.restoreList(list));
  expect(titles(replica.document.tasksIn(list))).toEqual(['Bread']);
  writeRaw(replica, `${id}/list@9`, { v: 'never-made', t: (START_MS + 10_000) * 1024 });
  expect(titles(replica.document.tasksIn(null))).toEqual(['Bread']);
});

test('[D8] a subtask added elsewhere to a task that is trashed here comes to the top of the list', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const list = addList(one);
  const parent = addTask(one, 'Party', { listId: list });
  sync(one, two);
  must(one.document.trashTask(parent));
  const child = addTask(two, 'Cake', { parentId: parent });
  expect(read(two, child)).toMatchObject({ parentId: parent, listId: list });
  sync(one, two);
  for (const replica of [one, two]) {
    expect(read(replica, child)).toMatchObject({ parentId: null, trashedAt: null });
    expect(titles(replica.document.tasksIn(null))).toEqual(['Cake']);
  }
});

test('[D8] a subtask is where its parent is, to any depth', () => {
  const replica = createReplica(1);
  const [home, work] = [addList(replica), addList(replica, 'Work')];
  const a = addTask(replica, 'a', { listId: home });
  const b = addTask(replica, 'b', { parentId: a });
  const c = addTask(replica, 'c', { parentId: b });
  expect(read(replica, c).listId).toBe(home);
  must(replica.document.editTask(a, { listId: work }));
  expect([a, b, c].map((id) => read(replica, id).listId)).toEqual([work, work, work]);
  must(replica.document.moveTask(b, { parentId: null }));
  expect(read(replica, b)).toMatchObject({ parentId: null, listId: work });
  expect(titles(replica.document.tasksIn(work))).toEqual(['a', 'b']);
  expect(titles(replica.document.subtasks(b))).toEqual(['c']);
});

test('[D9] a ring made by two moves opens at the later one, alike everywhere, and closes again when one goes', () => {
  const [one, two] = [createReplica(1), createReplica(2, { startMs: START_MS + 5000 })];
  const [a, b] = [addTask(one, 'a'), addTask(one, 'b')];
  sync(one, two);
  must(one.document.moveTask(a, { parentId: b }));
  must(two.document.moveTask(b, { parentId: a }));
  sync(one, two);
  for (const replica of [one, two]) {
    expect(read(replica, a).parentId).toBe(b);
    expect(read(replica, b).parentId).toBe(null);
    expect(titles(replica.document.tasksIn(null))).toEqual(['b']);
  }
  must(one.document.undo());
  expect(read(one, a).parentId).toBe(null);
  expect(read(one, b).parentId).toBe(a);
});

test('[D9] a command that would make a ring is refused', () => {
  const replica = createReplica(1);
  const a = addTask(replica, 'a');
  const b = addTask(replica, 'b', { parentId: a });
  const c = addTask(replica, 'c', { parentId: b });
  for (const parentId of [a, b, c]) {
    expect(replica.document.moveTask(a, { parentId })).toMatchObject({ ok: false, code: 'ring' });
    expect(replica.document.editTask(a, { parentId })).toMatchObject({ ok: false, code: 'ring' });
  }
  expect(replica.document.moveTask(a, { after: c })).toMatchObject({ ok: false, code: 'ring' });
});
