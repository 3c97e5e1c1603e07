import { describe, expect, test } from 'vitest';
import { addDays } from '../words/calendar.ts';
import { isOverdue } from '../words/due-words.ts';
import { outlineIn } from './outline.ts';
import { bySection, daysOf, overdueAndToday, taskRules } from './task-rules.ts';
import type { TaskRow } from './task-rules.ts';

function row(id: string, o: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    title: id,
    due: null,
    priority: null,
    listId: null,
    parentId: null,
    section: null,
    order: id,
    tags: [],
    hasNotes: false,
    repeat: null,
    reminderCount: 0,
    snoozedUntil: null,
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

test('[L2] rows fall into the sections of their list, and what names none of them comes first', () => {
  const rows = [
    row('a', { section: 's2' }),
    row('b'),
    row('c', { section: 'gone' }),
    row('d', { section: 's2' }),
  ];
  const parts = bySection(rows, [{ id: 's1' }, { id: 's2' }]);
  expect(parts.map(({ section, rows: inside }) => [section?.id ?? null, inside.map(({ id }) => id)])).toEqual(
    [
      [null, ['b', 'c']],
      ['s1', []],
      ['s2', ['a', 'd']],
    ],
  );
});

test('[L7] what is in an archived list is in no day, and is found', () => {
  const due = { date: '2026-11-23' };
  const rows = [row('here', { due }), row('away', { due, listId: 'old' })];
  const archived = new Set(['old']);
  expect(chosen(taskRules.due('2026-11-23', 'UTC', archived), rows)).toEqual(['here']);
  expect(chosen(taskRules.upcoming('2026-11-22', 'UTC', archived), rows)).toEqual(['here']);
  expect(chosen(taskRules.dated('UTC', archived), rows)).toEqual(['here']);
  expect(chosen(taskRules.all(), rows)).toEqual(['away', 'here']);
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

test('[P2] bullets and boxes of a pasted list are not part of the titles', () => {
  const lines = outlineIn('- Milk\r\n* [x] Eggs\n  • Bread \n\n[ ] Salt\n-5 degrees');
  expect(lines.map(({ title }) => title)).toEqual(['Milk', 'Eggs', 'Bread', 'Salt', '-5 degrees']);
});

test('[K8] an indented line is a step of the line above that is not, to any depth', () => {
  const lines = outlineIn('Trip\n  - Book\n\t\t* [ ] Hotel\n  - Pack\n\nHome\n   Bins\n Letters');
  expect(
    lines.map(({ title, parent }) => [title, parent === undefined ? null : lines[parent]?.title]),
  ).toEqual([
    ['Trip', null],
    ['Book', 'Trip'],
    ['Hotel', 'Book'],
    ['Pack', 'Trip'],
    ['Home', null],
    ['Bins', 'Home'],
    ['Letters', 'Home'],
  ]);
  expect(outlineIn('   A\n   B').map(({ parent }) => parent)).toEqual([undefined, undefined]);
});

describe.each([
  // Of the same instant, 2026-11-24T07:30Z.
  { timeZone: 'Europe/Berlin', today: '2026-11-24', time: '08:30' },
  { timeZone: 'America/Los_Angeles', today: '2026-11-23', time: '23:30' },
])('in $timeZone', ({ timeZone, today, time }) => {
  const present = { today, time, locale: 'en-GB', timeZone, nowMs: Date.parse('2026-11-24T07:30:00Z') };
  const isWest = timeZone.startsWith('America');
  const rows = [
    row('day', { due: { date: '2026-11-24' } }),
    row('floating', { due: { date: '2026-11-24', time: '08:00' } }),
    row('in Berlin', { due: { date: '2026-11-24', time: '08:29', timeZone: 'Europe/Berlin' } }),
    row('in Los Angeles', { due: { date: '2026-11-23', time: '23:31', timeZone: 'America/Los_Angeles' } }),
    row('in Tokyo', { due: { date: '2026-11-25', time: '08:00', timeZone: 'Asia/Tokyo' } }),
  ];
  const where = (id: string): TaskRow => rows.find((each) => each.id === id) ?? row('none');

  test('[Q8] a day is the same day everywhere, a time in a zone stands where the clock here has it', () => {
    expect(chosen(taskRules.due(today, timeZone), rows)).toEqual(
      isWest ? ['in Berlin', 'in Los Angeles'] : ['floating', 'in Berlin', 'in Los Angeles', 'day'],
    );
    expect(chosen(taskRules.upcoming(today, timeZone), rows)).toEqual(
      isWest ? ['floating', 'in Tokyo', 'day'] : ['in Tokyo'],
    );
    const tokyo = daysOf([where('in Tokyo')], timeZone);
    expect(tokyo.map(({ date }) => date)).toEqual([isWest ? '2026-11-24' : '2026-11-25']);
  });

  test('[Q8] overdue is a matter of the instant for a time in a zone, and of the clock here for others', () => {
    const overdue = rows.filter(({ due }) => due && isOverdue(due, present)).map(({ id }) => id);
    expect(overdue).toEqual(isWest ? ['in Berlin'] : ['floating', 'in Berlin']);
    const later = { ...present, nowMs: Date.parse('2026-11-24T07:32:00Z') };
    expect(isOverdue({ date: '2026-11-23', time: '23:31', timeZone: 'America/Los_Angeles' }, later)).toBe(
      true,
    );
  });

  test('[Q8] at midnight what was today is overdue', () => {
    const [before, now] = overdueAndToday(rows, addDays(today, 1), timeZone);
    expect(before.map(({ id }) => id)).toContain('in Berlin');
    expect(now.map(({ id }) => id)).toContain('in Tokyo');
  });
});
