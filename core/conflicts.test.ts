/** Rules R of core/SPEC.md, through the public door. */
import { expect, test } from 'vitest';
import type { LocalDate, Task, TaskId } from './document.ts';
import { createReplica, must, START_MS, sync, type Replica } from './testing/replica.ts';

const day = (date: string): { date: LocalDate } => ({ date: date as LocalDate });

function addTask(replica: Replica, title = 'Bread', more: object = {}): TaskId {
  return must(replica.document.createTask({ title, ...more })).id;
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

test('[R1] the later of two renames stands, whatever order they arrive in; the other is shown with its device', () => {
  const phone = createReplica(1, { name: 'Phone' });
  const laptop = createReplica(2, { name: 'Laptop' });
  const id = addTask(phone, 'Call Tom');
  sync(phone, laptop);
  phone.clock.ms = START_MS + 3_600_000;
  laptop.clock.ms = START_MS + 7_200_000;
  must(laptop.document.editTask(id, { title: 'Ring Tom', due: day('2026-12-01') }));
  must(phone.document.editTask(id, { title: 'Call Tom Sawyer' }));
  sync(laptop, phone);
  for (const replica of [phone, laptop]) {
    expect(read(replica, id)).toMatchObject({
      title: 'Ring Tom',
      due: day('2026-12-01'),
      conflicts: ['title'],
    });
    expect(replica.document.conflicts()).toMatchObject([
      {
        entity: 'task',
        id,
        field: 'title',
        standing: { value: 'Ring Tom', at: START_MS + 7_200_000, device: { name: 'Laptop' } },
        others: [
          { value: 'Call Tom Sawyer', at: START_MS + 3_600_000, device: { id: 'device-1', name: 'Phone' } },
        ],
      },
    ]);
  }
});

test('[R1] of two edits with one stamp the greater writer stands, whatever order they arrive in', () => {
  const t = (START_MS + 5000) * 1024;
  for (const order of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    const replica = createReplica(1);
    const id = addTask(replica);
    replica.doc.getMap('tasks').delete(`${id}/title@1`);
    for (const writer of order) writeRaw(replica, `${id}/title@${writer}`, { v: `by ${writer}`, t });
    expect(read(replica, id)).toMatchObject({ title: 'by b', conflicts: ['title'] });
  }
});

test('[R1] the later edit stands also if its writer is the smaller one', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  replica.doc.getMap('tasks').delete(`${id}/title@1`);
  writeRaw(replica, `${id}/title@z`, { v: 'early', t: (START_MS + 5000) * 1024 });
  writeRaw(replica, `${id}/title@a`, { v: 'late', t: (START_MS + 6000) * 1024 });
  expect(read(replica, id).title).toBe('late');
});

test('[R1] a copy that someone carried here gives way to what its author said since', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  replica.doc.getMap('tasks').delete(`${id}/title@1`);
  writeRaw(replica, `${id}/title@k.a`, { v: 'carried', t: (START_MS + 5000) * 1024 });
  expect(read(replica, id)).toMatchObject({ title: 'carried', conflicts: [] });
  writeRaw(replica, `${id}/title@a`, { v: 'said since', t: (START_MS + 6000) * 1024 });
  expect(read(replica, id)).toMatchObject({ title: 'said since', conflicts: [] });
  // The author's own key is never hidden by a copy, whatever stamp that has.
  writeRaw(replica, `${id}/title@k.a`, { v: 'later copy', t: (START_MS + 7000) * 1024 });
  expect(read(replica, id)).toMatchObject({ title: 'later copy', conflicts: ['title'] });
  must(replica.document.editTask(id, { title: 'Rye' }));
  expect([...replica.doc.getMap('tasks').keys()].filter((key) => key.includes('/title@'))).toEqual([
    `${id}/title@1`,
  ]);
});

test('[R1] a rename and a completion at once both stay', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  sync(one, two);
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.completeTask(id));
  sync(one, two);
  expect(read(one, id)).toMatchObject({ title: 'Rye', status: 'done', conflicts: [] });
});

test('[R2] keeping and taking settle it everywhere', () => {
  for (const choice of ['keep', 'take'] as const) {
    const [one, two] = [createReplica(1), createReplica(2, { startMs: START_MS + 9000 })];
    const id = addTask(one);
    sync(one, two);
    must(one.document.editTask(id, { title: 'Rye' }));
    must(two.document.editTask(id, { title: 'Spelt' }));
    sync(one, two);
    const [conflict] = one.document.conflicts();
    if (conflict === undefined) throw new Error('no conflict');
    must(one.document.resolveConflict(conflict, choice === 'keep' ? 'keep' : { take: one.writer }));
    sync(one, two);
    for (const replica of [one, two]) {
      expect(read(replica, id)).toMatchObject({ title: choice === 'keep' ? 'Spelt' : 'Rye', conflicts: [] });
      expect(replica.document.conflicts()).toEqual([]);
    }
    expect(two.document.resolveConflict(conflict, 'keep')).toMatchObject({ ok: false, code: 'nothing' });
  }
});

test('[R2] a conflict that changed since it was shown is refused', () => {
  const replicas = [1, 2, 3].map((n) => createReplica(n, { startMs: START_MS + n * 1000 }));
  const [one, two, three] = replicas as [Replica, Replica, Replica];
  const id = addTask(one);
  sync(...replicas);
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.editTask(id, { title: 'Spelt' }));
  must(three.document.editTask(id, { title: 'Corn' }));
  sync(one, two);
  const [conflict] = one.document.conflicts();
  if (conflict === undefined) throw new Error('no conflict');
  sync(one, three);
  expect(one.document.resolveConflict(conflict, 'keep')).toMatchObject({ ok: false, code: 'superseded' });
  expect(one.document.conflicts()[0]?.others).toHaveLength(2);
});

test('[R2] any edit of the field settles the conflict too', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  sync(one, two);
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.editTask(id, { title: 'Spelt' }));
  sync(one, two);
  // Also one that writes the very value that stands.
  must(one.document.editTask(id, { title: read(one, id).title }));
  sync(one, two);
  expect(two.document.conflicts()).toEqual([]);
});

test('[R3] order, tags, two closings, two trashings and equal values are no conflicts', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const tag = must(one.document.createTag({ name: 'x' })).id;
  const [a, b, c] = ['a', 'b', 'c'].map((title) => addTask(one, title)) as [TaskId, TaskId, TaskId];
  sync(one, two);
  two.clock.ms += 5000;
  for (const [i, replica] of [one, two].entries()) {
    must(replica.document.moveTask(a, i === 0 ? { after: b } : { after: c }));
    must(replica.document.tagTask(a, tag));
    must(replica.document.editTask(a, { title: 'same', due: day('2026-12-01') }));
    must(i === 0 ? replica.document.completeTask(b) : replica.document.cancelTask(b));
    must(replica.document.trashTask(c));
  }
  sync(one, two);
  expect(one.document.conflicts()).toEqual([]);
  expect([...one.document.tasks()].flatMap((task) => task.conflicts)).toEqual([]);
});

test('[R3] reopening against closing again is shown', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  must(one.document.completeTask(id));
  sync(one, two);
  must(one.document.reopenTask(id));
  must(two.document.cancelTask(id));
  sync(one, two);
  expect(one.document.conflicts()).toMatchObject([{ field: 'done' }]);
});
