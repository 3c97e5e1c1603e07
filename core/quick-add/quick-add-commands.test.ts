import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task } from '../document.ts';
import { addQuickly, type QuickAddCommand } from '../quick-add-commands.ts';
import { parseQuickAdd } from '../quick-add.ts';
import { createReplica, must, type Replica } from '../testing/replica.ts';
import { readCorpus } from './corpus/read-corpus.ts';

const timeZone = 'Europe/Berlin';

/** Monday, 23 November 2026, 09:00 in Berlin. */
function add(replica: Replica, line: string, change: Partial<QuickAddCommand> = {}): Task {
  const { document, clock } = replica;
  const { id } = must(
    addQuickly(document, {
      line,
      parsed: parseQuickAdd(line, { now: clock.ms, timeZone, locale: 'en-GB' }),
      timeZone,
      ...change,
    }),
  );
  const task = document.task(id);
  if (task === undefined) throw new Error('the task is not there');
  return task;
}

function open<T extends { readonly trashedAt: number | null }>(entities: Iterable<T>): T[] {
  return [...entities].filter((entity) => entity.trashedAt === null);
}

test('[QA21] the line of the tunnel is a task in a new list, due at eight', () => {
  const one = createReplica(1);
  const task = add(one, 'buy bread tomorrow 8am #errands', { newColor: (used) => `colour ${used.length}` });
  expect(task).toMatchObject({
    title: 'buy bread',
    due: { date: '2026-11-24', time: '08:00', timeZone },
    rule: null,
    reminders: [],
  });
  const [list] = open(one.document.lists());
  expect(list).toMatchObject({ id: task.listId, name: 'errands', color: 'colour 0' });
});

test('[QA21] the line of the bins repeats on Tuesdays and reminds an hour before', () => {
  const one = createReplica(1);
  const task = add(one, 'Put out bins every tuesday 7pm remind me 1h before');
  expect(task).toMatchObject({
    title: 'Put out bins',
    due: { date: '2026-11-24', time: '19:00', timeZone },
    rule: { mode: 'schedule', missed: 'skip', timeZone, start: '2026-11-24T19:00:00' },
    reminders: [{ before: 'PT1H' }],
  });
  must(one.document.completeTask(task.id));
  expect(one.document.task(task.id)?.due).toEqual({ date: '2026-12-01', time: '19:00', timeZone });
});

test('[QA21] everything a line says is one update and one undo, new lists and tags included', () => {
  const one = createReplica(1);
  let updates = 0;
  one.doc.on('update', () => updates++);
  const line = 'pay rent every last weekday 9am #home !high @bills @flat remind me at 8am';
  const task = add(one, line);
  expect(updates).toBe(1);
  expect(task).toMatchObject({ title: 'pay rent', priority: 'high' });
  expect(task.tags).toHaveLength(2);
  expect([task.rule, task.reminders.length]).toEqual([expect.anything(), 1]);
  must(one.document.undo());
  expect(open(one.document.tasks())).toEqual([]);
  expect(open(one.document.lists())).toEqual([]);
  expect(open(one.document.tags())).toEqual([]);
  must(one.document.redo());
  expect(one.document.task(task.id)).toMatchObject({
    title: 'pay rent',
    listId: task.listId,
    rule: task.rule,
  });
});

test('[QA22] a name is that of a list or tag that exists, also of one that the line before made', () => {
  const one = createReplica(1);
  const list = must(one.document.createList({ name: 'Home Improvement' })).id;
  expect(add(one, 'paint #home-improvement').listId).toBe(list);
  const [first, second] = one.document.batch('two', () => [
    add(one, 'a #Errands @to-do'),
    add(one, 'b #errands @ToDo'),
  ]);
  expect(second).toMatchObject({ listId: first?.listId, tags: first?.tags });
  must(one.document.trashList(list));
  expect(add(one, 'paint again #homeimprovement').listId).not.toBe(list);
});

test('[QA22] the place fills in what the words do not say', () => {
  const one = createReplica(1);
  const listId = must(one.document.createList({ name: 'Garden' })).id;
  const tagId = must(one.document.createTag({ name: 'green' })).id;
  const place = { listId, tagId, due: { date: '2026-11-23' as never } };
  expect(add(one, 'rake', { place })).toMatchObject({ listId, tags: [tagId], due: { date: '2026-11-23' } });
  const said = add(one, 'rake friday #house @leaves', { place });
  expect(said.due).toEqual({ date: '2026-11-27' });
  expect(said.listId).not.toBe(listId);
  expect(said.tags).toContain(tagId);
  expect(said.tags).toHaveLength(2);
  // It cannot be due before it begins.
  expect(add(one, 'rake from friday', { place })).toMatchObject({ start: { date: '2026-11-27' }, due: null });
});

test('[QA23] a line of tokens alone is its own title, and keeps what it says', () => {
  const one = createReplica(1);
  expect(add(one, ' tomorrow 8am ')).toMatchObject({
    title: 'tomorrow 8am',
    due: { date: '2026-11-24', time: '08:00' },
  });
});

test('[QA23] what the document refuses stays in the title', () => {
  const one = createReplica(1);
  const line = 'stretch every day remind me 1h before';
  const parsed = parseQuickAdd(line, { now: one.clock.ms, timeZone, locale: 'en' });
  expect(add(one, line, { parsed: { ...parsed, reminders: [{ before: 'soon' }] } })).toMatchObject({
    title: line,
    rule: expect.anything(),
    reminders: [],
  });
});

test('[QA21] a reminder at a time of day is an instant in the given zone', () => {
  const one = createReplica(1);
  const task = add(one, 'call the bank friday remind me thursday 5pm');
  expect(task.reminders).toMatchObject([{ at: '2026-11-26T16:00:00Z' }]);
});

test('[QA21] every line of the corpus, and any text, is a task without faults', () => {
  const one = createReplica(1);
  for (const language of ['english', 'german'] as const) {
    for (const { line } of readCorpus(language)) {
      const parsed = parseQuickAdd(line, { now: one.clock.ms, timeZone, locale: language.slice(0, 2) });
      const task = add(one, line, { parsed });
      expect([line, task.faults, task.rule === null]).toEqual([line, [], parsed.recurrence === null]);
      expect([line, task.reminders.length]).toEqual([line, parsed.reminders.length]);
      expect(task.title).not.toBe('');
    }
  }
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'grapheme' }).filter((line) => line.trim() !== ''),
      (line) => {
        expect(add(one, line).faults).toEqual([]);
      },
    ),
  );
});
