import { expect, test } from 'vitest';
import type { EpochMs, LocalDate, TaskId } from './document.ts';
import { mayRemind, reminders } from './reminders.ts';
import { createReplica, must, type Replica } from './testing/replica.ts';

const PERSON = { timeZone: 'Europe/Berlin', allDayTime: '09:00', defaultBefore: null as string | null };

function ring({ document }: Replica, person: Partial<typeof PERSON> = {}): { at: string; key: string }[] {
  return reminders({
    tasks: document.tasks(),
    openOccurrences: document.openOccurrences,
    from: Date.UTC(2026, 0, 1) as EpochMs,
    to: Date.UTC(2028, 0, 1) as EpochMs,
    person: { ...PERSON, ...person },
  }).map(({ at, key }) => ({ at: new Date(at).toISOString().slice(0, 16), key }));
}

const times = (...input: Parameters<typeof ring>): string[] => ring(...input).map(({ at }) => at);

function task(date: string, time?: string): { one: Replica; id: TaskId } {
  const one = createReplica(1);
  const due = { date: date as LocalDate, ...(time === undefined ? {} : { time, timeZone: 'Europe/Berlin' }) };
  return { one, id: must(one.document.createTask({ title: 'x', due })).id };
}

test('[RM1] several, before and at an instant; the default only where there is none', () => {
  const { one, id } = task('2026-12-01', '10:00');
  expect(times(one)).toEqual([]);
  expect(times(one, { defaultBefore: 'PT10M' })).toEqual(['2026-12-01T08:50']);
  must(one.document.addReminder(id, { before: 'PT30M' }));
  const late = must(one.document.addReminder(id, { at: '2026-11-30T12:00:00Z' })).id;
  expect(times(one, { defaultBefore: 'PT10M' })).toEqual(['2026-11-30T12:00', '2026-12-01T08:30']);
  must(one.document.removeReminder(id, late));
  expect(times(one)).toEqual(['2026-12-01T08:30']);
  expect(one.document.addReminder(id, { before: 'soon' })).toMatchObject({ ok: false, code: 'invalid' });
});

test('[RM2] the key is the same for the same firing and another at another time', () => {
  const { one, id } = task('2026-12-01', '10:00');
  must(one.document.addReminder(id, { before: 'PT30M' }));
  const [first] = ring(one);
  must(one.document.editTask(id, { title: 'y' }));
  expect(ring(one)).toEqual([first]);
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  expect(ring(one)).toEqual([first]);
  must(one.document.completeTask(id));
  expect(ring(one)[0]?.at).toBe('2026-12-02T08:30');
  expect(ring(one)[0]?.key).not.toBe(first?.key);
});

test('[RM3] none for what is done, skipped, over or in the trash', () => {
  const { one, id } = task('2026-12-01', '10:00');
  must(one.document.addReminder(id, { before: 'PT0M' }));
  for (const close of ['completeTask', 'cancelTask', 'trashTask'] as const) {
    must(one.document[close](id));
    expect(times(one)).toEqual([]);
    must(one.document.undo());
    expect(times(one)).toHaveLength(1);
  }
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  must(one.document.skipOccurrence(id));
  expect(times(one)).toEqual(['2026-12-02T09:00']);
  must(one.document.endSeries(id));
  expect(times(one)).toEqual([]);
});

test('[RM4] a snooze takes the place of all up to its end, for that occurrence', () => {
  const { one, id } = task('2026-12-01', '10:00');
  must(one.document.addReminder(id, { before: 'PT30M' }));
  must(one.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  must(one.document.snooze(id, Date.UTC(2026, 11, 1, 9, 15) as EpochMs));
  expect(times(one)).toEqual(['2026-12-01T09:15']);
  must(one.document.completeTask(id));
  expect(times(one)).toEqual(['2026-12-02T08:30']);
});

test('[RM5] a date is at the hour of the person, and a day before is one of the wall clock', () => {
  const { one, id } = task('2026-10-25');
  must(one.document.addReminder(id, { before: 'P1D' }));
  expect(times(one)).toEqual(['2026-10-24T07:00']);
  expect(times(one, { timeZone: 'America/New_York' })).toEqual(['2026-10-24T13:00']);
});

test('[RM6] what can remind nobody is told without asking for anyone', () => {
  const may = ({ document }: Replica, id: TaskId): boolean =>
    mayRemind(document.task(id)?.reminders ?? [], document.openOccurrences(id));
  const eager = { defaultBefore: 'PT10M' };
  const { one: timed, id: timedId } = task('2026-12-01', '10:00');
  expect([may(timed, timedId), times(timed, eager).length]).toEqual([true, 1]);
  must(timed.document.completeTask(timedId));
  expect([may(timed, timedId), times(timed, eager).length]).toEqual([false, 0]);

  const { one, id } = task('2026-12-01');
  expect([may(one, id), times(one, eager).length]).toEqual([false, 0]);
  must(one.document.snooze(id, Date.UTC(2026, 11, 2) as EpochMs));
  expect([may(one, id), times(one, eager).length]).toEqual([true, 1]);
  must(one.document.snooze(id, null));
  expect([may(one, id), times(one, eager).length]).toEqual([false, 0]);
  must(one.document.editTask(id, { due: null }));
  must(one.document.addReminder(id, { at: '2026-11-30T12:00:00Z' }));
  expect([may(one, id), times(one, eager).length]).toEqual([true, 1]);
});
