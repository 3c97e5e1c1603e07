import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LocalDate, TaskId } from '../document.ts';
import { createReplica, must, sync, type Replica } from '../testing/replica.ts';

const DAILY = { rrule: 'FREQ=DAILY', start: '2026-11-23' } as const;
const due = { date: '2026-11-23' as LocalDate };

interface Packing {
  readonly one: Replica;
  readonly two: Replica;
  readonly trip: TaskId;
  readonly socks: TaskId;
  readonly passport: TaskId;
}

/** A task with two steps, on two replicas; not repeating yet. */
function packing(): Packing {
  const [one, two] = [createReplica(1, { name: 'Phone' }), createReplica(2, { name: 'Laptop' })];
  const trip = must(one.document.createTask({ title: 'Pack', due })).id;
  const [socks, passport] = ['Socks', 'Passport'].map(
    (title) => must(one.document.createTask({ title, parentId: trip })).id,
  ) as [TaskId, TaskId];
  sync(one, two);
  return { one, two, trip, socks, passport };
}

const status = ({ document }: Replica, ...ids: TaskId[]): unknown[] =>
  ids.map((id) => document.task(id)?.status);

test('[SE13] a step is closed in the open occurrence and open again in the next, on every replica', () => {
  const { one, two, trip, socks, passport } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(socks));
  sync(one, two);
  for (const each of [one, two]) {
    expect(status(each, socks, passport)).toEqual(['done', 'open']);
    expect(each.document.task(socks)?.closedAt).toBe(one.clock.ms);
    expect(each.document.openOccurrences(socks)).toEqual([]);
  }
  must(two.document.completeTask(trip));
  sync(one, two);
  for (const each of [one, two]) {
    expect(status(each, trip, socks, passport)).toEqual(['open', 'open', 'open']);
    expect(each.document.openOccurrences(socks)).toHaveLength(1);
  }
});

test('[SE13] one tick is one register of that ordinal, and ticking again writes nothing', () => {
  const { one, trip, socks } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(trip));
  const before = new Set(one.doc.getMap('tasks').keys());
  must(one.document.completeTask(socks));
  expect([...one.doc.getMap('tasks').keys()].filter((key) => !before.has(key))).toEqual([
    `${socks}#1/done/${trip}@1`,
  ]);
  const vector = Y.encodeStateVector(one.doc);
  must(one.document.completeTask(socks));
  expect(Y.encodeStateVector(one.doc)).toEqual(vector);
});

test('[SE13] ticked here while the series advances there: the tick is of the occurrence that it was made in', () => {
  const { one, two, trip, socks } = packing();
  must(one.document.setRule(trip, DAILY));
  sync(one, two);
  must(one.document.completeTask(socks));
  must(two.document.completeTask(trip));
  sync(one, two);
  for (const each of [one, two]) {
    expect(status(each, socks)).toEqual(['open']);
    expect(each.document.closedSteps(trip, 0).map(({ title }) => title)).toEqual(['Socks']);
    expect(each.document.closedSteps(trip, 1)).toEqual([]);
    expect(each.document.conflicts()).toEqual([]);
  }
});

test('[SE13] a step can be opened again, skipped, and lie below another step', () => {
  const { one, trip, socks } = packing();
  const wool = must(one.document.createTask({ title: 'The woollen ones', parentId: socks })).id;
  must(one.document.setRule(trip, DAILY));
  must(one.document.cancelTask(socks));
  must(one.document.completeTask(wool));
  expect(status(one, socks, wool)).toEqual(['cancelled', 'done']);
  must(one.document.reopenTask(socks));
  expect(status(one, socks, wool)).toEqual(['open', 'done']);
  must(one.document.completeTask(trip));
  expect(status(one, socks, wool)).toEqual(['open', 'open']);
  expect(one.document.closedSteps(trip, 0).map(({ id }) => id)).toEqual([wool]);
});

test('[SE13] steps are told as changed when the series advances', () => {
  const { one, trip, socks, passport } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(socks));
  const told = new Set<TaskId>();
  one.document.subscribe(({ tasks }) => tasks.forEach((id) => told.add(id)));
  must(one.document.completeTask(trip));
  for (const id of [trip, socks, passport]) expect(told).toContain(id);
});

test('[SE13] a subtask that repeats by itself is its own series', () => {
  const { one, trip, socks } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(socks));
  must(one.document.completeTask(trip));
  must(one.document.setRule(socks, { ...DAILY, rrule: 'FREQ=WEEKLY' }));
  expect(one.document.task(socks)).toMatchObject({ status: 'open', ordinal: 0 });
  must(one.document.completeTask(socks));
  must(one.document.completeTask(trip));
  expect(one.document.task(socks)).toMatchObject({ status: 'open', ordinal: 1 });
});

test('[SE14] undoing the closing shows the ticks again, and history keeps the titles', () => {
  const { one, trip, socks, passport } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(socks));
  must(one.document.completeTask(trip));
  must(one.document.undo());
  expect(status(one, socks, passport)).toEqual(['done', 'open']);
  must(one.document.redo());
  expect(status(one, socks, passport)).toEqual(['open', 'open']);
  must(one.document.editTask(socks, { title: 'Stockings' }));
  must(one.document.completeTask(socks));
  expect(one.document.closedSteps(trip, 0)).toMatchObject([{ id: socks, title: 'Socks', kind: 'done' }]);
  expect(one.document.closedSteps(trip, 1)).toMatchObject([{ title: 'Stockings' }]);
  must(one.document.undo());
  expect(status(one, socks)).toEqual(['open']);
});

test('[SE15] a tick made before the repeat, here or offline elsewhere, is of the occurrence of that time', () => {
  const { one, two, trip, socks, passport } = packing();
  must(one.document.completeTask(socks));
  must(one.document.setRule(trip, DAILY));
  must(two.document.completeTask(passport));
  sync(one, two);
  for (const each of [one, two]) expect(status(each, socks, passport)).toEqual(['done', 'done']);
  must(one.document.completeTask(trip));
  sync(one, two);
  for (const each of [one, two]) {
    expect(status(each, socks, passport)).toEqual(['open', 'open']);
    expect(each.document.closedSteps(trip, 0).map(({ title }) => title)).toEqual(['Socks', 'Passport']);
  }
  must(two.document.completeTask(passport));
  must(two.document.reopenTask(passport));
  expect(two.document.closedSteps(trip, 0).map(({ title }) => title)).toEqual(['Socks', 'Passport']);
  expect(status(two, passport)).toEqual(['open']);
});

test('[SE15] what older writers closed is closed for good, until it is reopened', () => {
  const { one, trip, socks } = packing();
  must(one.document.setRule(trip, DAILY));
  one.doc
    .getMap('tasks')
    .set(`${socks}/done@zz`, { v: { kind: 'done', at: one.clock.ms }, t: one.clock.ms * 1024 });
  must(one.document.completeTask(trip));
  expect(status(one, socks)).toEqual(['done']);
  must(one.document.reopenTask(socks));
  expect(status(one, socks)).toEqual(['open']);
});

test('[SE15] the ticks stay where the repeat is taken away, and where the series is over', () => {
  const { one, trip, socks, passport } = packing();
  must(one.document.completeTask(passport));
  must(one.document.setRule(trip, { ...DAILY, rrule: 'FREQ=DAILY;COUNT=2' }));
  must(one.document.completeTask(trip));
  must(one.document.completeTask(socks));
  must(one.document.removeRule(trip));
  expect(status(one, trip, socks, passport)).toEqual(['open', 'done', 'open']);
  must(one.document.reopenTask(socks));
  expect(status(one, socks)).toEqual(['open']);
  must(one.document.undo());
  must(one.document.undo());
  must(one.document.completeTask(trip));
  expect(status(one, trip, socks, passport)).toEqual(['done', 'done', 'open']);
});

test('[SE15] moved out from below a series a task is its own again', () => {
  const { one, trip, socks } = packing();
  must(one.document.setRule(trip, DAILY));
  must(one.document.completeTask(socks));
  must(one.document.moveTask(socks, { parentId: null }));
  expect(status(one, socks)).toEqual(['open']);
  must(one.document.completeTask(socks));
  must(one.document.moveTask(socks, { parentId: trip }));
  must(one.document.completeTask(trip));
  expect(status(one, socks)).toEqual(['done']);
});

test('[SE16] the time of the last change is that of the latest occurrence', () => {
  const { one, two, trip } = packing();
  must(one.document.setRule(trip, DAILY));
  one.clock.ms += 86_400_000;
  must(one.document.completeTask(trip));
  one.clock.ms += 86_400_000;
  must(one.document.completeTask(trip));
  expect(one.document.task(trip)?.updatedAt).toBe(one.clock.ms);
  sync(one, two);
  expect(two.document.task(trip)?.updatedAt).toBe(one.clock.ms);
});
