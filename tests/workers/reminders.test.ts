/** Rules [RE1] to [RE14] of workers/SPEC.md: from an edit in the log to what arrives at a push service. */
import type { EpochMs, LocalDate, TaskId } from '@holdfast/core/document.ts';
import { must } from '@holdfast/core/testing/replica.ts';
import { setMember } from '@holdfast/db/spaces.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from './reminder-world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld();
  await world.prefer({});
});

afterEach(() => world.stop());

/** Due 23 November 2026 at the time in Berlin, which is UTC+1; reminded of that long before. */
function task(time = '11:00', before = 'PT0M', date = '2026-11-23'): TaskId {
  const due = { date: date as LocalDate, time, timeZone: 'Europe/Berlin' };
  const { id } = must(world.ann.document.createTask({ title: 'Call Tom', due }));
  must(world.ann.document.addReminder(id, { before }));
  return id;
}

async function plan(): Promise<void> {
  await world.send();
  await world.turn();
}

const pushed = (): unknown[] => world.push.messages.map(({ payload }) => payload.kind);

test('[RE1] a reminder is planned when its edit is projected, fires at its time and is sent once', async () => {
  const { endpoint } = await world.subscribe();
  const id = task('11:00', 'PT30M');
  await plan();
  expect(await world.states()).toEqual(['2026-11-23T09:30 planned']);
  world.at('2026-11-23T09:29:59.999Z');
  await world.turn();
  expect(world.push.messages).toEqual([]);
  world.at('2026-11-23T09:30:00Z');
  await world.turn();
  await world.turn();
  const [row] = await world.rows();
  expect(row).toMatchObject({ state: 'sent', reason: null });
  expect(world.push.messages).toHaveLength(1);
  expect(world.push.messages[0]).toMatchObject({
    endpoint,
    payload: {
      v: 1,
      id: row?.id,
      tag: row?.key,
      kind: 'reminder',
      spaceId: world.spaceId,
      taskId: id,
      ordinal: 0,
    },
  });
  expect(world.announced).toEqual([{ kind: 'notify', spaceId: 'ann' }]);
  expect(world.log.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('[RE2] done, skipped or in the trash before it fires: nothing, and the reason stands', async () => {
  await world.subscribe();
  const [done, trashed, cancelled] = [task(), task(), task()];
  const series = task();
  must(world.ann.document.setRule(series, { rrule: 'FREQ=DAILY' }));
  await plan();
  must(world.ann.document.completeTask(done));
  must(world.ann.document.trashTask(trashed));
  must(world.ann.document.cancelTask(cancelled));
  must(world.ann.document.skipOccurrence(series));
  await plan();
  world.at('2026-11-23T10:00:00Z');
  await world.turn();
  expect((await world.states()).sort()).toEqual([
    '2026-11-23T10:00 cancelled done',
    '2026-11-23T10:00 cancelled skipped',
    '2026-11-23T10:00 cancelled skipped',
    '2026-11-23T10:00 cancelled trashed',
    '2026-11-24T10:00 planned',
  ]);
  expect(world.push.messages).toEqual([]);
});

test('[RE2] done in the log but not projected yet: the firing waits for the projection', async () => {
  await world.subscribe();
  const id = task();
  await plan();
  world.at('2026-11-23T10:00:00Z');
  must(world.ann.document.completeTask(id));
  await world.send();
  // As if the projection were at something else: its space cannot be taken for a moment.
  await world.database.kysely
    .updateTable('projection_cursor')
    .set({ retry_at: new Date(world.now + 1500) })
    .execute();
  await world.turn();
  expect(await world.states()).toEqual(['2026-11-23T10:00 planned']);
  world.at('2026-11-23T10:00:02Z');
  await world.turn();
  expect(await world.states()).toEqual(['2026-11-23T10:00 cancelled done']);
  expect(world.push.messages).toEqual([]);
});

test('[RE3] a space that cannot be projected holds its reminders back for five seconds, and no other space at all', async () => {
  await world.subscribe();
  task();
  await plan();
  world.at('2026-11-23T10:00:00Z');
  must(world.ann.document.createTask({ title: 'Another' }));
  await world.send();
  const stuck = { retry_at: new Date(world.now + 3_600_000) };
  await world.database.kysely.updateTable('projection_cursor').set(stuck).execute();
  await world.turn();
  world.at('2026-11-23T10:00:04.999Z');
  await world.turn();
  expect(world.push.messages).toEqual([]);
  world.at('2026-11-23T10:00:05Z');
  await world.turn();
  expect(pushed()).toEqual(['reminder']);
});

test('[RE4] moved, and moved back: planned anew each time, and what was sent is never sent again', async () => {
  await world.subscribe();
  const id = task();
  const { document } = world.ann;
  const due = (time: string): object => ({
    due: { date: '2026-11-23' as LocalDate, time, timeZone: 'Europe/Berlin' },
  });
  await plan();
  must(document.editTask(id, due('12:00')));
  await plan();
  expect(await world.states()).toEqual(['2026-11-23T10:00 cancelled moved', '2026-11-23T11:00 planned']);
  must(document.editTask(id, due('11:00')));
  await plan();
  expect(await world.states()).toEqual(['2026-11-23T10:00 planned', '2026-11-23T11:00 cancelled moved']);
  world.at('2026-11-23T10:00:00Z');
  await world.turn();
  must(document.editTask(id, due('12:30')));
  await plan();
  must(document.editTask(id, due('11:00')));
  await plan();
  await world.turn();
  expect(await world.states()).toEqual([
    '2026-11-23T10:00 sent',
    '2026-11-23T11:00 cancelled moved',
    '2026-11-23T11:30 cancelled moved',
  ]);
  expect(pushed()).toEqual(['reminder']);
});

test('[RE5] a snooze takes the place of what comes before its end, and comes again then', async () => {
  await world.subscribe();
  const id = task('11:00', 'PT30M');
  must(world.ann.document.addReminder(id, { before: 'PT0M' }));
  await plan();
  world.at('2026-11-23T09:30:00Z');
  await world.turn();
  must(world.ann.document.snooze(id, Date.parse('2026-11-23T10:15:00Z') as EpochMs));
  await plan();
  expect(await world.states()).toEqual([
    '2026-11-23T09:30 sent',
    '2026-11-23T10:00 cancelled snoozed',
    '2026-11-23T10:15 planned',
  ]);
  world.at('2026-11-23T10:15:00Z');
  await world.turn();
  expect(pushed().filter((kind) => kind === 'reminder')).toHaveLength(2);
});

test('[RE5] the next occurrence is planned when this one is closed, offline or not', async () => {
  await world.subscribe();
  const id = task();
  must(world.ann.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  await plan();
  must(world.ann.document.completeTask(id));
  await plan();
  expect(await world.states()).toEqual(['2026-11-23T10:00 cancelled done', '2026-11-24T10:00 planned']);
  world.at('2026-11-24T10:00:00Z');
  await world.turn();
  expect(world.push.messages.map(({ payload }) => payload.ordinal)).toEqual([1]);
});

test('[RE6] what was past when its edit came is not fired; restored tasks do not ring for the past', async () => {
  await world.subscribe();
  const id = task('11:00');
  must(world.ann.document.trashTask(id));
  world.at('2026-11-23T10:00:01Z');
  const late = task('11:00');
  await plan();
  must(world.ann.document.restoreTask(id));
  await plan();
  expect(await world.rows()).toEqual([]);
  must(world.ann.document.completeTask(late));
  await plan();
  expect(await world.rows()).toEqual([]);
});

test('[RE6] a turn that catches up fires what fell due between two of its edits, and not what was past before the first', async () => {
  await world.subscribe();
  world.at('2026-11-23T10:00:00Z');
  const due = task('11:05');
  const past = task('10:59');
  await world.send();
  world.at('2026-11-23T10:06:00Z');
  must(world.ann.document.editTask(due, { title: 'Renamed while the workers were away' }));
  must(world.ann.document.editTask(past, { priority: 'high' }));
  await world.send();
  world.at('2026-11-23T10:07:00Z');
  await world.turn();
  await world.turn();
  expect(world.push.messages.map(({ payload }) => payload.taskId)).toEqual([due]);
});

test('[RE6] a device that was offline for a week brings 500 edits and no reminder for what is past and done', async () => {
  await world.subscribe();
  const { document } = world.ann;
  const ids: TaskId[] = [];
  for (let n = 0; n < 100; n++) {
    const due = { date: '2026-11-24' as LocalDate, time: '09:00', timeZone: 'Europe/Berlin' };
    const { id } = must(document.createTask({ title: `Task ${n}`, due }));
    must(document.addReminder(id, { before: 'PT0M' }));
    must(document.editTask(id, { title: `Task ${n}, renamed` }));
    ids.push(id);
  }
  world.ann.clock.ms = Date.parse('2026-11-25T08:00:00Z');
  for (const id of ids.slice(0, 90)) must(document.completeTask(id));
  for (const id of ids.slice(90)) {
    const due = { date: '2026-12-05' as LocalDate, time: '09:00', timeZone: 'Europe/Berlin' };
    must(document.editTask(id, { due }));
  }
  world.at('2026-11-30T08:00:00Z');
  await plan();
  await world.turn();
  expect(world.push.messages).toEqual([]);
  expect(await world.states()).toEqual(Array.from({ length: 10 }, () => '2026-12-05T08:00 planned'));
});

test('[RE7] late by up to a quarter of an hour it is pushed; later it is missed, told in the app and not pushed', async () => {
  await world.subscribe();
  task('11:00');
  await plan();
  world.at('2026-11-23T10:15:00Z');
  await world.turn();
  expect(pushed()).toEqual(['reminder']);
  task('11:30');
  await plan();
  world.at('2026-11-23T10:45:00.001Z');
  await world.turn();
  expect(await world.states()).toEqual(['2026-11-23T10:00 sent', '2026-11-23T10:30 missed late']);
  expect(pushed()).toEqual(['reminder']);
  expect(world.announced).toHaveLength(2);
});

test('[RE7] known in time, but nobody was there to plan it: missed, or within the grace time fired', async () => {
  await world.subscribe();
  task('11:00');
  task('11:50');
  await world.send();
  world.at('2026-11-23T11:00:00Z');
  await world.turn();
  expect(await world.states()).toEqual(['2026-11-23T10:00 missed late', '2026-11-23T10:50 sent']);
  expect(pushed()).toEqual(['reminder']);
});

test('[RE8] another zone, hour or default in the preferences plans all of the person anew', async () => {
  const { document } = world.ann;
  must(
    document.addReminder(
      must(document.createTask({ title: 'Day', due: { date: '2026-11-25' as LocalDate } })).id,
      { before: 'PT0M' },
    ),
  );
  must(document.createTask({ title: 'Floating', due: { date: '2026-11-26' as LocalDate, time: '10:00' } }));
  await plan();
  expect(await world.states()).toEqual(['2026-11-25T08:00 planned']);
  await world.prefer({ timeZone: 'America/New_York', allDayTime: '08:00', defaultReminder: 'PT15M' });
  await world.turn();
  expect(await world.states()).toEqual([
    '2026-11-25T08:00 cancelled moved',
    '2026-11-25T13:00 planned',
    '2026-11-26T14:45 planned',
  ]);
});

test('[RE9] quiet hours hold, and at their end one digest tells what is open then', async () => {
  await world.subscribe();
  await world.prefer({ quietHours: { from: '22:00', to: '07:00' } });
  const [first, , third] = [task('22:30'), task('23:30'), task('06:59', 'PT0M', '2026-11-24')];
  await plan();
  world.at('2026-11-23T21:30:00Z');
  await world.turn();
  world.at('2026-11-23T22:30:00Z');
  await world.turn();
  expect(await world.states()).toEqual([
    '2026-11-23T21:30 held quiet-hours',
    '2026-11-23T22:30 held quiet-hours',
    '2026-11-24T05:59 planned',
    '2026-11-24T06:00 planned',
  ]);
  must(world.ann.document.completeTask(first as TaskId));
  await plan();
  world.at('2026-11-24T05:59:00Z');
  await world.turn();
  must(world.ann.document.trashTask(third as TaskId));
  await plan();
  expect(world.push.messages).toEqual([]);
  world.at('2026-11-24T06:00:00Z');
  await world.turn();
  await world.turn();
  expect(await world.states()).toEqual([
    '2026-11-23T21:30 cancelled done',
    '2026-11-23T22:30 sent digest',
    '2026-11-24T05:59 cancelled trashed',
    '2026-11-24T06:00 sent',
  ]);
  expect(pushed()).toEqual(['digest']);
});

test('[RE9] a digest of nothing is not sent; one in a night in which the clock changes comes at the hour of the wall clock', async () => {
  await world.subscribe();
  await world.prefer({ quietHours: { from: '22:00', to: '07:00' } });
  world.at('2026-10-24T12:00:00Z');
  const one = task('23:00', 'PT0M', '2026-10-24');
  await plan();
  world.at('2026-10-24T21:00:00Z');
  await world.turn();
  expect(await world.states()).toEqual(['2026-10-24T21:00 held quiet-hours', '2026-10-25T06:00 planned']);
  must(world.ann.document.completeTask(one));
  await plan();
  world.at('2026-10-25T06:00:00Z');
  await world.turn();
  expect(await world.states()).toEqual([
    '2026-10-24T21:00 cancelled done',
    '2026-10-25T06:00 cancelled nothing-open',
  ]);
  expect(world.push.messages).toEqual([]);
});

test('[RE9] quiet hours that are ended early let go of what they hold', async () => {
  await world.subscribe();
  await world.prefer({ quietHours: { from: '22:00', to: '07:00' } });
  task('22:30');
  await plan();
  world.at('2026-11-23T21:30:00Z');
  await world.turn();
  world.at('2026-11-23T21:40:00Z');
  await world.prefer({ quietHours: null });
  await world.turn();
  expect(pushed()).toEqual(['digest']);
});

test('[RE10] of several workers one sends, and each reminder once', async () => {
  await world.subscribe();
  for (let n = 0; n < 40; n++) task();
  await plan();
  const others = [1, 2].map(() => world.anotherWorker());
  world.at('2026-11-23T10:00:00Z');
  await Promise.all([world.workers, ...others].map((workers) => workers.runOnce()));
  await Promise.all([world.workers, ...others].map((workers) => workers.runOnce()));
  expect(world.push.messages).toHaveLength(40);
  expect(new Set(world.push.messages.map(({ payload }) => payload.id)).size).toBe(40);
});

test('[RE11] what a killed worker had claimed is free when its lease ends, and an old claim settles nothing', async () => {
  await world.subscribe();
  task();
  await plan();
  const claim = { state: 'sending', lease_by: crypto.randomUUID() } as const;
  await world.database.kysely
    .updateTable('notification')
    .set({ ...claim, lease_until: new Date('2026-11-23T10:00:10Z') })
    .execute();
  world.at('2026-11-23T10:00:09Z');
  await world.turn();
  expect(world.push.messages).toEqual([]);
  world.at('2026-11-23T10:00:10Z');
  await world.turn();
  expect(pushed()).toEqual(['reminder']);
});

test('[RE12] a completion while the push is being sent leaves one push, and closes it', async () => {
  await world.subscribe();
  const id = task();
  await plan();
  world.at('2026-11-23T10:00:00Z');
  const release = world.push.hold();
  const turn = world.turn();
  await world.push.requested(1);
  must(world.ann.document.completeTask(id));
  await world.send();
  const other = world.anotherWorker();
  const second = other.runOnce();
  await world.push.requested(2);
  release();
  await Promise.all([turn, second]);
  expect(pushed().sort()).toEqual(['close', 'reminder']);
});

test('[RE12] done elsewhere after it was sent: the other devices are asked to close it, once', async () => {
  await world.subscribe({ deviceId: 'device-7' });
  const phone = await world.subscribe({ deviceId: 'phone' });
  const id = task();
  must(world.ann.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  await plan();
  world.at('2026-11-23T10:00:00Z');
  await world.turn();
  const tag = world.push.messages[0]?.payload.tag;
  must(world.ann.document.completeTask(id));
  await plan();
  await world.turn();
  const closes = world.push.messages.filter(({ payload }) => payload.kind === 'close');
  expect(closes).toHaveLength(1);
  expect(closes[0]).toMatchObject({ endpoint: phone.endpoint, payload: { tag }, urgency: 'normal' });
});

test('[RE13] a reminder is for who made the task while they are a member, else for the owners', async () => {
  await setMember(world.database, world.spaceId, 'ben', 'editor');
  const [annsPhone, bensPhone] = [await world.subscribe(), await world.subscribe({ userId: 'ben' })];
  task('11:00');
  await world.send({ userId: 'ben' });
  task('12:00');
  await world.send();
  await world.turn();
  world.at('2026-11-23T10:00:00Z');
  await world.turn();
  world.at('2026-11-23T11:00:00Z');
  await world.turn();
  expect(world.push.messages.map(({ endpoint }) => endpoint)).toEqual([
    bensPhone.endpoint,
    annsPhone.endpoint,
  ]);
  task('13:00');
  await world.send({ userId: 'carla' });
  await world.turn();
  world.at('2026-11-23T12:00:00Z');
  await world.turn();
  expect(world.push.messages.at(-1)?.endpoint).toBe(annsPhone.endpoint);
});

test('[RE13] who left the space is not reminded any more', async () => {
  await setMember(world.database, world.spaceId, 'ben', 'editor');
  await world.subscribe({ userId: 'ben' });
  task();
  await world.send({ userId: 'ben' });
  await world.turn();
  await world.database.kysely.deleteFrom('member').where('user_id', '=', 'ben').execute();
  world.at('2026-11-23T10:00:00Z');
  await world.turn();
  expect(await world.states()).toEqual(['2026-11-23T10:00 cancelled over']);
  expect(world.push.messages).toEqual([]);
});

test('[RE14] the daily digest is one e-mail at its time, of what is open and due, every day', async () => {
  await world.prefer({ digestTime: '07:30', locale: 'de' });
  must(world.ann.document.createTask({ title: 'Überfällig', due: { date: '2026-11-20' as LocalDate } }));
  must(world.ann.document.createTask({ title: 'Later', due: { date: '2026-11-30' as LocalDate } }));
  const done = must(
    world.ann.document.createTask({ title: 'Done', due: { date: '2026-11-24' as LocalDate } }),
  ).id;
  must(world.ann.document.completeTask(done));
  await plan();
  await world.turn();
  world.at('2026-11-24T06:30:00Z');
  await world.turn();
  const [mail] = world.smtp.mails;
  expect(world.smtp.mails).toHaveLength(1);
  expect(mail).toMatchObject({ to: ['ann@example.org'], subject: '1 Aufgabe für heute' });
  expect(mail?.text).toContain('Überfällig');
  expect(await world.states()).toEqual(['2026-11-24T06:30 sent', '2026-11-25T06:30 planned']);
  expect(world.push.messages).toEqual([]);
});
