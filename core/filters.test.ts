/** Rules FI of core/SPEC.md: filters that were kept. */
import { expect, test } from 'vitest';
import type { DocumentChange, Filter, FilterId } from './document.ts';
import { createReplica, must, sync, type Replica } from './testing/replica.ts';

function addFilter(replica: Replica, name: string, query = 'due today'): FilterId {
  return must(replica.document.createFilter({ name, query })).id;
}

function inOrder(replica: Replica): string[] {
  return [...replica.document.filters()]
    .filter(({ trashedAt }) => trashedAt === null)
    .sort((a, b) => ((a.order ?? '') < (b.order ?? '') ? -1 : 1))
    .map(({ name }) => name);
}

function read(replica: Replica, id: FilterId): Filter {
  const filter = replica.document.filter(id);
  if (filter === undefined) throw new Error(`no filter ${id}`);
  return filter;
}

test('[FI1] a filter is made, changed, ordered, thrown away and brought back, each undoable', () => {
  const replica = createReplica(1);
  const { document } = replica;
  const told: DocumentChange[] = [];
  document.subscribe((change) => void told.push(change));
  const first = addFilter(replica, 'First');
  const second = addFilter(replica, 'Second', '#[l1] and overdue');
  expect(told.map(({ filters }) => [...filters])).toEqual([[first], [second]]);
  expect(read(replica, second)).toMatchObject({
    name: 'Second',
    query: '#[l1] and overdue',
    color: null,
    trashedAt: null,
    faults: [],
    conflicts: [],
  });
  must(document.moveFilter(second, { before: first }));
  expect(inOrder(replica)).toEqual(['Second', 'First']);
  must(document.editFilter(first, { name: 'Late', query: 'overdue', color: 'red' }));
  expect(read(replica, first)).toMatchObject({ name: 'Late', query: 'overdue', color: 'red' });
  must(document.undo());
  expect(read(replica, first)).toMatchObject({ name: 'First', query: 'due today', color: null });
  must(document.trashFilter(first));
  expect(inOrder(replica)).toEqual(['Second']);
  must(document.restoreFilter(first));
  expect(inOrder(replica)).toEqual(['Second', 'First']);
  // Nothing to change writes nothing.
  const before = told.length;
  must(document.editFilter(first, { name: 'First' }));
  expect(told).toHaveLength(before);
});

test('[FI2] what cannot be kept is refused with a sentence, and changes nothing', () => {
  const { document } = createReplica(1);
  const id = must(document.createFilter({ name: 'a', query: 'b' })).id;
  for (const input of [
    { name: ' ', query: 'x' },
    { name: 'x', query: '  ' },
    { name: 'x', query: 'y'.repeat(2_001) },
    { id, name: 'x', query: 'y' },
  ]) {
    expect(document.createFilter(input)).toMatchObject({ ok: false, code: 'invalid' });
  }
  expect(document.editFilter(id, { name: 'new', query: '' })).toMatchObject({ ok: false, code: 'invalid' });
  expect(document.filter(id)).toMatchObject({ name: 'a', query: 'b' });
  expect(document.editFilter('none' as FilterId, {})).toMatchObject({ ok: false, code: 'not-found' });
  expect([...document.filters()]).toHaveLength(1);
});

test('[FI3] two queries for one filter that knew nothing of each other are a conflict; one is taken', () => {
  const [phone, laptop] = [createReplica(1), createReplica(2)];
  const id = addFilter(phone, 'Errands');
  sync(phone, laptop);
  must(phone.document.editFilter(id, { query: 'due today and @a' }));
  laptop.clock.ms += 1_000;
  must(laptop.document.editFilter(id, { query: '@b' }));
  sync(phone, laptop);
  const [conflict] = phone.document.conflicts();
  expect(conflict).toMatchObject({ entity: 'filter', id, field: 'query', standing: { value: '@b' } });
  if (conflict === undefined) throw new Error('no conflict');
  must(phone.document.resolveConflict(conflict, { take: phone.writer }));
  sync(phone, laptop);
  expect(read(laptop, id).query).toBe('due today and @a');
  expect(laptop.document.conflicts()).toEqual([]);
});

test('[FI4] filters are exported and imported exactly', () => {
  const replica = createReplica(1);
  const id = addFilter(replica, 'Late', 'overdue and not @[t1]');
  addFilter(replica, 'Gone');
  must(replica.document.trashFilter(addFilter(replica, 'Trash')));
  const file = replica.document.exportJson();
  const other = createReplica(2);
  must(other.document.importJson(JSON.parse(JSON.stringify(file))));
  expect(other.document.exportJson()).toEqual(file);
  expect(read(other, id)).toEqual(read(replica, id));
});

test('[FI5] what is not understood in a filter is named, and healed by writing it', () => {
  const replica = createReplica(1);
  const id = addFilter(replica, 'Late');
  const map = replica.doc.getMap<unknown>('filters');
  const key = [...map.keys()].find((each) => each.includes('/query@')) ?? '';
  map.set(key, { v: 7, t: (map.get(key) as { t: number }).t });
  map.set(`${id}/shape`, 'unknown');
  expect(read(replica, id)).toMatchObject({ query: '', name: 'Late', faults: ['query'] });
  must(replica.document.editFilter(id, { query: 'overdue' }));
  expect(read(replica, id)).toMatchObject({ query: 'overdue', faults: [] });
  expect(map.get(`${id}/shape`)).toBe('unknown');
});
