import { openDocument, type HoldfastDocument, type Steps } from '@holdfast/core/document.ts';
import type { EpochMs, LocalDate } from '@holdfast/core/ids.ts';
import { DEFAULT_NOTIFICATION_PREFERENCES } from '@holdfast/core/notification-preferences.ts';
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import { runSteps } from '@holdfast/core/steps.ts';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { createReminderClock } from './reminder-clock.ts';
import type { ReminderClock } from './reminder-clock.ts';

const MINUTE_MS = 60_000;
/** A Monday, 14:00 in UTC. */
const START = Date.UTC(2026, 10, 23, 14, 0);

interface Bench {
  readonly document: HoldfastDocument;
  readonly clock: ReminderClock;
  /** What was told, as "due Title" and "missed Title". */
  readonly told: string[];
  preferences: NotificationPreferences;
  add(title: string, due: string | null, before?: string): string;
  /** Runs every timer on the way, as a page that is awake does. */
  wait(ms: number): void;
  /** The machine sleeps: no timer runs, and then the page looks. */
  sleep(ms: number): void;
  /** Another device on the same document. */
  elsewhere(run: (document: HoldfastDocument) => void): void;
}

interface BenchOptions {
  since?: number;
  preferences?: Partial<NotificationPreferences>;
  /** What is there before the clock is. */
  before?: (add: Bench['add']) => void;
  inSteps?: (steps: Steps<void>) => void;
}

function bench(o: BenchOptions = {}): Bench {
  let at = START;
  let timer: { at: number; run: () => void } | null = null;
  const doc = new Y.Doc();
  const random = seeded();
  const document = openDocument({ doc, now: () => at as EpochMs, random });
  const told: string[] = [];
  const title = (id: string): string => document.task(id as never)?.title ?? id;
  const made = {
    document,
    told,
    preferences: { ...DEFAULT_NOTIFICATION_PREFERENCES, ...o.preferences },
    add(name: string, due: string | null, before?: string) {
      const [date, time] = (due ?? '').split(' ');
      const created = document.createTask({
        title: name,
        ...(due === null ? {} : { due: { date: date as LocalDate, ...(time ? { time } : {}) } }),
      });
      if (!created.ok) throw new Error(created.message);
      if (before !== undefined) document.addReminder(created.id, { before });
      return created.id;
    },
    wait(ms: number) {
      const until = at + ms;
      for (; timer && timer.at <= until;) {
        const { run } = timer;
        at = timer.at;
        timer = null;
        run();
      }
      at = until;
    },
    sleep(ms: number) {
      at += ms;
      made.clock.look();
    },
    elsewhere(run: (document: HoldfastDocument) => void) {
      const other = new Y.Doc();
      Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
      const there = openDocument({ doc: other, now: () => at as EpochMs, random });
      run(there);
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc)), 'elsewhere');
    },
  } as unknown as Bench & { clock: ReminderClock };
  o.before?.(made.add);
  made.clock = createReminderClock({
    document,
    now: () => at as EpochMs,
    preferences: () => made.preferences,
    since: o.since ?? START,
    onDue: (due) => told.push(...due.map(({ taskId }) => `due ${title(taskId)}`)),
    onMissed: (missed) => told.push(...missed.map(({ taskId }) => `missed ${title(taskId)}`)),
    onChange: () => undefined,
    after(delayMs, run) {
      const mine = { at: at + delayMs, run };
      timer = mine;
      return () => {
        if (timer === mine) timer = null;
      };
    },
    inSteps: o.inSteps ?? runSteps,
  });
  return made;
}

function seeded(): () => number {
  let state = 7;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

test('[N1] a reminder is told at its minute and once, whatever is edited around it', () => {
  const { add, wait, told, document } = bench();
  const id = add('Call Tom', '2026-11-23 15:00', 'PT15M');
  wait(44 * MINUTE_MS);
  expect(told).toEqual([]);
  wait(1 * MINUTE_MS);
  expect(told).toEqual(['due Call Tom']);
  document.editTask(id as never, { notes: 'His number is on the fridge' });
  wait(3 * 60 * MINUTE_MS);
  expect(told).toEqual(['due Call Tom']);
});

test('[N1] what is moved rings at its new time alone', () => {
  const { add, wait, told, document } = bench();
  const id = add('Call Tom', '2026-11-23 15:00', 'PT0M');
  document.editTask(id as never, { due: { date: '2026-11-23' as LocalDate, time: '16:00' } });
  wait(90 * MINUTE_MS);
  expect(told).toEqual([]);
  wait(30 * MINUTE_MS);
  expect(told).toEqual(['due Call Tom']);
});

test('[N2] what is done, skipped or thrown away elsewhere does not ring, and a snooze takes its place', () => {
  const { add, wait, told, elsewhere } = bench();
  const done = add('Done there', '2026-11-23 15:00', 'PT0M');
  const gone = add('Thrown away there', '2026-11-23 15:00', 'PT0M');
  const snoozed = add('Snoozed there', '2026-11-23 15:00', 'PT0M');
  elsewhere((there) => {
    there.completeTask(done as never);
    there.trashTask(gone as never);
    there.snooze(snoozed as never, (START + 120 * MINUTE_MS) as EpochMs);
  });
  wait(119 * MINUTE_MS);
  expect(told).toEqual([]);
  wait(1 * MINUTE_MS);
  expect(told).toEqual(['due Snoozed there']);
});

test('[N3] a page that slept tells what is late by less than a quarter of an hour as due, the rest as missed', () => {
  const { add, sleep, told } = bench();
  add('Long ago', '2026-11-23 15:00', 'PT0M');
  add('Just now', '2026-11-23 17:50', 'PT0M');
  sleep(4 * 60 * MINUTE_MS);
  expect(told.sort()).toEqual(['due Just now', 'missed Long ago']);
  sleep(60 * MINUTE_MS);
  expect(told).toHaveLength(2);
});

test('[N3] a clock that is set back repeats nothing', () => {
  const { add, wait, sleep, told } = bench();
  add('Call Tom', '2026-11-23 14:10', 'PT0M');
  wait(10 * MINUTE_MS);
  sleep(-60 * MINUTE_MS);
  wait(120 * MINUTE_MS);
  expect(told).toEqual(['due Call Tom']);
});

test('[N4] a date in the past rings for nobody; one from another device that has just passed does', () => {
  const { add, wait, told, elsewhere } = bench();
  add('Written too late', '2026-11-23 13:59', 'PT0M');
  expect(told).toEqual([]);
  wait(10 * MINUTE_MS);
  elsewhere((there) => {
    for (const [title, time] of [
      ['Arrived late', '14:05'],
      ['Arrived much too late', '13:00'],
    ] as const) {
      const created = there.createTask({ title, due: { date: '2026-11-23' as LocalDate, time } });
      if (created.ok) there.addReminder(created.id, { before: 'PT0M' });
    }
  });
  expect(told).toEqual(['due Arrived late']);
});

test('[N5] quiet hours put a reminder off until they end', () => {
  const { add, wait, told } = bench({ preferences: { quietHours: { from: '14:30', to: '16:00' } } });
  add('In the quiet', '2026-11-23 15:00', 'PT0M');
  add('Before it', '2026-11-23 14:29', 'PT0M');
  wait(119 * MINUTE_MS);
  expect(told).toEqual(['due Before it']);
  wait(1 * MINUTE_MS);
  expect(told).toEqual(['due Before it', 'due In the quiet']);
});

test('[N5] the default reminder and the hour for whole days are the person’s, and a change counts from now', () => {
  const made = bench({ preferences: { defaultReminder: 'PT30M', allDayTime: '15:00' } });
  made.add('With a time', '2026-11-23 15:10');
  made.add('All day', '2026-11-23', 'PT0M');
  made.wait(40 * MINUTE_MS);
  expect(made.told).toEqual(['due With a time']);
  made.preferences = { ...made.preferences, allDayTime: '14:20' };
  made.clock.replan();
  made.wait(60 * MINUTE_MS);
  expect(made.told).toEqual(['due With a time']);
});

test('[N23] planned in steps, with edits in between, the same is told', () => {
  let held: Steps<void> | undefined;
  let ids: string[] = [];
  const { add, told, document, elsewhere, wait, clock } = bench({
    since: START - 3 * 60 * MINUTE_MS,
    before: (first) => {
      ids = [
        first('Long ago', '2026-11-23 10:30', 'PT0M'),
        first('Missed', '2026-11-23 12:00', 'PT0M'),
        first('Missed, edited there', '2026-11-23 12:30', 'PT0M'),
        first('Edited here', '2026-11-23 15:00', 'PT0M'),
        first('To come', '2026-11-23 16:00', 'PT0M'),
      ];
    },
    inSteps: (steps) => (held = steps),
  });
  const [, , there, here, toCome] = ids;
  held?.next();
  elsewhere((other) => other.editTask(there as never, { notes: 'From the other device' }));
  document.editTask(here as never, { due: { date: '2026-11-23' as LocalDate, time: '13:00' } });
  add('In the past, written now', '2026-11-23 13:30', 'PT0M');
  const [occurrence] = document.openOccurrences(toCome as never);
  const [reminder] = document.task(toCome as never)?.reminders ?? [];
  const key = `${occurrence?.id}/${reminder?.id}/${Date.UTC(2026, 10, 23, 16)}`;
  expect(clock.isCurrent(key, toCome ?? '')).toBe(true);
  if (held) runSteps(held);
  expect(told.sort()).toEqual(['missed Missed', 'missed Missed, edited there']);
  wait(180 * MINUTE_MS);
  expect(told.slice(2)).toEqual(['due To come']);
});

test('[N23] a change of the preferences while it plans begins the plan again', () => {
  const rounds: Steps<void>[] = [];
  const each = bench({
    since: START - 3 * 60 * MINUTE_MS,
    before: (first) => {
      first('Water the plants', '2026-11-23');
      first('Call Tom', '2026-11-23 12:00', 'PT0M');
      first('Pay rent', '2026-11-23 15:00');
    },
    preferences: { allDayTime: '15:30', defaultReminder: null },
    inSteps: (steps) => rounds.push(steps),
  });
  rounds[0]?.next();
  each.preferences = { ...each.preferences, allDayTime: '16:00', defaultReminder: 'PT0M' };
  each.clock.replan();
  const [left, current] = rounds;
  if (left) runSteps(left);
  expect(each.told).toEqual([]);
  if (current) runSteps(current);
  expect(each.told).toEqual(['missed Call Tom']);
  each.wait(180 * MINUTE_MS);
  expect(each.told.slice(1)).toEqual(['due Pay rent']);
});
