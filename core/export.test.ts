/** Rules X of core/SPEC.md; more of X1 to X4 by property in tests/convergence. */
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { ExportFile, LocalDate, TaskId } from './document.ts';
import { createReplica, must, START_MS, sync, type Replica } from './testing/replica.ts';

function addTask(replica: Replica, title = 'Bread', more: object = {}): TaskId {
  return must(replica.document.createTask({ title, ...more })).id;
}

/** Through text, as a file goes. */
function fileOf(replica: Replica): ExportFile {
  return JSON.parse(JSON.stringify(replica.document.exportJson())) as ExportFile;
}

/** Two replicas' worth of everything. */
function fullReplica(): Replica {
  const [one, two] = [createReplica(1, { name: 'Phone' }), createReplica(2, { startMs: START_MS + 5000 })];
  const tag = must(one.document.createTag({ name: 'errands', color: 'red' })).id;
  const list = must(one.document.createList({ name: 'Home' })).id;
  const id = addTask(one, 'Bread', { notes: 'rye 😀', listId: list, tags: [tag], priority: 'high' });
  addTask(one, 'Slice', { parentId: id, due: { date: '2026-12-01' as LocalDate, time: '08:00' } });
  const gone = addTask(one, 'Gone');
  sync(one, two);
  must(one.document.editTask(id, { title: 'Rye', notes: 'dark rye 😀' }));
  must(two.document.editTask(id, { title: 'Spelt', notes: 'rye 😀!' }));
  must(one.document.trashTask(gone));
  must(one.document.purgeTask(gone));
  must(two.document.completeTask(gone));
  sync(one, two);
  const tasks = one.doc.getMap('tasks');
  tasks.set(`${id}/mood@9`, { v: { $: 'not ours', list: [1.5, -0, null] }, t: 5, extra: { a: 1 } });
  tasks.set(`${id}#2/closed@9`, { v: { kind: 'done' }, t: 5 });
  tasks.set(`${id}/broken@9`, { v: 1, t: -1 });
  tasks.set(`${id}/blob`, new Uint8Array([0, 255]));
  tasks.set('plain', 1234567890123456789n);
  tasks.set('odd', [Number.NaN, Infinity, undefined]);
  const shared = new Y.Map<unknown>();
  tasks.set(`${id}/shared`, shared);
  shared.set('inner', Y.Array.from([1, { b: 2 }]));
  one.doc.getMap('habits').set('h/name@9', { v: 'run', t: 5 });
  one.doc.getArray('log').push(['a', { b: 1 }]);
  const page = one.doc.getText('page');
  page.insert(0, 'plain bold');
  page.format(6, 4, { bold: true });
  return one;
}

test('[X1] an import into an empty document exports as the same file', () => {
  const one = fullReplica();
  const file = fileOf(one);
  const two = createReplica(3);
  expect(must(two.document.importJson(file))).toMatchObject({ created: 2, merged: 0, unchanged: 0 });
  expect(two.document.exportJson()).toEqual(file);
  const views = [one, two].map(({ document }) => ({
    tasks: [...document.tasks()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    conflicts: document.conflicts(),
    fragments: document.fragments(),
  }));
  expect(views[1]).toEqual(views[0]);
  expect(views[1]?.conflicts.map((conflict) => conflict.field)).toEqual(['title']);
});

test('[X1] also from a replica that never opened the unknown roots', () => {
  const one = fullReplica();
  const bare = new Y.Doc();
  Y.applyUpdate(bare, Y.encodeStateAsUpdate(one.doc));
  const two = createReplica(4, { from: Y.encodeStateAsUpdate(bare) });
  expect(two.document.exportJson()).toEqual(one.document.exportJson());
});

test('[X1] a text that was written without a register is exported as its creator’s', () => {
  const one = createReplica(1);
  const id = addTask(one);
  (one.doc.getMap('tasks').get(`${id}/notes`) as Y.Text).insert(0, 'by hand');
  const two = createReplica(2);
  must(two.document.importJson(fileOf(one)));
  expect(two.document.task(id)?.notes).toBe('by hand');
  expect(two.document.exportJson().maps['tasks']).toEqual(one.document.exportJson().maps['tasks']);
});

test('[X2] importing twice, or what is here already, writes nothing', () => {
  const one = fullReplica();
  const file = fileOf(one);
  const two = createReplica(3);
  must(two.document.importJson(file));
  for (const replica of [one, two]) {
    const before = Y.encodeStateAsUpdate(replica.doc);
    expect(must(replica.document.importJson(file))).toMatchObject({ created: 0, merged: 0, unchanged: 2 });
    expect(Y.encodeStateAsUpdate(replica.doc)).toEqual(before);
  }
});

test('[X3] an old file does not overwrite what was changed since, and makes no conflict of what was known', () => {
  const one = createReplica(1);
  const id = addTask(one, 'Bread', { notes: 'rye' });
  const file = fileOf(one);
  must(one.document.editTask(id, { title: 'Rye', notes: 'dark rye' }));
  must(one.document.importJson(file));
  expect(one.document.task(id)).toMatchObject({ title: 'Rye', notes: 'dark rye', conflicts: [] });
});

test('[X3] what was seen here and overwritten by another does not come back from an old file', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  const file = fileOf(one);
  sync(one, two);
  must(two.document.editTask(id, { title: 'Rye' }));
  must(two.document.importJson(file));
  expect(two.document.task(id)).toMatchObject({ title: 'Rye', conflicts: [] });
  expect([...two.doc.getMap('tasks').keys()].filter((key) => key.includes('@2.'))).toEqual([]);
});

test('[X3] what is newer here is never removed by a file', () => {
  const one = createReplica(1);
  const id = addTask(one);
  must(one.document.editTask(id, { title: 'Rye' }));
  const t = START_MS * 1024;
  // A writer that gives stamps below those it saw: as if `1` had been seen and overwritten by an older edit.
  const file = {
    format: 'holdfast-export',
    version: 1,
    maps: {
      tasks: { [`${id}/title@9`]: { v: 'old', t: t - 5 }, [`${id}/due@1`]: { v: null, t: t + 5_000_000 } },
    },
  };
  must(one.document.importJson(file));
  expect(one.document.task(id)).toMatchObject({ title: 'Rye', conflicts: ['title'] });
});

test('[X3] a newer file of the same history replaces what it had seen', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'rye' });
  must(two.document.importJson(fileOf(one)));
  must(two.document.editTask(id, { title: 'Rye', notes: 'dark rye' }));
  expect(must(one.document.importJson(fileOf(two)))).toMatchObject({ created: 0, merged: 1 });
  expect(one.document.task(id)).toMatchObject({ title: 'Rye', notes: 'dark rye', conflicts: [] });
});

test('[X3] what neither had seen of the other stays as a conflict, the later one standing', () => {
  const [one, two] = [createReplica(1), createReplica(2, { startMs: START_MS + 5000 })];
  const id = addTask(one);
  must(two.document.importJson(fileOf(one)));
  must(one.document.editTask(id, { title: 'Rye' }));
  must(two.document.editTask(id, { title: 'Spelt' }));
  must(one.document.importJson(fileOf(two)));
  expect(one.document.conflicts()).toMatchObject([
    { standing: { value: 'Spelt', writer: two.writer }, others: [{ value: 'Rye', writer: one.writer }] },
  ]);
});

test('[X4] nothing is written under another’s name, and both import and sync of one edit are one', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one, 'Bread', { notes: 'rye' });
  must(two.document.importJson(fileOf(one)));
  const names = [...two.doc.getMap('tasks').keys()].filter((key) => key.includes('@'));
  expect(names.every((key) => key.endsWith('@2.1'))).toBe(true);
  sync(one, two);
  expect(one.document.task(id)).toMatchObject({ title: 'Bread', notes: 'rye', conflicts: [] });
  must(one.document.editTask(id, { title: 'Rye' }));
  sync(one, two);
  expect(two.document.task(id)).toMatchObject({ title: 'Rye', conflicts: [] });
  expect(tasksOf(one)).toEqual(tasksOf(two));
});

function tasksOf(replica: Replica): unknown {
  return replica.document.exportJson().maps['tasks'];
}

test('[X3] stamps of a file are seen: the next edit is later', () => {
  const [one, two] = [createReplica(1, { startMs: START_MS + 3_600_000 }), createReplica(2)];
  const id = addTask(one);
  must(two.document.importJson(fileOf(one)));
  must(two.document.editTask(id, { title: 'Rye' }));
  must(one.document.importJson(fileOf(two)));
  expect(one.document.task(id)).toMatchObject({ title: 'Rye', conflicts: [] });
});

test('[X5] a bad file is refused with its own code and a sentence, and nothing changes', () => {
  const replica = createReplica(1);
  addTask(replica);
  const good = fileOf(replica);
  const [key = ''] = Object.keys(good.maps['tasks'] ?? {});
  const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown;
  const bad: [string, unknown][] = [
    ['not-an-export', null],
    ['not-an-export', 'text'],
    ['not-an-export', []],
    ['not-an-export', {}],
    ['not-an-export', { format: 'todoist' }],
    ['newer-version', { ...good, version: 2 }],
    ['damaged', { ...good, version: 'one' }],
    ['damaged', { ...good, maps: [] }],
    ['damaged', { ...good, maps: { tasks: 5 } }],
    ['damaged', { ...good, maps: { tasks: { ...good.maps['tasks'], [key]: { $: 'mystery' } } } }],
    ['damaged', { ...good, maps: { ...good.maps, tasks: { x: { $: 'bytes', v: 'zz' } } } }],
    ['damaged', { ...good, maps: { ...good.maps, tasks: { x: deep } } }],
    ['damaged', { ...good, sequences: { log: { $: 'array' } } }],
    ['damaged', { ...good, sequences: { tasks: { $: 'array', v: [] } } }],
  ];
  const before = Y.encodeStateAsUpdate(replica.doc);
  for (const [i, [code, file]] of bad.entries()) {
    expect(replica.document.importJson(file), `file ${i}`).toMatchObject({
      ok: false,
      code,
      message: expect.stringContaining('Nothing was imported.'),
    });
  }
  expect(Y.encodeStateAsUpdate(replica.doc)).toEqual(before);
});

test('[X6] what was purged here stays purged; what is alive here is not purged by a file', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const id = addTask(one);
  sync(one, two);
  const alive = fileOf(one);
  must(one.document.trashTask(id));
  must(one.document.purgeTask(id));
  must(one.document.importJson(alive));
  expect(one.document.task(id)).toBe(undefined);
  expect(one.document.fragments()).toEqual([]);
  must(two.document.importJson(fileOf(one)));
  expect(two.document.task(id)?.title).toBe('Bread');
});

test('[X1] two replicas that import one file at once still agree, and later edits of notes are kept', () => {
  const source = createReplica(1);
  const id = addTask(source, 'Bread', { notes: 'rye' });
  const [one, two] = [createReplica(2), createReplica(3, { startMs: START_MS + 5000 })];
  for (const replica of [one, two]) must(replica.document.importJson(fileOf(source)));
  sync(one, two);
  expect(one.document.task(id)).toMatchObject({ notes: 'rye', conflicts: [] });
  must(one.document.editTask(id, { notes: 'rye bread' }));
  must(two.document.editTask(id, { notes: 'dark rye' }));
  sync(one, two);
  const texts = [one, two].map(({ document }) => document.task(id)?.notes);
  expect(texts[0]).toBe(texts[1]);
  const said = [
    texts[0],
    ...one.document.conflicts().flatMap((conflict) => conflict.others.map((other) => other.value)),
  ];
  expect(said.join('|')).toContain('rye bread');
  expect(said.join('|')).toContain('dark rye');
});
