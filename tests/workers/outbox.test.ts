/** The outbox: what a program outside is told, once for each thing that someone did. On a real Postgres. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createReplica, must, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import { openSpace, recordUpdates, type Space } from './space.ts';

let space: Space;
let ann: Replica;
let updates: ReturnType<typeof recordUpdates>;

beforeEach(async () => {
  space = await openSpace();
  ann = createReplica(7);
  updates = recordUpdates(ann.doc);
});

afterEach(() => space.stop());

const outbox = (spaceId = space.id) =>
  space.database.kysely
    .selectFrom('outbox')
    .selectAll()
    .where('space_id', '=', spaceId)
    .orderBy('seq')
    .execute();

test('[OB1] each thing done is one event of its type, in order, with its changes and the task', async () => {
  const { document } = ann;
  const { id } = must(document.createTask({ title: 'One', priority: 'low' }));
  must(document.editTask(id, { title: 'Two', priority: 'high' }));
  must(document.completeTask(id));
  must(document.reopenTask(id));
  must(document.cancelTask(id));
  must(document.reopenTask(id));
  must(document.editTask(id, { due: { date: '2026-11-23' as never } }));
  must(document.setRule(id, { rrule: 'FREQ=DAILY' }));
  must(document.completeTask(id));
  must(document.skipOccurrence(id));
  must(document.reopenOccurrence(id, 1));
  must(document.trashTask(id));
  must(document.restoreTask(id));
  must(document.trashTask(id));
  must(document.purgeTask(id));
  const list = must(document.createList({ name: 'Garden' })).id;
  must(document.editList(list, { name: 'Yard' }));
  must(document.trashList(list));
  must(document.restoreList(list));
  must(document.createTag({ name: 'soon' }));
  await space.append(updates.take());
  await space.workers().runOnce();
  const events = await outbox();
  expect(events.map((event) => event.type.replace('dev.holdfast.', ''))).toEqual([
    'task.created',
    'task.updated',
    'task.completed',
    'task.reopened',
    'task.skipped',
    'task.reopened',
    'task.updated',
    'task.updated',
    'task.completed',
    'occurrence.opened',
    'task.skipped',
    'occurrence.opened',
    'task.reopened',
    'occurrence.opened',
    'task.trashed',
    'task.restored',
    'task.trashed',
    'task.purged',
    'list.created',
    'list.updated',
    'list.trashed',
    'list.restored',
    'tag.created',
  ]);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
  expect(events[1]?.subject).toBe(id);
  expect(events[1]?.data).toMatchObject({
    taskId: id,
    userId: 'ann',
    changes: [
      { field: 'priority', before: 'low', after: 'high' },
      { field: 'title', before: 'One', after: 'Two' },
    ],
  });
  expect(events[8]).toMatchObject({ subject: `${id}#0`, data: { taskId: id, ordinal: 0 } });
});

test('[OB1] an event holds the task as the API tells it', async () => {
  const tag = must(ann.document.createTag({ name: 'errands' })).id;
  const { id } = must(
    ann.document.createTask({
      title: 'One',
      tags: [tag],
      due: { date: '2026-11-24' as never, time: '09:00', timeZone: 'Europe/Berlin' },
    }),
  );
  await space.append(updates.take());
  await space.workers().runOnce();
  const event = (await outbox()).at(-1);
  expect((event?.data as { task: object }).task).toMatchObject({
    id,
    title: 'One',
    tags: ['errands'],
    status: 'open',
    priority: 'none',
    due: '2026-11-24T09:00',
    timeZone: 'Europe/Berlin',
    recurrence: null,
    completedAt: null,
  });
});

test('[OB2] the same deed has the same id, however its rows are batched', async () => {
  const { id } = must(ann.document.createTask({ title: 'One', due: { date: '2026-11-23' as never } }));
  must(ann.document.setRule(id, { rrule: 'FREQ=DAILY' }));
  must(ann.document.completeTask(id));
  const rows = updates.take();
  await space.append(rows);
  await space.workers({ maxRows: 1 }).runOnce();
  const first = await outbox();
  // As after a restore of an older state: everything is projected again.
  await space.database.run({ name: '', text: 'ALTER TABLE audit DISABLE TRIGGER USER' }, []);
  for (const text of [
    'DELETE FROM audit',
    'DELETE FROM outbox',
    'UPDATE projection_cursor SET seq = 0, audit_seq = 0, audit_hash = NULL, outbox_seq = 0',
  ]) {
    await space.database.run({ name: '', text }, []);
  }
  await space.workers().runOnce();
  const again = await outbox();
  expect(again.map((event) => event.id)).toEqual(first.map((event) => event.id));
  expect(new Set(again.map((event) => event.id)).size).toBe(4);
});

test('[OB3] what does not stand or comes again is no event', async () => {
  const { id } = must(ann.document.createTask({ title: 'One' }));
  const ben = createReplica(8);
  sync(ann, ben);
  const bens = recordUpdates(ben.doc);
  must(ann.document.editTask(id, { title: 'Earlier' }));
  ben.clock.ms += 1000;
  must(ben.document.editTask(id, { title: 'Later' }));
  const [born, earlier] = updates.take() as [Uint8Array, Uint8Array];
  await space.append([born, ...bens.take(), earlier, born, Y.encodeStateAsUpdate(ben.doc)]);
  await space.workers().runOnce();
  const events = await outbox();
  expect(events.map((event) => (event.data as { changes: object[] }).changes.at(-1))).toEqual([
    { field: 'title', before: null, after: 'One' },
    { field: 'title', before: 'One', after: 'Later' },
  ]);
});
