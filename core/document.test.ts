/** Rules D of core/SPEC.md, through the public door. */
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { DocumentChange, EpochMs, ListId, LocalDate, TagId, Task, TaskId } from './document.ts';
import { STAMP_LIMIT } from './stamp.ts';
import { createReplica, must, START_MS, sync, type Replica } from './testing/replica.ts';

const day = (date: string): { date: LocalDate } => ({ date: date as LocalDate });

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

test('[D2] each intent is one update, also with several fields and in a batch', () => {
  const replica = createReplica(1);
  const tag = must(replica.document.createTag({ name: 'errands' })).id;
  const id = addTask(replica);
  let updates = 0;
  replica.doc.on('update', () => updates++);
  const commands: (() => unknown)[] = [
    () => addTask(replica, 'Full', { notes: 'n', due: day('2026-12-01'), tags: [tag], priority: 'high' }),
    () =>
      replica.document.editTask(id, { title: 'Rye', due: day('2026-12-01'), priority: 'low', notes: 'dark' }),
    () => replica.document.completeTask(id),
    () => replica.document.reopenTask(id),
    () => replica.document.tagTask(id, tag),
    () => replica.document.untagTask(id, tag),
    () => replica.document.trashTask(id),
    () => replica.document.restoreTask(id),
    () =>
      replica.document.batch('three', () => {
        addTask(replica, 'a');
        addTask(replica, 'b');
        replica.document.completeTask(id);
      }),
    () => replica.document.undo(),
    () => replica.document.redo(),
    () => replica.document.trashTask(id),
    () => replica.document.purgeTask(id),
  ];
  for (const [i, command] of commands.entries()) {
    const before = Y.getState(replica.doc.store, 1);
    updates = 0;
    command();
    expect(updates, `command ${i}`).toBe(1);
    expect(Y.getState(replica.doc.store, 1), `command ${i}`).toBeGreaterThan(before);
  }
});

test('[D2] [D5] a command that has nothing to change writes nothing', () => {
  const replica = createReplica(1);
  const id = addTask(replica, 'Bread', { notes: 'rye', due: day('2026-12-01') });
  const before = Y.encodeStateAsUpdate(replica.doc);
  must(
    replica.document.editTask(id, { title: 'Bread', notes: 'rye', due: day('2026-12-01'), priority: null }),
  );
  must(replica.document.editTask(id, { listId: null }));
  must(replica.document.reopenTask(id));
  must(replica.document.restoreTask(id));
  expect(Y.encodeStateAsUpdate(replica.doc)).toEqual(before);
});

test('[D5] a new task holds its birth, its text, its title and its place, and no default', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  const names = [...replica.doc.getMap('tasks').keys()].map((key) => key.replace(id, ''));
  expect(names.sort()).toEqual(['/born', '/notes', '/order@1', '/title@1']);
});

test('[D5] editing one field leaves the others unwritten', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { priority: 'low' });
  sync(one, two);
  two.document.editTask(id, { title: 'Rye', priority: 'low' });
  expect([...two.doc.getMap('tasks').keys()].filter((key) => key.endsWith('@2'))).toEqual([`${id}/title@2`]);
});

test('[D3] unknown fields, entities, plain keys and roots survive edits and compaction', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  const unknown: [string, string, unknown][] = [
    ['tasks', `${id}/mood@9`, { v: { deep: [1, 'two'] }, t: 5, extra: true }],
    ['tasks', `${id}#3/closed@9`, { v: { kind: 'skipped' }, t: 5 }],
    ['tasks', `${id}/blob`, new Uint8Array([1, 2])],
    ['tasks', 'no-slash', 'x'],
    ['tasks', `${id}/strange@`, 1],
    ['habits', 'h1/name@9', { v: 'run', t: 5 }],
  ];
  for (const [root, key, value] of unknown) writeRaw(replica, key, value, root);
  must(replica.document.editTask(id, { title: 'Rye', notes: 'dark' }));
  must(replica.document.trashTask(id));
  must(replica.document.restoreTask(id));
  must(replica.document.undo());
  const compacted = createReplica(2, { from: Y.encodeStateAsUpdate(replica.doc) });
  for (const [root, key, value] of unknown) expect(compacted.doc.getMap(root).get(key)).toEqual(value);
  expect(titles(compacted.document.tasks())).toEqual(['Rye']);
  expect(compacted.document.fragments()).toEqual([]);
});

test('[D4] a bad value unsets its own field, is named, and disturbs nothing else', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  const other = addTask(replica, 'Milk');
  const late = (START_MS + 1_000_000) * 1024;
  const bad: [string, unknown][] = [
    ['title', 5],
    ['due', { date: '2026-02-30' }],
    ['start', { date: '2026-02-03', timeZone: 'Europe/Berlin' }],
    ['priority', 'critical'],
    ['done', { kind: 'maybe', at: 1 }],
    ['trashed', { at: 'yesterday' }],
    ['parent', 7],
    ['list', { id: 'x' }],
    ['order', '!!'],
    ['notes', { text: 'nowhere' }],
    ['section', false],
  ];
  for (const [field, v] of bad) writeRaw(replica, `${id}/${field}@9`, { v, t: late });
  const task = read(replica, id);
  expect(task.faults).toEqual(bad.map(([field]) => field).sort());
  expect(task).toMatchObject({
    title: '',
    notes: '',
    due: null,
    start: null,
    priority: null,
    status: 'open',
    trashedAt: null,
    parentId: null,
    listId: null,
    order: null,
    section: null,
  });
  expect(titles(replica.document.tasksIn(null))).toEqual(['Milk', '']);
  expect(read(replica, other).faults).toEqual([]);
  must(replica.document.editTask(id, { title: 'Rye', due: day('2026-12-01') }));
  expect(read(replica, id)).toMatchObject({ title: 'Rye', due: day('2026-12-01') });
  expect(read(replica, id).faults).not.toContain('title');
});

test('[D4] registers that cannot be believed are ignored, named and healed by the next edit', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  for (const [i, raw] of [
    'text',
    null,
    42,
    [],
    {},
    { v: 'no stamp' },
    { v: 'late', t: STAMP_LIMIT },
    { v: 'half', t: 1.5 },
    { t: 7 },
    new Y.Map(),
  ].entries()) {
    writeRaw(replica, `${id}/title@bad${i}`, raw);
  }
  expect(read(replica, id)).toMatchObject({ title: 'Bread', faults: ['title'], conflicts: [] });
  must(replica.document.editTask(id, { title: 'Rye' }));
  expect(read(replica, id)).toMatchObject({ title: 'Rye', faults: [] });
});

test('[D4] a birth that cannot be understood is still a birth', () => {
  const replica = createReplica(1);
  writeRaw(replica, 'x/born', 'yes');
  writeRaw(replica, 'x/title@9', { v: 'Odd', t: START_MS * 1024 });
  expect(read(replica, 'x' as TaskId)).toMatchObject({ title: 'Odd', faults: ['born'] });
});

test('[D6] an object stays the same until something about it changes, and never changes itself', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const [id, other] = [addTask(one), addTask(one, 'Milk')];
  sync(one, two);
  const [before, beforeOther] = [read(two, id), read(two, other)];
  one.document.editTask(id, { title: 'Rye' });
  sync(one, two);
  expect(read(two, id)).not.toBe(before);
  expect(before.title).toBe('Bread');
  expect(read(two, other)).toBe(beforeOther);
  expect(Object.isFrozen(before) && Object.isFrozen(before.tags)).toBe(true);
  sync(one, two);
  expect(read(two, other)).toBe(beforeOther);
});

test('[D6] what was read within an intent is the same object after it', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  const inside = replica.document.batch('rename', () => {
    must(replica.document.editTask(id, { title: 'Rye' }));
    return read(replica, id);
  });
  expect(read(replica, id)).toBe(inside);
});

test('[D7] a text that someone changes without a register is read and told too', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'rye' });
  sync(one, two);
  expect(read(two, id).notes).toBe('rye');
  const told: DocumentChange[] = [];
  two.document.subscribe((change) => told.push(change));
  (one.doc.getMap('tasks').get(`${id}/notes`) as Y.Text).insert(0, 'dark ');
  sync(one, two);
  expect(read(two, id).notes).toBe('dark rye');
  expect(told).toMatchObject([{ tasks: new Set([id]) }]);
});

test('[D7] one transaction is told once, with all that moved by it', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const list = addList(one);
  const tag = must(one.document.createTag({ name: 'errands' })).id;
  const parent = addTask(one, 'Party', { listId: list });
  const child = addTask(one, 'Cake', { parentId: parent, tags: [tag] });
  sync(one, two);
  const told: DocumentChange[] = [];
  const stop = two.document.subscribe((change) => told.push(change));
  const take = (): DocumentChange[] => told.splice(0);

  must(one.document.trashList(list));
  sync(one, two);
  expect(take()).toMatchObject([{ local: false, lists: new Set([list]), tasks: new Set([parent, child]) }]);
  must(one.document.trashTag(tag));
  sync(one, two);
  expect(take()).toMatchObject([{ local: false, tags: new Set([tag]), tasks: new Set([child]) }]);
  must(two.document.editTask(child, { notes: 'big' }));
  expect(take()).toMatchObject([{ local: true, tasks: new Set([child]) }]);
  one.document.batch('many', () => {
    for (let i = 0; i < 20; i++) addTask(one, `t${i}`);
  });
  sync(one, two);
  expect(take().map((change) => change.tasks.size)).toEqual([20]);
  stop();
  must(one.document.trashTask(parent));
  sync(one, two);
  expect(take()).toEqual([]);
});

test('[D7] a listener may edit: its edit is an intent of its own', () => {
  const replica = createReplica(1);
  const id = addTask(replica);
  const seen: string[] = [];
  const stop = replica.document.subscribe(() => {
    seen.push(read(replica, id).title);
    if (read(replica, id).title === 'Rye') must(replica.document.editTask(id, { title: 'Spelt' }));
  });
  must(replica.document.editTask(id, { title: 'Rye' }));
  expect(seen).toEqual(['Rye', 'Spelt']);
  stop();
  must(replica.document.undo());
  expect(read(replica, id).title).toBe('Rye');
});

test('[D10] tasks stand where they were put', () => {
  const replica = createReplica(1);
  const [a, b, c] = ['a', 'b', 'c'].map((title) => addTask(replica, title)) as [TaskId, TaskId, TaskId];
  const inbox = (): string => titles(replica.document.tasksIn(null)).join('');
  expect(inbox()).toBe('abc');
  must(replica.document.moveTask(c, { before: a }));
  expect(inbox()).toBe('cab');
  must(replica.document.moveTask(c, { after: b }));
  expect(inbox()).toBe('abc');
  must(replica.document.moveTask(b, { after: b }));
  addTask(replica, 'd', { position: 'first' });
  addTask(replica, 'e', { position: { before: b } });
  addTask(replica, 'f', { position: { after: b } });
  expect(inbox()).toBe('daebfc');
  must(replica.document.trashTask(b));
  expect(inbox()).toBe('daefc');
});

test('[D10] tasks made or moved in one batch stand in the order in which that was done', () => {
  const replica = createReplica(1);
  const names = [...'abcdefghij'];
  replica.document.batch('many', () => {
    for (const name of names) addTask(replica, name);
  });
  expect(titles(replica.document.tasksIn(null))).toEqual(names);
  const list = addList(replica);
  const ids = replica.document.tasksIn(null).map((task) => task.id);
  replica.document.batch('move', () => {
    for (const id of ids) must(replica.document.moveTask(id, { listId: list }));
  });
  expect(titles(replica.document.tasksIn(list))).toEqual(names);
});

test('[D10] tasks of a writer that knows no order come last, oldest first, and can be moved among', () => {
  const replica = createReplica(1);
  const a = addTask(replica, 'a');
  for (const [i, name] of ['y', 'x'].entries()) {
    const t = START_MS * 1024 + i;
    writeRaw(replica, `${name}/born`, { t, by: '9' });
    writeRaw(replica, `${name}/title@9`, { v: name, t });
  }
  expect(titles(replica.document.tasksIn(null))).toEqual(['a', 'y', 'x']);
  must(replica.document.moveTask(a, { after: 'y' as TaskId }));
  expect(titles(replica.document.tasksIn(null))).toEqual(['y', 'a', 'x']);
});

test('[D11] trash and restore take the subtasks along, and only those that went with it', () => {
  const replica = createReplica(1);
  const parent = addTask(replica, 'Party');
  const [cake, hats] = [
    addTask(replica, 'Cake', { parentId: parent }),
    addTask(replica, 'Hats', { parentId: parent }),
  ];
  const candles = addTask(replica, 'Candles', { parentId: cake });
  must(replica.document.trashTask(hats));
  must(replica.document.trashTask(parent));
  expect([parent, cake, candles, hats].map((id) => read(replica, id).trashedAt !== null)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(replica.document.tasksIn(null)).toEqual([]);
  must(replica.document.restoreTask(parent));
  expect(titles(replica.document.subtasks(parent))).toEqual(['Cake']);
  expect(titles(replica.document.subtasks(cake))).toEqual(['Candles']);
  expect(read(replica, hats).trashedAt).not.toBe(null);
});

test('[D11] purging is from the trash only and leaves only the mark', () => {
  const replica = createReplica(1);
  const parent = addTask(replica, 'Party', { notes: 'n' });
  addTask(replica, 'Cake', { parentId: parent });
  expect(replica.document.purgeTask(parent)).toMatchObject({ ok: false, code: 'invalid' });
  must(replica.document.trashTask(parent));
  must(replica.document.purgeTask(parent));
  expect([...replica.document.tasks()]).toEqual([]);
  expect([...replica.doc.getMap('tasks').keys()].every((key) => key.endsWith('/purged'))).toBe(true);
  expect(replica.document.fragments()).toEqual([]);
});

test('[D11] an edit that meets a purge is a fragment: in no list, kept, restorable', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  must(one.document.trashTask(id));
  sync(one, two);
  must(one.document.purgeTask(id));
  must(two.document.editTask(id, { title: 'Rye' }));
  sync(one, two);
  for (const replica of [one, two]) {
    expect(replica.document.task(id)).toBe(undefined);
    expect(replica.document.fragments()).toMatchObject([{ id, title: 'Rye', purged: true }]);
  }
  must(one.document.restoreTask(id));
  sync(one, two);
  expect(read(two, id)).toMatchObject({ title: 'Rye', trashedAt: null });
  expect(two.document.fragments()).toEqual([]);
});

test('[D12] notes edited at two places at once hold both', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'buy rye bread' });
  sync(one, two);
  must(one.document.editTask(id, { notes: 'buy fresh rye bread' }));
  must(two.document.editTask(id, { notes: 'buy rye bread and salt' }));
  sync(one, two);
  expect(read(one, id).notes).toBe('buy fresh rye bread and salt');
  expect(read(two, id)).toMatchObject({ notes: 'buy fresh rye bread and salt', conflicts: [] });
});

test('[D12] whole-string notes of a simple writer and an edit here are two versions', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'rye' });
  sync(one, two);
  must(one.document.editTask(id, { notes: 'dark rye' }));
  writeRaw(two, `${id}/notes@9`, { v: 'spelt', t: (START_MS + 60_000) * 1024 });
  two.doc.getMap('tasks').delete(`${id}/notes@1`);
  sync(one, two);
  expect(read(one, id)).toMatchObject({ notes: 'spelt', conflicts: ['notes'] });
  expect(one.document.conflicts()[0]?.others.map((other) => other.value)).toEqual(['dark rye']);
  const conflict = one.document.conflicts()[0];
  if (conflict === undefined) throw new Error('no conflict');
  must(one.document.resolveConflict(conflict, { take: one.writer }));
  sync(one, two);
  expect(read(two, id)).toMatchObject({ notes: 'dark rye', conflicts: [] });
});

test('[D12] notes of a task that was made without a text become one that merges', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = 'simple' as TaskId;
  writeRaw(one, `${id}/born`, { t: START_MS * 1024, by: '9' });
  writeRaw(one, `${id}/notes@9`, { v: 'one two', t: START_MS * 1024 });
  must(one.document.editTask(id, { notes: 'one two three' }));
  sync(one, two);
  must(one.document.editTask(id, { notes: 'zero one two three' }));
  must(two.document.editTask(id, { notes: 'one two three four' }));
  sync(one, two);
  expect(read(one, id)).toMatchObject({ notes: 'zero one two three four', conflicts: [] });
  expect(read(two, id).notes).toBe(read(one, id).notes);
});

test('[D13] what cannot be stored is refused with a sentence and changes nothing', () => {
  const replica = createReplica(1);
  const list = addList(replica);
  const id = addTask(replica);
  must(replica.document.trashList(list));
  const before = Y.encodeStateAsUpdate(replica.doc);
  const d = replica.document;
  const gone = 'gone' as TaskId;
  const refusals: [string, { ok: boolean }][] = [
    ['invalid', d.createTask({ title: '  ' })],
    ['invalid', d.createTask({ title: 'x'.repeat(10_001) })],
    ['invalid', d.createTask({ title: 'x', due: day('2026-13-01') })],
    ['invalid', d.editTask(id, { due: { ...day('2026-12-01'), time: '25:00' } })],
    ['invalid', d.editTask(id, { title: 'ok', priority: 'huge' as 'high' })],
    ['invalid', d.editTask(id, { title: 'ok', notes: 'x'.repeat(500_001) })],
    ['invalid', d.moveTask(id, {})],
    ['invalid', d.createTag({ name: '' })],
    ['not-found', d.createTask({ title: 'x', listId: list })],
    ['not-found', d.createTask({ title: 'x', parentId: gone })],
    ['not-found', d.createTask({ title: 'x', tags: ['none' as TagId] })],
    ['not-found', d.createTask({ title: 'x', position: { before: gone } })],
    ['not-found', d.editTask(gone, { title: 'x' })],
    ['not-found', d.editTask(id, { title: 'x', listId: list })],
    ['not-found', d.completeTask(gone)],
    ['not-found', d.reopenTask(gone)],
    ['not-found', d.trashTask(gone)],
    ['not-found', d.restoreTask(gone)],
    ['not-found', d.purgeTask(gone)],
    ['not-found', d.moveTask(id, { before: gone })],
    ['not-found', d.tagTask(id, 'none' as TagId)],
    ['not-found', d.editList('none' as ListId, { name: 'x' })],
  ];
  for (const [i, [code, result]] of refusals.entries()) {
    expect(result, `refusal ${i}`).toMatchObject({ ok: false, code, message: expect.stringMatching(/\.$/) });
  }
  expect(Y.encodeStateAsUpdate(replica.doc)).toEqual(before);
});

test('[D14] a writer is named once, before its first edit, also after its client id changed', () => {
  const replica = createReplica(1, { name: 'Phone' });
  addTask(replica);
  replica.doc.clientID = 77;
  const id = addTask(replica, 'Milk');
  expect(replica.doc.getMap('meta').toJSON()).toEqual({
    'writer/1/device': { id: 'device-1', name: 'Phone' },
    [`writer/${(77).toString(36)}/device`]: { id: 'device-1', name: 'Phone' },
  });
  expect(replica.doc.getMap('tasks').has(`${id}/title@${(77).toString(36)}`)).toBe(true);
});

test('[D14] two replicas of one device lose nothing to each other', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  sync(one, two);
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.editTask(id, { title: 'Spelt' }));
  sync(one, two);
  const [conflict] = one.document.conflicts();
  expect([conflict?.standing.value, ...(conflict?.others ?? []).map((other) => other.value)].sort()).toEqual([
    'Rye',
    'Spelt',
  ]);
});

test('[S2] an edit after a stamp from the end of time stands, everywhere and for the next one too', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  writeRaw(one, `${id}/title@9`, { v: 'poison', t: STAMP_LIMIT - 1 });
  sync(one, two);
  expect(read(two, id).title).toBe('poison');
  must(two.document.editTask(id, { title: 'Rye' }));
  sync(one, two);
  expect(read(one, id)).toMatchObject({ title: 'Rye', conflicts: [] });
  must(one.document.editTask(id, { title: 'Spelt' }));
  sync(one, two);
  expect(read(two, id)).toMatchObject({ title: 'Spelt', conflicts: [] });
  expect(read(two, id).updatedAt).toBeLessThan(START_MS + 60_000);
});

test('[D15] loading after opening and opening after loading read the same', () => {
  const one = createReplica(1);
  const list = addList(one);
  const parent = addTask(one, 'Party', { listId: list });
  for (let i = 0; i < 600; i++) addTask(one, `t${i}`, i % 2 === 0 ? { parentId: parent } : {});
  const after = createReplica(2, { from: Y.encodeStateAsUpdate(one.doc) });
  const before = createReplica(3);
  Y.applyUpdate(before.doc, Y.encodeStateAsUpdate(one.doc));
  for (const replica of [after, before]) {
    expect(replica.document.subtasks(parent)).toEqual(one.document.subtasks(parent));
    expect(replica.document.tasksIn(null)).toEqual(one.document.tasksIn(null));
    expect(replica.document.tasksIn(list)).toEqual(one.document.tasksIn(list));
  }
});

test('[D15] what was seen before loading is later than nothing: stamps follow the loaded ones', () => {
  const one = createReplica(1, { startMs: START_MS + 3_600_000 });
  const id = addTask(one);
  const two = createReplica(2, { from: Y.encodeStateAsUpdate(one.doc) });
  must(two.document.editTask(id, { title: 'Rye' }));
  sync(one, two);
  expect(read(one, id)).toMatchObject({ title: 'Rye', updatedAt: (START_MS + 3_600_000) as EpochMs });
});

test('[D2] lists and tags: create, edit, order, trash, restore', () => {
  const replica = createReplica(1);
  const [home, work] = [addList(replica), addList(replica, 'Work')];
  const inOrder = (): string[] =>
    [...replica.document.lists()]
      .sort((a, b) => ((a.order ?? '') < (b.order ?? '') ? -1 : 1))
      .map((list) => list.name);
  expect(inOrder()).toEqual(['Home', 'Work']);
  must(replica.document.moveList(work, { before: home }));
  must(replica.document.editList(home, { name: 'House', color: 'teal' }));
  expect(inOrder()).toEqual(['Work', 'House']);
  expect(replica.document.list(home)?.color).toBe('teal');
  const tag = must(replica.document.createTag({ name: 'errands', color: 'red' })).id;
  const id = addTask(replica, 'Bread', { tags: [tag] });
  must(replica.document.trashTag(tag));
  expect(read(replica, id).tags).toEqual([]);
  must(replica.document.restoreTag(tag));
  expect(read(replica, id).tags).toEqual([tag]);
  must(replica.document.editTag(tag, { name: 'shop' }));
  expect(replica.document.tag(tag)).toMatchObject({ name: 'shop', color: 'red' });
});
