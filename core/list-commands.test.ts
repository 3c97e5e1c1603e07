/** Rules LI of core/SPEC.md, through the public door. */
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { ListId, SectionId, TagId, TaskId } from './document.ts';
import { createReplica, must, sync, type Replica } from './testing/replica.ts';

function addList(replica: Replica, name = 'Home'): ListId {
  return must(replica.document.createList({ name })).id;
}

function addSection(replica: Replica, listId: ListId, name: string): SectionId {
  return must(replica.document.createSection({ listId, name })).id;
}

function addTask(replica: Replica, title: string, more: object = {}): TaskId {
  return must(replica.document.createTask({ title, ...more })).id;
}

function addTag(replica: Replica, name: string): TagId {
  return must(replica.document.createTag({ name })).id;
}

function names({ document }: Replica, listId: ListId): string[] {
  return document.sections(listId).map((section) => section.name);
}

function placed({ document }: Replica, listId: ListId): string[] {
  return document.tasksIn(listId).map(({ id, title }) => `${document.sectionOf(id)?.name ?? '-'} ${title}`);
}

test('[LI1] a section is of one list for good, and has a place among its sections', () => {
  const replica = createReplica(1);
  const { document } = replica;
  const [home, work] = [addList(replica), addList(replica, 'Work')];
  const [a, b, c] = ['A', 'B', 'C'].map((name) => addSection(replica, home, name));
  if (a === undefined || b === undefined || c === undefined) throw new Error('no sections');
  addSection(replica, work, 'Elsewhere');
  expect(names(replica, home)).toEqual(['A', 'B', 'C']);
  must(document.moveSection(c, { before: a }));
  must(document.moveSection(a, { after: b }));
  expect(names(replica, home)).toEqual(['C', 'B', 'A']);
  must(document.editSection(b, { name: ' Bees ' }));
  expect(document.section(b)).toMatchObject({ listId: home, name: 'Bees', faults: [] });
  expect(document.moveSection(a, { before: a })).toMatchObject({ ok: true });
  expect(document.moveSection(a, { before: 'nobody' as SectionId })).toMatchObject({ code: 'not-found' });
  expect(document.createSection({ listId: home, name: ' ' })).toMatchObject({ code: 'invalid' });
  must(document.trashList(work));
  expect(document.createSection({ listId: work, name: 'x' })).toMatchObject({ code: 'not-found' });
  expect(names(replica, work)).toEqual([]);
});

test('[LI1] a section that is gone, elsewhere or unknown counts as none, and what the task says survives', () => {
  const replica = createReplica(1);
  const { document, doc } = replica;
  const [home, work] = [addList(replica), addList(replica, 'Work')];
  const [a, far] = [addSection(replica, home, 'A'), addSection(replica, work, 'Far')];
  const id = addTask(replica, 'Bread', { section: a });
  expect(document.task(id)).toMatchObject({ listId: home, section: a });
  must(document.trashSection(a));
  expect(document.sectionOf(id)).toBeNull();
  expect(document.trashedSections().map((section) => section.id)).toEqual([a]);
  expect(placed(replica, home)).toEqual(['- Bread']);
  must(document.restoreSection(a));
  expect(placed(replica, home)).toEqual(['A Bread']);

  must(document.moveTask(id, { listId: work }));
  expect(document.sectionOf(id)).toBeNull();
  expect(document.task(id)?.section).toBe(a);
  must(document.moveTask(id, { listId: home }));
  expect(document.sectionOf(id)?.name).toBe('A');

  // As a program writes it that takes no care of the list.
  doc.getMap('tasks').set(`${id}/section@zz`, { v: far, t: Date.UTC(2026, 10, 23, 9) * 1024 });
  expect(document.task(id)?.section).toBe(far);
  expect(document.sectionOf(id)).toBeNull();
  doc.getMap('sections').set('odd/born', 'no list');
  doc.getMap('sections').set('odd/name@zz', { v: 'Odd', t: 1024 });
  expect(document.section('odd' as SectionId)).toMatchObject({ listId: null, faults: ['born'] });
  expect(names(replica, home)).toEqual(['A']);
  expect(document.moveTask(id, { section: 'odd' as SectionId })).toMatchObject({ code: 'not-found' });
  expect(document.createTask({ title: 'x', section: 'nobody' as SectionId })).toMatchObject({ ok: false });
});

test('[LI2] moving into a section is one intent with its place and its list, and is undone as one', () => {
  const replica = createReplica(1);
  const { document, doc } = replica;
  const [home, work] = [addList(replica), addList(replica, 'Work')];
  const a = addSection(replica, home, 'A');
  addTask(replica, 'one', { section: a });
  const two = addTask(replica, 'two', { section: a });
  const moved = addTask(replica, 'moved', { listId: work });
  let updates = 0;
  doc.on('update', () => updates++);
  must(document.moveTask(moved, { section: a, before: two }));
  expect(updates).toBe(1);
  expect(placed(replica, home)).toEqual(['A one', 'A moved', 'A two']);
  must(document.undo());
  expect(placed(replica, home)).toEqual(['A one', 'A two']);
  expect(placed(replica, work)).toEqual(['- moved']);
  must(document.redo());
  must(document.moveTask(moved, { section: null }));
  expect(placed(replica, home)).toEqual(['A one', 'A two', '- moved']);
  must(document.moveTask(moved, { section: a }));
  expect(placed(replica, home)).toEqual(['A one', 'A two', 'A moved']);
  const step = addTask(replica, 'step', { parentId: two });
  must(document.moveTask(step, { section: a }));
  expect(document.task(step)).toMatchObject({ parentId: null, listId: home, section: a });
});

test('[LI3] an icon is one of the set; another reads as none, is named, and survives', () => {
  const replica = createReplica(1);
  const { document, doc } = replica;
  const home = addList(replica);
  must(document.editList(home, { icon: 'garden' }));
  expect(document.list(home)).toMatchObject({ icon: 'garden', faults: [] });
  expect(document.editList(home, { icon: 'spaceship' as 'home' })).toMatchObject({ code: 'invalid' });
  must(document.undo());
  expect(document.list(home)?.icon).toBeNull();
  doc.getMap('lists').set(`${home}/icon@zz`, { v: 'spaceship', t: Date.UTC(2026, 10, 23, 9) * 1024 });
  expect(document.list(home)).toMatchObject({ icon: null, faults: ['icon'], name: 'Home' });
  expect(doc.getMap('lists').get(`${home}/icon@zz`)).toMatchObject({ v: 'spaceship' });
});

test('[LI4] an archived list keeps everything and comes back to its place; two archivings are no conflict', () => {
  const [phone, laptop] = [createReplica(1), createReplica(2)];
  const home = addList(phone);
  const task = addTask(phone, 'Bread', { listId: home });
  sync(phone, laptop);
  phone.clock.ms += 1000;
  laptop.clock.ms += 2000;
  must(phone.document.editList(home, { archived: true }));
  must(laptop.document.editList(home, { archived: true }));
  sync(phone, laptop);
  expect(phone.document.conflicts()).toEqual([]);
  expect(phone.document.list(home)).toEqual(laptop.document.list(home));
  expect(phone.document.list(home)?.archivedAt).toBe(laptop.clock.ms);
  expect(phone.document.task(task)?.listId).toBe(home);
  const before = Y.encodeStateAsUpdate(phone.doc);
  must(phone.document.editList(home, { archived: true }));
  expect(Y.encodeStateAsUpdate(phone.doc)).toEqual(before);
  must(phone.document.editList(home, { archived: false }));
  expect(phone.document.list(home)?.archivedAt).toBeNull();
  must(phone.document.undo());
  expect(phone.document.list(home)?.archivedAt).not.toBeNull();
});

test('[LI5] merging tags is one intent: what has the one has the other, and undoing gives each its own again', () => {
  const replica = createReplica(1);
  const { document, doc } = replica;
  const [shop, shopping] = [addTag(replica, 'shop'), addTag(replica, 'shopping')];
  const ids = [[shop], [shop, shopping], [shopping], []].map((tags, i) =>
    addTask(replica, `t${i}`, { tags }),
  );
  const [first] = ids;
  if (first === undefined) throw new Error('no task');
  must(document.trashTask(first));
  const tagsOf = (): unknown => ids.map((id) => document.task(id)?.tags);
  let updates = 0;
  doc.on('update', () => updates++);
  must(document.mergeTags(shop, shopping));
  expect(updates).toBe(1);
  expect(tagsOf()).toEqual([[shopping], [shopping], [shopping], []]);
  expect(document.tag(shop)?.trashedAt).not.toBeNull();
  must(document.undo());
  expect(tagsOf()).toEqual([[shop], [shop, shopping].sort(), [shopping], []]);
  expect(document.tag(shop)?.trashedAt).toBeNull();
  expect(document.mergeTags(shop, shop)).toMatchObject({ code: 'invalid' });
  expect(document.mergeTags(shop, 'nobody' as TagId)).toMatchObject({ code: 'not-found' });
});

test('[LI6] concurrent names of a section are a conflict to show; sections travel, export and import exactly', async () => {
  const [phone, laptop] = [createReplica(1), createReplica(2)];
  const home = addList(phone);
  const a = addSection(phone, home, 'A');
  addTask(phone, 'Bread', { section: a });
  sync(phone, laptop);
  phone.clock.ms += 1000;
  laptop.clock.ms += 2000;
  must(phone.document.editSection(a, { name: 'Bakery' }));
  must(laptop.document.editSection(a, { name: 'Baker' }));
  sync(phone, laptop);
  const [conflict] = phone.document.conflicts();
  if (conflict === undefined) throw new Error('no conflict');
  expect(conflict).toMatchObject({ entity: 'section', field: 'name', standing: { value: 'Baker' } });
  must(phone.document.resolveConflict(conflict, { take: phone.writer }));
  sync(phone, laptop);
  expect(names(laptop, home)).toEqual(['Bakery']);
  expect(await laptop.document.contentHash()).toBe(await phone.document.contentHash());

  const file = phone.document.exportJson();
  const other = createReplica(3);
  must(other.document.importJson(JSON.parse(JSON.stringify(file))));
  expect(other.document.exportJson()).toEqual(file);
  expect(placed(other, home)).toEqual(['Bakery Bread']);
});

test('[LI6] whoever follows the document is told of sections, and undoing one moves it to the trash', () => {
  const replica = createReplica(1);
  const home = addList(replica);
  const told: SectionId[] = [];
  replica.document.subscribe((change) => told.push(...change.sections));
  const a = addSection(replica, home, 'A');
  expect(told).toEqual([a]);
  must(replica.document.undo());
  expect(told).toEqual([a, a]);
  expect(names(replica, home)).toEqual([]);
  must(replica.document.redo());
  expect(names(replica, home)).toEqual(['A']);
});
