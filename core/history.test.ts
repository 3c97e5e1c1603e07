/** Rules U of core/SPEC.md. */
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LocalDate, Task, TaskId } from './document.ts';
import { createReplica, must, START_MS, sync, type Replica } from './testing/replica.ts';

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
function state(replica: Replica): unknown {
  return [...replica.document.tasks()].map((task) => ({ ...task, updatedAt: 0 }));
}

function conflictOf(replica: Replica) {
  const [conflict] = replica.document.conflicts();
  if (conflict === undefined) throw new Error('no conflict');
  return conflict;
}

test('[U1] every command can be undone and done again, and reaches other replicas', () => {
  const [replica, other] = [createReplica(1), createReplica(2)];
  const d = replica.document;
  const tag = must(d.createTag({ name: 'errands' })).id;
  const list = must(d.createList({ name: 'Home' })).id;
  const id = addTask(replica, 'Bread', { notes: 'rye', priority: 'low' });
  const next = addTask(replica, 'Milk');
  const child = addTask(replica, 'Slice', { parentId: id });
  const commands: [string, () => { ok: boolean }][] = [
    ['edit', () => d.editTask(id, { title: 'Rye', due: DUE, priority: null, notes: 'dark rye' })],
    ['complete', () => d.completeTask(id)],
    ['reopen', () => d.reopenTask(id)],
    ['cancel', () => d.cancelTask(id)],
    ['move to a list', () => d.editTask(id, { listId: list })],
    ['reorder', () => d.moveTask(next, { before: id })],
    ['nest', () => d.moveTask(next, { parentId: id })],
    ['tag', () => d.tagTask(id, tag)],
    ['untag', () => d.untagTask(id, tag)],
    ['trash', () => d.trashTask(id)],
    ['restore', () => d.restoreTask(id)],
  ];
  for (const [name, command] of commands) {
    const before = state(replica);
    must(command());
    const after = state(replica);
    expect(after, name).not.toEqual(before);
    must(d.undo());
    sync(replica, other);
    expect(state(replica), `undo ${name}`).toEqual(before);
    must(d.redo());
    sync(replica, other);
    expect(state(replica), `redo ${name}`).toEqual(after);
    expect(state(other), `redo ${name} elsewhere`).toEqual(after);
  }
  expect(read(replica, child).trashedAt).toBe(null);
});

test('[U1] a whole chain goes back and forth', () => {
  const replica = createReplica(1);
  const states: unknown[] = [];
  const id = addTask(replica);
  const note = (): void => void states.push(state(replica));
  note();
  for (const title of ['a', 'b', 'c']) {
    must(replica.document.editTask(id, { title, notes: `${title} ${title}` }));
    note();
  }
  must(replica.document.trashTask(id));
  note();
  for (let i = states.length - 2; i >= 0; i--) {
    must(replica.document.undo());
    expect(state(replica)).toEqual(states[i]);
  }
  for (let i = 1; i < states.length; i++) {
    must(replica.document.redo());
    expect(state(replica)).toEqual(states[i]);
  }
});

test('[U1] a batch is one intent with its own label', () => {
  const replica = createReplica(1);
  const ids = ['a', 'b', 'c'].map((title) => addTask(replica, title));
  replica.document.batch('Complete 3 tasks', () => ids.map((id) => replica.document.completeTask(id)));
  expect(replica.document.history).toEqual({ undoLabel: 'Complete 3 tasks' });
  must(replica.document.undo());
  expect(ids.map((id) => read(replica, id).status)).toEqual(['open', 'open', 'open']);
  expect(replica.document.history).toMatchObject({ redoLabel: 'Complete 3 tasks' });
});

test('[U1] two writes to one field within a batch go back to what was before both', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  replica.document.batch('twice', () => {
    must(replica.document.editTask(id, { title: 'a' }));
    must(replica.document.editTask(id, { title: 'b' }));
  });
  must(replica.document.undo());
  expect(read(replica, id).title).toBe('Bread');
});

test('[U1] a batch that fails half-way can still be undone', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  expect(() =>
    replica.document.batch('breaks', () => {
      must(replica.document.editTask(id, { title: 'half' }));
      throw new Error('a bug');
    }),
  ).toThrow('a bug');
  must(replica.document.undo());
  expect(read(replica, id).title).toBe('Bread');
});

test('[U1] a new edit ends what could be done again; nothing to undo is said', () => {
  const replica = createReplica(1);
  expect(replica.document.undo()).toEqual({
    ok: false,
    code: 'nothing',
    message: 'There is nothing to undo.',
  });
  const id = addTask(replica);
  must(replica.document.editTask(id, { title: 'a' }));
  must(replica.document.undo());
  must(replica.document.editTask(id, { title: 'b' }));
  expect(replica.document.redo()).toMatchObject({ ok: false, code: 'nothing' });
});

test('[U2] where another has written since, undo is refused with a sentence that says where', () => {
  const [phone, laptop] = [createReplica(1), createReplica(2, { name: 'Laptop' })];
  const id = addTask(phone);
  must(phone.document.editTask(id, { title: 'Rye' }));
  sync(phone, laptop);
  must(laptop.document.editTask(id, { title: 'Spelt' }));
  sync(phone, laptop);
  const before = Y.encodeStateAsUpdate(phone.doc);
  expect(phone.document.undo()).toEqual({
    ok: false,
    code: 'superseded',
    message: '“Edit task” was left as it is: the title was changed since on Laptop.',
  });
  expect(Y.encodeStateAsUpdate(phone.doc)).toEqual(before);
  expect(read(phone, id).title).toBe('Spelt');
});

test('[U2] a concurrent later edit is not undone either, and an earlier one is not lost', () => {
  const [one, two] = [createReplica(1), createReplica(2, { startMs: START_MS + 5000 })];
  const id = addTask(one);
  sync(one, two);
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.editTask(id, { title: 'Spelt' }));
  sync(one, two);
  expect(one.document.undo()).toMatchObject({ ok: false, code: 'superseded' });
  expect(read(one, id)).toMatchObject({ title: 'Spelt', conflicts: ['title'] });
});

test('[U2] of several fields those go back that still stand; the others are named', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  must(one.document.editTask(id, { title: 'Rye', due: DUE }));
  sync(one, two);
  must(two.document.editTask(id, { title: 'Spelt' }));
  sync(one, two);
  expect(one.document.undo()).toMatchObject({ ok: true, left: ['the title was changed since on Device 2.'] });
  expect(read(one, id)).toMatchObject({ title: 'Spelt', due: null });
});

test('[U2] a task that was purged meanwhile is not brought back by an undo', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  must(one.document.editTask(id, { title: 'Rye' }));
  sync(one, two);
  must(two.document.trashTask(id));
  must(two.document.purgeTask(id));
  sync(one, two);
  expect(one.document.undo()).toMatchObject({ ok: false, code: 'superseded' });
  expect(one.document.task(id)).toBe(undefined);
  expect(one.document.fragments()).toEqual([]);
});

test('[U3] undoing a creation moves it to the trash, doing it again brings it back', () => {
  const replica = createReplica(1);
  const id = addTask(replica, 'Bread', { notes: 'rye', due: DUE });
  must(replica.document.undo());
  expect(read(replica, id)).toMatchObject({ title: 'Bread', notes: 'rye', due: DUE });
  expect(read(replica, id).trashedAt).not.toBe(null);
  must(replica.document.redo());
  expect(read(replica, id)).toMatchObject({ title: 'Bread', trashedAt: null });
});

test('[U3] a task that another has written to is not trashed by undoing its creation', () => {
  const [one, two] = [createReplica(1), createReplica(2, { name: 'Laptop' })];
  const id = addTask(one);
  sync(one, two);
  must(two.document.editTask(id, { due: DUE }));
  sync(one, two);
  expect(one.document.undo()).toMatchObject({ ok: false, message: expect.stringContaining('Laptop') });
  expect(read(one, id).trashedAt).toBe(null);
});

test('[U4] undoing notes leaves what another wrote around it', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'buy bread' });
  must(one.document.editTask(id, { notes: 'buy rye bread' }));
  sync(one, two);
  must(two.document.editTask(id, { notes: 'please buy rye bread today' }));
  sync(one, two);
  must(one.document.undo());
  expect(read(one, id).notes).toBe('please buy bread today');
  must(one.document.redo());
  sync(one, two);
  expect(read(two, id).notes).toBe('please buy rye bread today');
});

test('[U4] undoing notes into which another wrote is refused', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'buy' });
  must(one.document.editTask(id, { notes: 'buy rye bread' }));
  sync(one, two);
  must(two.document.editTask(id, { notes: 'buy rye white bread' }));
  sync(one, two);
  expect(one.document.undo()).toMatchObject({ ok: false, code: 'superseded' });
  expect(read(one, id).notes).toBe('buy rye white bread');
});

test('[U5] undoing the settling of a conflict brings it back, whoever had the loser', () => {
  for (const settler of [0, 1, 2]) {
    for (const choice of ['keep', 'take'] as const) {
      const replicas = [
        createReplica(1),
        createReplica(2, { startMs: START_MS + 5000 }),
        createReplica(3),
      ] as const;
      const [one, two] = replicas;
      const id = addTask(one);
      sync(...replicas);
      must(one.document.editTask(id, { title: 'Rye' }));
      must(two.document.editTask(id, { title: 'Spelt' }));
      sync(...replicas);
      const replica = replicas[settler] ?? one;
      must(
        replica.document.resolveConflict(
          conflictOf(replica),
          choice === 'keep' ? 'keep' : { take: one.writer },
        ),
      );
      sync(...replicas);
      must(replica.document.undo());
      sync(...replicas);
      for (const each of replicas) {
        expect(conflictOf(each)).toMatchObject({
          standing: { value: 'Spelt', writer: two.writer },
          others: [{ value: 'Rye', writer: one.writer }],
        });
      }
      must(replica.document.redo());
      sync(...replicas);
      expect(two.document.conflicts()).toEqual([]);
      expect(read(two, id).title).toBe(choice === 'keep' ? 'Spelt' : 'Rye');
    }
  }
});

test('[U1] undo knows its own writes also after the client id changed', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  must(replica.document.editTask(id, { title: 'Rye' }));
  replica.doc.clientID = 99;
  must(replica.document.undo());
  expect(read(replica, id).title).toBe('Bread');
});
