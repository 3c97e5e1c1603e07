/** The projection: rows of the log become rows of tasks, occurrences, lists and tags. On a real Postgres. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { foldText } from '@holdfast/core/fold.ts';
import { createReplica, must, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import { compact } from '@holdfast/db/compaction.ts';
import type { ProjectedChange, ProjectionEffect } from '@holdfast/workers/projection/effect.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import { measureProjectionJob } from '@holdfast/workers/projection/measure-job.ts';
import { CAME_LATER } from '@holdfast/workers/projection/project.ts';
import { beginsAfterMs, restMs } from '@holdfast/workers/projection/job.ts';
import { compareSpace, reconcileSpace } from '@holdfast/workers/projection/reconcile.ts';
import { readingOf, readingOfTables, storedDocument } from './reading.ts';
import { ANN, openSpace, recordUpdates, type Space } from './space.ts';

const DAY_MS = 24 * 60 * 60_000;

let space: Space;
let ann: Replica;
let updates: ReturnType<typeof recordUpdates>;

beforeEach(async () => {
  space = await openSpace();
  ann = createReplica(7);
  updates = recordUpdates(ann.doc);
});

afterEach(() => space.stop());

async function append(): Promise<void> {
  await space.append(updates.take());
}

async function expectEqual(spaceId = space.id): Promise<void> {
  const document = await storedDocument(space.database, spaceId);
  expect(await readingOfTables(space.database, spaceId)).toEqual(readingOf(document));
}

const audited = () => space.database.kysely.selectFrom('audit').selectAll().orderBy('seq').execute();
const aside = () => space.database.kysely.selectFrom('quarantine').selectAll().orderBy('seq').execute();

const cursor = (spaceId = space.id) =>
  space.database.kysely
    .selectFrom('projection_cursor')
    .selectAll()
    .where('space_id', '=', spaceId)
    .executeTakeFirst();

const seqOf = async (spaceId = space.id): Promise<number> => (await cursor(spaceId))?.seq ?? 0;

describe('what is projected', () => {
  test('[PJ1] what a space says is there as rows', async () => {
    const list = must(ann.document.createList({ name: 'Garden' })).id;
    const tag = must(ann.document.createTag({ name: 'soon' })).id;
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
    must(ann.document.addReminder(id, { before: 'PT30M' }));
    await append();
    await space.workers().runOnce();
    const [task] = await space.database.kysely.selectFrom('projected_task').selectAll().execute();
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
      reminders: [{ before: 'PT30M' }],
      created_by: 'ann',
    });
    await expectEqual();
    expect(await seqOf()).toBe(4);
    expect(space.log).toEqual([]);
  });

  test('[PJ1] the search vector holds title, tags and notes without accents and case', async () => {
    const tag = must(ann.document.createTag({ name: 'Gemüse' })).id;
    must(ann.document.createTask({ title: 'Größe prüfen', notes: 'bei ŁÓDŹ', tags: [tag] }));
    await append();
    const workers = space.workers();
    await workers.runOnce();
    const finds = async (words: string): Promise<boolean> => {
      const [row] = await space.database.run<{ found: boolean }>(
        {
          name: '',
          text: `SELECT bool_or(search @@ plainto_tsquery('simple', $1)) AS found FROM projected_task`,
        },
        [foldText(words)],
      );
      return row?.found ?? false;
    };
    expect(await finds('grösse GEMUSE')).toBe(true);
    expect(await finds('lodz')).toBe(true);
    expect(await finds('Obst')).toBe(false);
    must(ann.document.editTag(tag, { name: 'Obst' }));
    await append();
    await workers.runOnce();
    expect(await finds('Obst')).toBe(true);
  });

  test('[PJ1] only what was touched is written, and what is purged goes', async () => {
    const one = must(ann.document.createTask({ title: 'One' })).id;
    const two = must(ann.document.createTask({ title: 'Two' })).id;
    const seen: ProjectedChange[] = [];
    const effect: ProjectionEffect = (_tx, change) => Promise.resolve(void seen.push(change));
    const workers = space.workers({ effects: [effect] });
    await append();
    await workers.runOnce();
    must(ann.document.editTask(two, { title: 'Two!' }));
    await append();
    await workers.runOnce();
    expect(seen.map((change) => [...change.taskIds].sort())).toEqual([[one, two].sort(), [two]]);
    expect(seen[0]).toMatchObject({ spaceId: space.id, now: space.clock.ms });
    must(ann.document.trashTask(two));
    must(ann.document.purgeTask(two));
    await append();
    await workers.runOnce();
    const left = await space.database.kysely.selectFrom('projected_task').select('id').execute();
    expect(left).toEqual([{ id: one }]);
    expect(await space.database.kysely.selectFrom('projected_occurrence').selectAll().execute()).toHaveLength(
      1,
    );
  });

  test('[PJ2] of a series the head, what is reopened and the last hundred closed ones are there', async () => {
    const { id } = must(ann.document.createTask({ title: 'Water', due: { date: '2026-11-23' as never } }));
    must(ann.document.setRule(id, { rrule: 'FREQ=DAILY', missed: 'catch-up' }));
    for (let i = 0; i < 103; i++) must(ann.document.completeTask(id));
    must(ann.document.reopenOccurrence(id, 50));
    await append();
    await space.workers().runOnce();
    const rows = await space.database.kysely
      .selectFrom('projected_occurrence')
      .selectAll()
      .orderBy('ordinal')
      .execute();
    expect(rows.filter((row) => row.state === 'open').map((row) => row.ordinal)).toEqual([50, 103]);
    expect(rows.filter((row) => row.state === 'done')).toHaveLength(100);
    expect(rows.at(-1)?.body).toMatchObject({ due: { date: '2027-03-06' }, title: 'Water' });
    await expectEqual();
  });

  test('[PJ3] what Postgres cannot hold stops nothing: it is replaced, or cut, or left out', async () => {
    const odd = new Y.Doc();
    odd.clientID = 99;
    const map = odd.getMap('tasks');
    const rows = recordUpdates(odd);
    const t = ann.clock.ms * 1024;
    odd.transact(() => {
      map.set('a/born', { t, by: 'x' });
      map.set('a/title@2r', { v: 'nul \0 half \ud800 end \\u0000', t });
      map.set('a/done@2r', { v: { kind: 'done', at: 1e300 }, t });
      map.set('a/mood@2r', { v: { deep: [Number.NaN, 1n, new Uint8Array(3), 'x\0'] }, t });
      map.set('a/notes@2r', { v: 'n'.repeat(30_000), t });
      map.set(`${'b'.repeat(400)}/born`, { t, by: 'x' });
      map.set('c\0/born', { t, by: 'x' });
      map.set('d/born', 'what is this');
      map.set('e/born', { t: -1, by: 'y'.repeat(3000) });
    });
    await space.append(rows.take());
    await space.workers().runOnce();
    expect(space.log).toEqual([]);
    const tasks = await space.database.kysely
      .selectFrom('projected_task')
      .selectAll()
      .orderBy('id')
      .execute();
    expect(tasks.map((row) => row.id)).toEqual(['a', 'd', 'e']);
    expect(tasks[0]).toMatchObject({ title: 'nul \ufffd half \ufffd end \\u0000', closed_at: null });
    expect(tasks[0]?.notes).toHaveLength(30_000);
    const audit = await audited();
    const notes = audit.find((row) => row.field === 'notes');
    expect(notes?.after).toEqual({ $cut: 'n'.repeat(10_000), chars: 30_000 });
    expect(await compareSpace(space.database, space.id, space.clock.ms)).toBe(0);
  });
});

describe('rows that come as they come', () => {
  test('[PJ4] duplicated, merged and late rows end alike, and every change is told once', async () => {
    const ben = createReplica(8);
    const bens = recordUpdates(ben.doc);
    const { id } = must(ann.document.createTask({ title: 'One' }));
    await append();
    sync(ann, ben);
    updates.take();
    bens.take();
    must(ben.document.editTask(id, { title: 'From Ben' }));
    must(ben.document.completeTask(id));
    const late = bens.take();
    must(ann.document.editTask(id, { notes: 'From Ann' }));
    must(ann.document.editTask(id, { priority: 'low' }));
    const both = updates.take();
    await space.append([Y.mergeUpdates(both), ...both]);
    const workers = space.workers({ maxRows: 2 });
    await workers.runOnce();
    const before = await audited();
    await space.append([...late, ...both, Y.mergeUpdates(late)], { userId: 'ben', deviceId: 'phone' });
    await workers.runOnce();
    await expectEqual();
    const audit = await audited();
    expect(audit.slice(before.length).map((row) => [row.field, row.user_id, row.device_id])).toEqual([
      ['title', 'ben', 'phone'],
      ['done', 'ben', 'phone'],
    ]);
    expect(before.filter((row) => row.field === 'priority')).toMatchObject([{ user_id: 'ann' }]);
  });

  test('[PJ5] a row that waits for a later one is applied after it; what never comes is set aside in the end', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    must(ann.document.editTask(id, { title: 'Two' }));
    must(ann.document.editTask(id, { priority: 'high' }));
    const [born, two, high] = updates.take() as [Uint8Array, Uint8Array, Uint8Array];
    const workers = space.workers();
    await space.append([two, born], ANN, new Date(space.clock.ms));
    await workers.runOnce();
    await expectEqual();
    expect(await seqOf()).toBe(2);

    must(ann.document.editTask(id, { title: 'Three' }));
    const [three] = updates.take() as [Uint8Array];
    await space.append([three], ANN, new Date(space.clock.ms));
    const ben = createReplica(8);
    const bens = recordUpdates(ben.doc);
    must(ben.document.createTask({ title: 'Of Ben' }));
    await space.append(bens.take(), { userId: 'ben', deviceId: null }, new Date(space.clock.ms));
    await workers.runOnce();
    // Nothing of a document with a gap: also what comes after it waits a little.
    expect(await seqOf()).toBe(2);
    space.clock.ms += 61_000;
    await workers.runOnce();
    expect(await seqOf()).toBe(4);
    expect(await aside()).toMatchObject([{ seq: 3 }]);
    expect((await readingOfTables(space.database, space.id)).tasks).toHaveLength(2);

    await space.append([high], ANN, new Date(space.clock.ms));
    await workers.runOnce();
    await workers.runOnce();
    await expectEqual();
    expect((await readingOfTables(space.database, space.id)).tasks).toContainEqual(
      expect.objectContaining({ title: 'Three', priority: 3 }),
    );
    const [title] = (await audited()).filter((row) => row.after === 'Three');
    expect(title).toMatchObject({ user_id: 'ann', before: 'Two' });
  });

  test('[PJ6] a row that cannot be applied is set aside by name and the space goes on', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    await append();
    await space.append([new Uint8Array([1, 1, 5, 0, 12, 0]), new Uint8Array([7])]);
    must(ann.document.editTask(id, { title: 'Two' }));
    await append();
    await space.workers().runOnce();
    expect((await aside()).map((row) => row.seq)).toEqual([2, 3]);
    expect(await seqOf()).toBe(4);
    await expectEqual();
    // Nothing but such a row: the cursor comes past it too.
    await space.append([new Uint8Array([7])]);
    await space.workers().runOnce();
    await space.workers().runOnce();
    expect(await seqOf()).toBe(5);
  });
});

describe('more than one at a time', () => {
  test('[PJ7] two processes on one database have every effect once', async () => {
    const others = [await space.another(), await space.another(), await space.another()];
    const two = [space.workers({ maxRows: 3 }), space.workers({ maxRows: 5, isThreaded: true })];
    for (let round = 0; round < 4; round++) {
      for (const [n, spaceId] of [space.id, ...others].entries()) {
        const replica = createReplica(1000 + n * 10 + round);
        const rows = recordUpdates(replica.doc);
        for (let i = 0; i < 12; i++) must(replica.document.createTask({ title: `${round}.${i}` }));
        await space.appendTo(spaceId, rows.take());
      }
      await Promise.all(two.map((workers) => workers.runOnce()));
    }
    for (const workers of two) await workers.runOnce();
    for (const spaceId of [space.id, ...others]) {
      await expectEqual(spaceId);
      const audit = await space.database.kysely
        .selectFrom('audit')
        .select(['seq', 'field'])
        .where('space_id', '=', spaceId)
        .orderBy('seq')
        .execute();
      expect(audit.map((row) => row.seq)).toEqual(audit.map((_, i) => i + 1));
      expect(audit.filter((row) => row.field === 'born')).toHaveLength(48);
      const events = await space.database.kysely
        .selectFrom('outbox')
        .select('id')
        .where('space_id', '=', spaceId)
        .execute();
      expect(new Set(events.map((event) => event.id)).size).toBe(48);
      expect(events).toHaveLength(48);
    }
    expect(space.log).toEqual([]);
  });

  test('[PJ8] a turn that fails leaves nothing behind, is tried again later, and delays no other space', async () => {
    let isBroken = true;
    const effect: ProjectionEffect = (_tx, { spaceId }) =>
      isBroken && spaceId === space.id ? Promise.reject(new Error('no room')) : Promise.resolve();
    const workers = space.workers({ effects: [effect] });
    const other = await space.another();
    must(ann.document.createTask({ title: 'One' }));
    const rows = updates.take();
    await space.append(rows);
    await space.appendTo(other, rows);
    await workers.runOnce();
    expect(await seqOf(other)).toBe(1);
    expect(await cursor()).toMatchObject({ seq: 0, failures: 1, error: 'no room' });
    expect((await readingOfTables(space.database, space.id)).tasks).toEqual([]);
    expect((await audited()).filter((row) => row.space_id === space.id)).toEqual([]);
    isBroken = false;
    await workers.runOnce();
    expect(await seqOf()).toBe(0);
    space.clock.ms += 2000;
    await workers.runOnce();
    expect(await cursor()).toMatchObject({ seq: 1, failures: 0, error: null, retry_at: null });
    await expectEqual();
    expect((await audited()).map((row) => row.seq)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test('[PJ14] what is behind is measured while nothing projects; what was set aside and came later counts no more', async () => {
    const gauges = new Map<string, () => number>();
    const metrics = {
      ...NO_METRICS,
      gauge: (name: string, _: string, read: () => number) => gauges.set(name, read),
    };
    const job = measureProjectionJob({ database: space.database, metrics });
    const measured = async (name: string): Promise<number | undefined> => {
      await job.turn({ now: () => space.clock.ms, isStopping: false });
      return gauges.get(`holdfast_projection_${name}`)?.();
    };
    expect(await measured('lag_rows')).toBe(0);
    must(ann.document.createTask({ title: 'Nobody reads this' }));
    await append();
    space.clock.ms += 400_000;
    expect(await measured('lag_rows')).toBeGreaterThan(0);
    expect(await measured('lag_seconds')).toBeGreaterThan(300);

    const { database, id } = space;
    await database.kysely
      .insertInto('quarantine')
      .values({ space_id: id, seq: 1, error: 'It waits.' })
      .execute();
    expect(await measured('quarantined_rows')).toBe(1);
    await database.kysely.updateTable('quarantine').set({ error: CAME_LATER }).execute();
    expect(await measured('quarantined_rows')).toBe(0);
  });

  test('[PJ9] an edit never waits for the projection: it locks nothing that an append needs', async () => {
    const reached = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const effect: ProjectionEffect = async () => {
      reached.resolve();
      await mayEnd.promise;
    };
    must(ann.document.createTask({ title: 'One' }));
    await append();
    const running = space.workers({ effects: [effect] }).runOnce();
    await reached.promise;
    must(ann.document.createTask({ title: 'Two' }));
    await append();
    mayEnd.resolve();
    await running;
  });

  test('[PJ10] beside a server that is busy or has just started it works a fifth of the time, and leaves the first seconds to who comes back', () => {
    const later = { sinceStartMs: 60_000 };
    expect(restMs({ hintsPerSecond: 0, ...later }, 500)).toBe(0);
    expect(restMs({ hintsPerSecond: 3, ...later }, 500)).toBe(0);
    expect(restMs({ hintsPerSecond: 200, ...later }, 500)).toBe(2000);
    expect(restMs({ hintsPerSecond: 200, ...later }, 5000)).toBe(3000);
    expect(restMs({ hintsPerSecond: 10, ...later }, 10)).toBe(40);
    expect(restMs({ hintsPerSecond: 0, sinceStartMs: 2000 }, 500)).toBe(2000);
    expect([beginsAfterMs(10), beginsAfterMs(10_000)]).toEqual([0, 2000]);
  });
});

describe('what is kept and what is proven', () => {
  const keep = (): { snapshots: number; rowsAfter: Date } => ({
    snapshots: 3,
    rowsAfter: new Date(Date.now() + DAY_MS),
  });

  async function snapshot(): Promise<void> {
    const { buildSnapshot } = await import('@holdfast/workers/build-snapshot.ts');
    await compact(space.database, space.id, keep(), (base, rows) =>
      Promise.resolve(
        buildSnapshot({
          snapshot: base?.body ?? null,
          rows: rows.map((row) => ({ seq: row.seq, body: row.body, receivedAtMs: 0 })),
          nowMs: Date.now(),
          patienceMs: 0,
        }),
      ),
    );
  }

  test('[PJ11] compaction removes nothing that is not projected, nor what it would be projected from', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    await append();
    const workers = space.workers();
    for (let i = 0; i < 3; i++) {
      must(ann.document.editTask(id, { title: `${i}` }));
      await append();
      await snapshot();
    }
    expect((await space.database.kysely.selectFrom('update_log').select('seq').execute()).length).toBe(4);
    await workers.runOnce();
    for (let i = 3; i < 8; i++) {
      must(ann.document.editTask(id, { title: `${i}` }));
      await append();
      await snapshot();
    }
    const snapshots = await space.database.kysely
      .selectFrom('snapshot')
      .select('seq')
      .orderBy('seq')
      .execute();
    expect(snapshots.map((row) => row.seq)).toEqual([4, 7, 8, 9]);
    // Another process, which holds no replica: snapshot 4 and the rows after it are all it has.
    await space.workers().runOnce();
    await expectEqual();
    expect((await audited()).filter((row) => row.field === 'title')).toHaveLength(9);
  });

  test('[PJ11] where the past is gone, what is there is projected as it is', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    must(ann.document.editTask(id, { title: 'Two' }));
    await append();
    await snapshot();
    await space.database.run({ name: '', text: 'DELETE FROM update_log' }, []);
    const workers = space.workers();
    await workers.runOnce();
    expect(await seqOf()).toBe(2);
    await expectEqual();
    must(ann.document.editTask(id, { title: 'Three' }));
    await append();
    await workers.runOnce();
    await expectEqual();
    expect(await audited()).toMatchObject([{ field: 'title', before: 'Two', after: 'Three' }]);
  });

  test('[PJ12] comparing with the document finds every row that differs, in every column, and mends it', async () => {
    const tag = must(ann.document.createTag({ name: 'soon' })).id;
    for (let i = 0; i < 6; i++) must(ann.document.createTask({ title: `Task ${i}`, tags: [tag] }));
    must(ann.document.createList({ name: 'Garden' }));
    await append();
    const workers = space.workers();
    await workers.runOnce();
    const compared = () => compareSpace(space.database, space.id, space.clock.ms);
    expect(await compared()).toBe(0);
    for (const text of [
      `UPDATE projected_task SET title = 'changed' WHERE title = 'Task 0'`,
      `UPDATE projected_task SET search = '' WHERE title = 'Task 1'`,
      `DELETE FROM projected_task WHERE title = 'Task 2'`,
      `UPDATE projected_occurrence SET state = 'done' WHERE body->>'title' = 'Task 3'`,
      `INSERT INTO projected_task (space_id, id, title, notes, status, priority, created_at, updated_at, digest)
         SELECT space_id, 'stray', 'Stray', '', 'open', 0, now(), now(), '' FROM projected_tag`,
      `UPDATE projected_list SET name = 'Yard'`,
      `DELETE FROM projected_tag`,
    ]) {
      await space.database.run({ name: '', text }, []);
    }
    expect(await compared()).toBe(7);
    // By the job, a day later.
    space.clock.ms += 2 * DAY_MS;
    await workers.runOnce();
    expect(await cursor()).toMatchObject({ drift: 7, reconciled_at: new Date(space.clock.ms) });
    expect(space.log.map((line) => line.message)).toEqual([
      'rows of the projection differed from the document and were mended',
    ]);
    expect(await compared()).toBe(0);
    await expectEqual();
    expect(await reconcileSpace(space.database, [], space.id, space.clock.ms)).toBe(0);
    expect(await cursor()).toMatchObject({ drift: 0 });
  });
});
