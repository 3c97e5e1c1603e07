import type { SeriesRule } from '@holdfast/core/document.ts';
import { runSteps } from '@holdfast/core/steps.ts';
import { expect, test } from 'vitest';
import type { TaskRow } from '../tasks/task-rules.ts';
import { comingDates, comingEntries, drawnInParts, entriesByDay, weeksOf } from './month.ts';

const NOVEMBER = { from: '2026-11-01', to: '2026-11-30' };

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

function rule(rrule: string, o: Partial<SeriesRule> = {}): SeriesRule {
  return { rrule, mode: 'schedule', missed: 'skip', start: '2026-11-03', timeZone: null, ...o };
}

test('[L4] a month is the weeks that touch it, from the first day of the week', () => {
  const weeks = weeksOf('2026-11-15', 1);
  expect([weeks[0]?.[0], weeks.at(-1)?.at(-1), weeks.length]).toEqual(['2026-10-26', '2026-12-06', 6]);
  expect(weeksOf('2026-02-10', 7).map(([first]) => first)).toEqual([
    '2026-02-01',
    '2026-02-08',
    '2026-02-15',
    '2026-02-22',
  ]);
});

test('[L4] a task stands on the viewer’s day, in the order of the clock', () => {
  const rows = [
    row('late', { due: { date: '2026-11-05', time: '18:00' } }),
    row('day', { due: { date: '2026-11-05' } }),
    row('far', { due: { date: '2026-11-05', time: '20:00', timeZone: 'America/Los_Angeles' } }),
    row('other month', { due: { date: '2026-12-05' } }),
  ];
  const days = entriesByDay(rows, [], { ...NOVEMBER, timeZone: 'Europe/Berlin' });
  expect([...days].map(([date, entries]) => [date, entries.map(({ row: { id } }) => id)])).toEqual([
    ['2026-11-05', ['day', 'late']],
    ['2026-11-06', ['far']],
  ]);
});

test('[L4] what repeats shows the dates it will have, and only once where it stands', () => {
  const open = { slot: '2026-11-10', slotIndex: 1 };
  const dates = (value: SeriesRule, from = open, today = '2026-11-09'): string[] =>
    comingDates(value, from, { ...NOVEMBER, today }).map(({ date }) => date);
  expect(dates(rule('FREQ=WEEKLY;BYDAY=TU'))).toEqual(['2026-11-17', '2026-11-24', '2026-12-01']);
  expect(dates(rule('FREQ=WEEKLY;BYDAY=TU;COUNT=3'))).toEqual(['2026-11-17']);
  // Overdue for a year: what comes is from today on.
  expect(dates(rule('FREQ=WEEKLY;BYDAY=TU'), { slot: '2025-11-11', slotIndex: 0 }, '2026-11-20')).toEqual([
    '2026-11-24',
    '2026-12-01',
  ]);
  expect(dates(rule('FREQ=DAILY;INTERVAL=7', { mode: 'completion' }))).toEqual([
    '2026-11-17',
    '2026-11-24',
    '2026-12-01',
  ]);
  const late = { slot: '2026-11-02', slotIndex: 0 };
  expect(dates(rule('FREQ=DAILY', { mode: 'completion' }), late)).toEqual([]);
  expect(comingDates(rule('FREQ=DAILY'), undefined, { ...NOVEMBER, today: '2026-11-09' })).toEqual([]);
  const timed = rule('FREQ=WEEKLY;BYDAY=TU', { start: '2026-11-03T19:00:00', timeZone: 'Europe/Berlin' });
  const next = comingDates(
    timed,
    { slot: '2026-11-10T19:00:00', slotIndex: 1 },
    { ...NOVEMBER, today: '2026-11-09' },
  );
  expect(next[0]).toEqual({ date: '2026-11-17', time: '19:00', timeZone: 'Europe/Berlin' });
});

test('[L4] what is to come stands after what is there, on its days', () => {
  const weekly = row('weekly', { due: { date: '2026-11-03' }, repeat: rule('FREQ=WEEKLY;BYDAY=TU') });
  const rows = [weekly, row('once', { due: { date: '2026-11-10' } })];
  const coming = runSteps(
    comingEntries(rows, {
      timeZone: 'Europe/Berlin',
      datesOf: () => [{ date: '2026-11-10' }, { date: '2026-12-01' }],
    }),
  );
  const days = entriesByDay(rows, coming, { ...NOVEMBER, timeZone: 'Europe/Berlin' });
  expect([...days].map(([date, entries]) => [date, entries.map(({ key }) => key)])).toEqual([
    ['2026-11-03', ['weekly']],
    ['2026-11-10', ['once', 'weekly 2026-11-10 ']],
  ]);
});

test('[L4] a month of few tasks is drawn in one part, one of many in several', () => {
  expect(drawnInParts([3, 5, 0, 7, 2], 24)).toEqual([0, 0, 0, 0, 0]);
  expect(drawnInParts([21, 21, 0, 3, 21], 24)).toEqual([0, 1, 1, 1, 2]);
  expect(drawnInParts([30, 30], 24)).toEqual([0, 1]);
});
