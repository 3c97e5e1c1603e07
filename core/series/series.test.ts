import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LocalDate, TaskId } from '../document.ts';
import { createReplica, must, sync, type Replica } from '../testing/replica.ts';

const DAY_MS = 24 * 3_600_000;
const DAILY = { rrule: 'FREQ=DAILY', start: '2026-11-23' } as const;
const date = (text: string): { date: LocalDate } => ({ date: text as LocalDate });

function series(input: { rrule: string; start?: string } = DAILY): {
  one: Replica;
  two: Replica;
  id: TaskId;
} {
  const [one, two] = [createReplica(1, { name: 'Phone' }), createReplica(2, { name: 'Laptop' })];
  const { id } = must(one.document.createTask({ title: 'Water', due: date('2026-11-23') }));
  must(one.document.setRule(id, input));
  sync(one, two);
  return { one, two, id };
}

const ordinals = ({ document }: Replica, id: TaskId): number[] =>
  document.openOccurrences(id).map(({ ordinal }) => ordinal);
const dues = ({ document }: Replica, id: TaskId): unknown[] =>
  document.openOccurrences(id).map(({ due }) => due?.date);

test('[SE1] [SE5] two devices that complete the same occurrence offline get one next, and no conflict', () => {
  const { one, two, id } = series();
  must(one.document.completeTask(id));
  two.clock.ms += 3 * 3_600_000;
  must(two.document.skipOccurrence(id, 0));
  sync(one, two);
  for (const each of [one, two]) {
    expect(ordinals(each, id)).toEqual([1]);
    expect(each.document.task(id)).toMatchObject({ status: 'open', ordinal: 1, due: date('2026-11-24') });
    expect(each.document.conflicts()).toEqual([]);
  }
});

test('[SE1] closing what is closed writes nothing; what is not open yet is refused', () => {
  const { one, id } = series();
  must(one.document.completeOccurrence(id, 0));
  const before = Y.encodeStateVector(one.doc);
  must(one.document.completeOccurrence(id, 0));
  must(one.document.skipOccurrence(id, 0));
  expect(one.document.completeOccurrence(id, 2)).toMatchObject({ ok: false, code: 'not-found' });
  expect(Y.encodeStateVector(one.doc)).toEqual(before);
});

test('[SE1] one closing of a series is one register', () => {
  const { one, id } = series();
  const before = new Set(one.doc.getMap('tasks').keys());
  must(one.document.completeTask(id));
  expect([...one.doc.getMap('tasks').keys()].filter((key) => !before.has(key))).toEqual([`${id}#0/done@1`]);
});

test('[SE3] a reopened one is open besides the head on its own date, and closing it again advances nothing', () => {
  const { one, id } = series();
  for (let day = 0; day < 3; day++) {
    must(one.document.completeTask(id));
    one.clock.ms += DAY_MS;
  }
  must(one.document.reopenOccurrence(id));
  expect(dues(one, id)).toEqual(['2026-11-25']);
  must(one.document.completeTask(id));
  must(one.document.reopenOccurrence(id, 1));
  expect(ordinals(one, id)).toEqual([3, 1]);
  expect(dues(one, id)).toEqual(['2026-11-26', '2026-11-24']);
  must(one.document.completeOccurrence(id, 1));
  expect(ordinals(one, id)).toEqual([3]);
  expect(dues(one, id)).toEqual(['2026-11-26']);
});

test('[SE4] overdue goes on at the first that is not past, or takes each in turn', () => {
  const { one, id } = series();
  one.clock.ms += 5 * DAY_MS;
  expect(dues(one, id)).toEqual(['2026-11-23']);
  must(one.document.completeTask(id));
  expect(one.document.openOccurrences(id)[0]).toMatchObject({
    due: date('2026-11-28'),
    missedCount: 4,
    slotIndex: 5,
  });
  must(one.document.undo());
  must(one.document.setRule(id, { ...DAILY, missed: 'catch-up' }));
  must(one.document.completeTask(id));
  expect(dues(one, id)).toEqual(['2026-11-24']);
});

test('[SE4] a rule changed here while there someone completes gives one answer', () => {
  const { one, two, id } = series();
  must(one.document.completeTask(id));
  must(two.document.setRule(id, { rrule: 'FREQ=DAILY;INTERVAL=3' }));
  sync(one, two);
  expect(dues(one, id)).toEqual(['2026-11-26']);
  expect(dues(two, id)).toEqual(dues(one, id));
});

test('[SE2] [SE4] COUNT ends it, and the task is then done; reopening the last one opens it', () => {
  const { one, id } = series({ rrule: 'FREQ=DAILY;COUNT=2', start: '2026-11-23' });
  must(one.document.completeTask(id));
  must(one.document.completeTask(id));
  expect(ordinals(one, id)).toEqual([]);
  expect(one.document.task(id)).toMatchObject({ status: 'done', closedAt: one.clock.ms });
  must(one.document.reopenTask(id));
  expect(ordinals(one, id)).toEqual([1]);
});

test('[SE4] after completion counts from the day it was done where the person is', () => {
  const { one, id } = series();
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY;INTERVAL=3', mode: 'completion' }));
  one.clock.ms += 4 * DAY_MS;
  must(one.document.completeTask(id));
  expect(dues(one, id)).toEqual(['2026-11-30']);
});

test('[SE5] two devices that add a repeat to one task offline make one series, and the rules are a conflict', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const { id } = must(one.document.createTask({ title: 'Water', due: date('2026-11-23') }));
  sync(one, two);
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  must(two.document.setRule(id, { rrule: 'FREQ=WEEKLY' }));
  must(one.document.completeTask(id));
  sync(one, two);
  expect(ordinals(one, id)).toEqual([1]);
  expect(ordinals(two, id)).toEqual([1]);
  const [conflict] = one.document.conflicts();
  expect(conflict).toMatchObject({ entity: 'task', id, field: 'rule' });
});

test('[SE6] editing this one is of this one; editing all future ones is of the head and what comes', () => {
  const { one, two, id } = series();
  must(one.document.editOccurrence(id, 0, { title: 'Water twice', due: date('2026-11-25'), notes: 'a lot' }));
  must(two.document.editFuture(id, { priority: 'high' }));
  sync(one, two);
  expect(two.document.task(id)).toMatchObject({
    title: 'Water twice',
    notes: 'a lot',
    due: date('2026-11-25'),
    priority: 'high',
  });
  must(two.document.completeTask(id));
  expect(two.document.task(id)).toMatchObject({ title: 'Water', notes: '', due: date('2026-11-24') });
  must(two.document.editOccurrence(id, 1, { priority: null, title: 'Water a bit' }));
  expect(two.document.task(id)).toMatchObject({ priority: null, title: 'Water a bit' });
  must(two.document.editTask(id, { title: 'Sprinkle' }));
  expect(two.document.task(id)).toMatchObject({ priority: null, title: 'Sprinkle' });
});

test('[SE6] a new date for all future ones moves the rule', () => {
  const { one, id } = series({ rrule: 'FREQ=WEEKLY', start: '2026-11-23' });
  must(one.document.completeTask(id));
  must(one.document.editFuture(id, { due: date('2026-12-01') }));
  expect(dues(one, id)).toEqual(['2026-12-01']);
  must(one.document.completeTask(id));
  expect(dues(one, id)).toEqual(['2026-12-08']);
});

test('[SE6] concurrent edits of one occurrence are a conflict that can be settled', () => {
  const { one, two, id } = series();
  must(one.document.editOccurrence(id, 0, { title: 'A' }));
  two.clock.ms += 1000;
  must(two.document.editOccurrence(id, 0, { title: 'B' }));
  sync(one, two);
  const [conflict] = one.document.conflicts();
  if (conflict === undefined) throw new Error('no conflict');
  expect(conflict).toMatchObject({ id: `${id}#0`, field: 'title' });
  expect(one.document.task(id)?.title).toBe('B');
  must(one.document.resolveConflict(conflict, { take: one.writer }));
  expect(one.document.task(id)?.title).toBe('A');
  expect(one.document.conflicts()).toEqual([]);
});

test('[SE7] closed occurrences keep what they were', () => {
  const { one, id } = series();
  must(one.document.editOccurrence(id, 0, { title: 'First' }));
  must(one.document.completeTask(id));
  must(one.document.skipOccurrence(id));
  must(one.document.editFuture(id, { title: 'Later', due: date('2027-01-01') }));
  expect(one.document.closedOccurrences(id)).toMatchObject([
    { ordinal: 0, kind: 'done', title: 'First', due: date('2026-11-23'), device: 'device-1', by: '1' },
    { ordinal: 1, kind: 'skipped', title: 'Water', due: date('2026-11-24') },
  ]);
});

test('[SE8] ending hides what is open, a closing elsewhere does not bring it back, and a new rule does', () => {
  const { one, two, id } = series();
  must(one.document.completeTask(id));
  sync(one, two);
  must(one.document.endSeries(id));
  must(two.document.completeTask(id));
  sync(one, two);
  for (const each of [one, two]) {
    expect(ordinals(each, id)).toEqual([]);
    expect(each.document.closedOccurrences(id)).toHaveLength(2);
    expect(each.document.task(id)?.status).toBe('done');
  }
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  expect(ordinals(one, id)).toEqual([2]);
});

test('[SE9] completed as a plain task here while there it was made to repeat: the first occurrence is done', () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  const { id } = must(one.document.createTask({ title: 'Water', due: date('2026-11-23') }));
  sync(one, two);
  must(one.document.completeTask(id));
  must(two.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  sync(one, two);
  expect(ordinals(one, id)).toEqual([1]);
  expect(dues(two, id)).toEqual(['2026-11-24']);
});

test('[SE9] made plain it goes on as the open one; completed elsewhere meanwhile it is done', () => {
  const { one, two, id } = series();
  must(one.document.completeTask(id));
  sync(one, two);
  must(one.document.removeRule(id));
  expect(one.document.task(id)).toMatchObject({ rule: null, status: 'open', due: date('2026-11-24') });
  must(two.document.completeTask(id));
  sync(one, two);
  expect(one.document.task(id)).toMatchObject({ rule: null, status: 'done' });
  must(one.document.reopenTask(id));
  expect(one.document.task(id)?.status).toBe('open');
  must(one.document.completeTask(id));
  expect(one.document.task(id)?.status).toBe('done');
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY', start: '2026-12-24' }));
  expect(one.document.closedOccurrences(id).map(({ ordinal }) => ordinal)).toEqual([0, 1]);
  expect(dues(one, id)).toEqual(['2026-12-24']);
});

test('[SE10] what is not understood degrades itself alone', () => {
  const { one, id } = series();
  const map = one.doc.getMap('tasks');
  must(one.document.completeTask(id));
  const t = one.clock.ms * 1024 + 500;
  map.set(`${id}#1/title@9`, { v: { is: 7 }, t });
  map.set(`${id}#7/done@9`, { v: 'finished', t });
  map.set(`${id}#x/done@9`, { v: { kind: 'done', at: 1 }, t });
  expect(one.document.task(id)).toMatchObject({ title: 'Water', ordinal: 1, faults: [] });
  for (const v of [
    7,
    {},
    { rrule: 'FREQ=NEVER', mode: 'schedule', missed: 'skip', start: '2026-11-23', timeZone: null },
  ]) {
    map.set(`${id}/rule@9`, { v, t });
    expect(one.document.task(id)).toMatchObject({ rule: null, status: 'open', faults: ['rule'] });
  }
  const rule = { rrule: 'FREQ=DAILY', mode: 'schedule', missed: 'skip', start: '2026-11-23T09:00:00' };
  map.set(`${id}/rule@9`, { v: { ...rule, timeZone: 'Mars/Base' }, t });
  expect(one.document.task(id)).toMatchObject({ status: 'open', ordinal: 1, faults: [] });
});

test('[SE10] a rule that cannot be is refused with a sentence', () => {
  const { one, id } = series();
  for (const rrule of ['', 'FREQ=NEVER', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30']) {
    expect(one.document.setRule(id, { rrule })).toMatchObject({ ok: false, code: 'invalid' });
  }
  const plain = must(one.document.createTask({ title: 'No date' })).id;
  expect(one.document.setRule(plain, { rrule: 'FREQ=DAILY' })).toMatchObject({ ok: false, code: 'invalid' });
});

test('[SE11] everything goes back and forth', () => {
  const { one, id } = series();
  const { document } = one;
  const view = (): unknown => {
    const task = document.task(id);
    const closed = document.closedOccurrences(id).length;
    return [task?.status, task?.title, task?.due, task?.rule, ordinals(one, id), closed];
  };
  const steps: (() => unknown)[] = [
    () => document.completeTask(id),
    () => document.editOccurrence(id, 1, { title: 'Once' }),
    () => document.skipOccurrence(id),
    () => document.reopenOccurrence(id, 0),
    () => document.editFuture(id, { title: 'Ever', due: date('2026-12-05') }),
    () => document.endSeries(id),
    () => document.setRule(id, { rrule: 'FREQ=WEEKLY', start: '2026-12-07' }),
    () => document.removeRule(id),
  ];
  const views = [view()];
  for (const step of steps) {
    one.clock.ms += 1000;
    expect(step()).toMatchObject({ ok: true });
    views.push(view());
  }
  for (let i = steps.length - 1; i >= 0; i--) {
    must(document.undo());
    expect(view()).toEqual(views[i]);
  }
  for (let i = 1; i <= steps.length; i++) {
    must(document.redo());
    expect(view()).toEqual(views[i]);
  }
});

test('[SE12] moving keeps the series, the trash hides it, purging takes its occurrences along', () => {
  const { one, id } = series();
  const list = must(one.document.createList({ name: 'Garden' })).id;
  must(one.document.completeTask(id));
  must(one.document.moveTask(id, { listId: list }));
  expect(one.document.task(id)).toMatchObject({ listId: list, ordinal: 1 });
  must(one.document.trashTask(id));
  expect(one.document.openOccurrences(id)).toEqual([]);
  must(one.document.restoreTask(id));
  expect(ordinals(one, id)).toEqual([1]);
  must(one.document.trashTask(id));
  must(one.document.purgeTask(id));
  const left = [...one.doc.getMap('tasks').keys()].filter((key) => key.startsWith(id));
  expect(left).toEqual([`${id}/purged`]);
});

test('[X1] [D3] [SE7] an export brings the whole series', () => {
  const { one, id } = series();
  must(one.document.completeTask(id));
  must(one.document.editOccurrence(id, 1, { title: 'Once' }));
  const other = createReplica(3);
  must(other.document.importJson(JSON.parse(JSON.stringify(one.document.exportJson()))));
  expect(other.document.openOccurrences(id)).toEqual(one.document.openOccurrences(id));
  expect(other.document.closedOccurrences(id)).toEqual(one.document.closedOccurrences(id));
});
