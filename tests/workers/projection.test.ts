/** The projection: rows of the log become rows of tasks, occurrences, lists and tags. On a real Postgres. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReplica, must, type Replica } from '@holdfast/core/testing/replica.ts';
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

const tasks = () => space.database.kysely.selectFrom('projected_task').selectAll().orderBy('title').execute();

test('[PJ1] what a space says is there as rows', async () => {
  const list = must(ann.document.createList({ name: 'Garden' })).id;
  const tag = must(ann.document.createTag({ name: 'Größe' })).id;
  const { id } = must(
    ann.document.createTask({
      title: 'Water the plants',
      notes: 'A lot',
      due: { date: '2026-11-24' as never, time: '09:00', timeZone: 'Europe/Berlin' },
      priority: 'high',
      listId: list,
      tags: [tag],
    }),
  );
  await space.append(updates.take());
  const workers = space.workers();
  await workers.runOnce();
  expect(space.log).toEqual([]);
  const [task] = await tasks();
  expect(task).toMatchObject({
    id,
    title: 'Water the plants',
    notes: 'A lot',
    status: 'open',
    priority: 3,
    due: { date: '2026-11-24', time: '09:00', timeZone: 'Europe/Berlin' },
    due_date: '2026-11-24',
    due_at: new Date('2026-11-24T08:00:00Z'),
    list_id: list,
    tags: [tag],
    created_by: 'ann',
  });
});
