import { expect, test } from 'vitest';
import type { LocalDate, TagId } from './ids.ts';
import { instantText, taskJson } from './task-json.ts';
import { createReplica, must } from './testing/replica.ts';

test('[TJ1] tags stand by name, each once and sorted, and everything else by id', () => {
  const { document } = createReplica(1);
  const errands = must(document.createTag({ name: 'errands' })).id;
  const bills = must(document.createTag({ name: 'bills' })).id;
  const list = must(document.createList({ name: 'Home' })).id;
  const { id } = must(
    document.createTask({
      title: 'Pay rent',
      listId: list,
      tags: [errands, bills],
      priority: 'high',
      due: { date: '2026-12-01' as LocalDate, time: '09:00', timeZone: 'Europe/Berlin' },
    }),
  );
  const task = document.task(id);
  if (!task) throw new Error('It is not there');
  const told = taskJson(
    { ...task, tags: [...task.tags, 'gone' as TagId] },
    (tag) => document.tag(tag)?.name,
    's1',
  );
  expect(told).toMatchObject({
    id,
    title: 'Pay rent',
    status: 'open',
    priority: 'high',
    due: '2026-12-01T09:00',
    timeZone: 'Europe/Berlin',
    start: null,
    listId: list,
    sectionId: 's1',
    tags: ['bills', 'errands', 'gone'],
    recurrence: null,
    seriesId: null,
    completedAt: null,
  });
});

test('[TJ2] a clock that is out of this world still gives an instant', () => {
  expect(instantText(Date.UTC(2026, 10, 30))).toBe('2026-11-30T00:00:00.000Z');
  expect(instantText(9e15)).toBe('+275760-09-13T00:00:00.000Z');
  expect(instantText(-Infinity)).toBe('-271821-04-20T00:00:00.000Z');
});
