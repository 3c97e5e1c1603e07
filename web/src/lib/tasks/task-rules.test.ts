import { expect, test } from 'vitest';
import { titlesIn } from './intents.ts';
import { daysOf, search, taskRules } from './task-rules.ts';
import type { TaskRow } from './task-rules.ts';

function row(id: string, o: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    title: id,
    due: null,
    priority: null,
    listId: null,
    parentId: null,
    order: id,
    tags: [],
    hasNotes: false,
    doneAt: null,
    trashedAt: null,
    isConflicted: false,
    ...o,
  };
}

function chosen(
  rule: { matches: (r: TaskRow) => boolean; compare: (a: TaskRow, b: TaskRow) => number },
  rows: TaskRow[],
): string[] {
  return rows
    .filter(rule.matches)
    .sort(rule.compare)
    .map(({ id }) => id);
}

test('[P3] the Inbox holds open tasks of no list and no parent, in manual order', () => {
  const rows = [
    row('b', { order: 'a1' }),
    row('a', { order: 'a2' }),
    row('listed', { listId: 'house' }),
    row('step', { parentId: 'a' }),
    row('done', { doneAt: 1 }),
    row('gone', { trashedAt: 1 }),
  ];
  expect(chosen(taskRules.list(null), rows)).toEqual(['b', 'a']);
  expect(chosen(taskRules.list('house'), rows)).toEqual(['listed']);
});

test('[P10] what is due comes by date, then by time, a day without a time last', () => {
  const due = (date: string, time?: string): TaskRow['due'] => ({ date, time });
  const rows = [
    row('all day', { due: due('2026-11-23') }),
    row('noon', { due: due('2026-11-23', '12:00') }),
    row('late', { due: due('2026-11-20') }),
    row('tomorrow', { due: due('2026-11-24') }),
    row('someday'),
  ];
  expect(chosen(taskRules.due('2026-11-23'), rows)).toEqual(['late', 'noon', 'all day']);
  expect(chosen(taskRules.upcoming('2026-11-23'), rows)).toEqual(['tomorrow']);
  expect(daysOf(rows.filter(({ due: set }) => set)).map(({ date, rows: day }) => [date, day.length])).toEqual(
    [
      ['2026-11-23', 2],
      ['2026-11-20', 1],
      ['2026-11-24', 1],
    ],
  );
});

test('[P11] every word has to be somewhere in the title or the tags', () => {
  const rows = [row('Zahnärztin anrufen', { tags: ['t1'] }), row('Buy bread')];
  const found = (query: string): string[] => search(rows, query, () => 'health').map(({ id }) => id);
  expect(found('zahnarzt')).toEqual(['Zahnärztin anrufen']);
  expect(found('ruf ZAHN')).toEqual(['Zahnärztin anrufen']);
  expect(found('#health')).toEqual(['Zahnärztin anrufen']);
  expect(found('zahn bread')).toEqual([]);
  expect(found('  ')).toEqual([]);
});

test('[P2] bullets and boxes of a pasted list are not part of the titles', () => {
  expect(titlesIn('- Milk\r\n* [x] Eggs\n  • Bread \n\n[ ] Salt\n-5 degrees')).toEqual([
    'Milk',
    'Eggs',
    'Bread',
    'Salt',
    '-5 degrees',
  ]);
});
