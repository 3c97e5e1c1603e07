/** The audit: who changed what, from what to what, claimed when and received when. On a real Postgres. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createReplica, must, START_MS, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import { writerOf } from '@holdfast/core/ids.ts';
import { CHAIN_START, chainHash } from '@holdfast/workers/audit/chain.ts';
import { verifyAllAudits, verifyAudit } from '@holdfast/workers/audit/verify.ts';
import { examineDatabase } from '@holdfast/deploy/doctor.ts';
import { openSpace, recordUpdates, type Space } from './space.ts';

const DAY_MS = 24 * 60 * 60_000;
const BEN = { userId: 'ben', deviceId: 'phone' };

let space: Space;
let ann: Replica;
let ben: Replica;
let anns: ReturnType<typeof recordUpdates>;
let bens: ReturnType<typeof recordUpdates>;

beforeEach(async () => {
  space = await openSpace();
  ann = createReplica(7);
  ben = createReplica(8);
  anns = recordUpdates(ann.doc);
  bens = recordUpdates(ben.doc);
});

afterEach(() => space.stop());

/** Both know everything; nothing of it is appended again. */
function meet(): void {
  sync(ann, ben);
  anns.take();
  bens.take();
}

const dayOf = (n: number): never => `2026-12-${String(10 + (n % 17))}` as never;

const audited = (spaceId = space.id) =>
  space.database.kysely
    .selectFrom('audit')
    .selectAll()
    .where('space_id', '=', spaceId)
    .orderBy('seq')
    .execute();

async function told(): Promise<unknown[][]> {
  return (await audited()).map((row) => [row.field, row.before, row.after, row.user_id, row.stands]);
}

async function workersAudit() {
  await space.workers().runOnce();
  return audited();
}

async function run(text: string): Promise<void> {
  await space.database.run({ name: '', text }, []);
}

describe('what is told', () => {
  test('[AU1] every field of every change, with both times, by whom and from which device', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    await space.append(anns.take());
    meet();
    ben.clock.ms += 5000;
    must(ben.document.editTask(id, { title: 'Two', priority: 'high' }));
    const receivedAt = new Date('2026-12-01T12:00:00.123Z');
    await space.append(bens.take(), BEN, receivedAt);
    await space.workers().runOnce();
    expect(await told()).toEqual([
      ['born', null, true, 'ann', true],
      ['order', null, expect.any(String), 'ann', true],
      ['title', null, 'One', 'ann', true],
      ['priority', null, 'high', 'ben', true],
      ['title', 'One', 'Two', 'ben', true],
    ]);
    expect((await audited()).at(-1)).toMatchObject({
      seq: 5,
      log_seq: 2,
      entity: 'task',
      entity_id: id,
      ordinal: null,
      device_id: 'phone',
      writer: writerOf(8),
      claimed_at: new Date(START_MS + 5000),
      received_at: receivedAt,
    });
  });

  test('[AU1] values that were overwritten before they were uploaded together are told one by one', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    for (const title of ['Two', 'Three']) {
      ann.clock.ms += 1000;
      must(ann.document.editTask(id, { title }));
    }
    await space.append([Y.mergeUpdates(anns.take())]);
    await space.workers().runOnce();
    const titles = (await told()).filter(([field]) => field === 'title');
    expect(titles).toEqual([
      ['title', null, 'One', 'ann', true],
      ['title', 'One', 'Two', 'ann', true],
      ['title', 'Two', 'Three', 'ann', true],
    ]);
  });

  test('[AU1] notes are told as text; lists, tags and occurrences have rows too', async () => {
    const list = must(ann.document.createList({ name: 'Garden' })).id;
    must(ann.document.editList(list, { name: 'Yard' }));
    const tag = must(ann.document.createTag({ name: 'soon' })).id;
    const { id } = must(
      ann.document.createTask({ title: 'Water', notes: 'some', due: { date: '2026-11-23' as never } }),
    );
    must(ann.document.tagTask(id, tag));
    must(ann.document.editTask(id, { notes: 'some more' }));
    must(ann.document.setRule(id, { rrule: 'FREQ=DAILY' }));
    must(ann.document.editOccurrence(id, 0, { title: 'Water twice' }));
    must(ann.document.trashTask(id));
    must(ann.document.purgeTask(id));
    await space.append(anns.take());
    await space.workers().runOnce();
    const rows = await audited();
    expect(rows.map((row) => `${row.entity}${row.ordinal ?? ''} ${row.field.slice(0, 4)}`)).toEqual([
      'list born',
      'list name',
      'list orde',
      'list name',
      'tag born',
      'tag name',
      'task born',
      'task due',
      'task note',
      'task orde',
      'task titl',
      'task tag/',
      'task note',
      'task rule',
      'task0 titl',
      'task tras',
      'task purg',
    ]);
    expect(rows[12]).toMatchObject({ before: 'some', after: 'some more' });
    expect(rows[14]).toMatchObject({ entity_id: id, before: null, after: { is: 'Water twice' } });
  });

  test('[AU1] lists, sections, tags and filters are told as tasks are', async () => {
    const list = must(ann.document.createList({ name: 'Garden' })).id;
    const section = must(ann.document.createSection({ listId: list, name: 'Beds' })).id;
    const other = must(ann.document.createSection({ listId: list, name: 'Pots' })).id;
    const tag = must(ann.document.createTag({ name: 'soon' })).id;
    const filter = must(ann.document.createFilter({ name: 'Late', query: 'overdue' })).id;
    await space.append(anns.take());
    meet();
    const born = (await workersAudit()).filter((row) => row.field === 'born');
    expect(born.map((row) => [row.entity, row.entity_id, row.after])).toEqual([
      ['list', list, true],
      ['section', section, { list }],
      ['section', other, { list }],
      ['tag', tag, true],
      ['filter', filter, true],
    ]);
    const seen = (await audited()).length;
    const at = ben.clock.ms + 5000;
    ben.clock.ms = at;
    must(ben.document.editList(list, { name: 'Yard', icon: 'garden', archived: true }));
    must(ben.document.editSection(section, { name: 'Rows' }));
    must(ben.document.moveSection(other, { before: section }));
    must(ben.document.trashSection(other));
    must(ben.document.editTag(tag, { color: 'red' }));
    must(ben.document.editFilter(filter, { query: 'p1' }));
    must(ben.document.trashFilter(filter));
    must(ben.document.restoreFilter(filter));
    const receivedAt = new Date('2026-12-01T12:00:00.123Z');
    await space.append(bens.take(), BEN, receivedAt);
    const rows = (await workersAudit()).slice(seen);
    expect(rows.map((row) => [row.entity, row.entity_id, row.field, row.before, row.after])).toEqual([
      ['list', list, 'archived', null, { at }],
      ['list', list, 'icon', null, 'garden'],
      ['list', list, 'name', 'Garden', 'Yard'],
      ['section', section, 'name', 'Beds', 'Rows'],
      ['section', other, 'order', expect.any(String), expect.any(String)],
      ['section', other, 'trashed', null, { at }],
      ['tag', tag, 'color', null, 'red'],
      ['filter', filter, 'query', 'overdue', 'p1'],
      ['filter', filter, 'trashed', null, { at }],
      ['filter', filter, 'trashed', { at }, null],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        user_id: 'ben',
        device_id: 'phone',
        writer: writerOf(8),
        claimed_at: new Date(at),
        received_at: receivedAt,
        stands: true,
        ordinal: null,
      });
    }
    expect(await verifyAudit(space.database, space.id)).toMatchObject({ broken: null });
  });

  test('[AU2] a concurrent change that does not stand is told and marked, whichever comes first', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    await space.append(anns.take());
    meet();
    ben.clock.ms += 60_000;
    must(ann.document.editTask(id, { title: 'Earlier' }));
    must(ben.document.editTask(id, { title: 'Later' }));
    await space.append(bens.take(), BEN);
    const workers = space.workers();
    await workers.runOnce();
    await space.append(anns.take());
    await workers.runOnce();
    expect((await told()).slice(3)).toEqual([
      ['title', 'One', 'Later', 'ben', true],
      ['title', 'Later', 'Earlier', 'ann', false],
    ]);
    const [task] = await space.database.kysely.selectFrom('projected_task').select('title').execute();
    expect(task?.title).toBe('Later');
  });

  test('[AU3] what comes again, in other rows, by other devices or carried by an undo, is told once', async () => {
    const { id } = must(ann.document.createTask({ title: 'One' }));
    meet();
    must(ann.document.editTask(id, { title: 'Of Ann' }));
    ben.clock.ms += 1000;
    must(ben.document.editTask(id, { title: 'Of Ben' }));
    sync(ann, ben);
    await space.append([Y.encodeStateAsUpdate(ann.doc)]);
    const workers = space.workers();
    await workers.runOnce();
    const before = await audited();
    await space.append([...anns.take(), ...bens.take(), Y.encodeStateAsUpdate(ben.doc)], BEN);
    await workers.runOnce();
    expect(await audited()).toEqual(before);
    expect(before.filter((row) => row.field === 'title').map((row) => [row.after, row.stands])).toEqual([
      ['Of Ann', true],
      ['Of Ben', true],
    ]);

    const [conflict] = ann.document.conflicts();
    if (conflict === undefined) throw new Error('no conflict');
    ann.clock.ms += 5000;
    must(ann.document.resolveConflict(conflict, { take: writerOf(7) }));
    must(ann.document.undo());
    await space.append(anns.take());
    await workers.runOnce();
    expect((await told()).slice(before.length).map(([, was, is]) => [was, is])).toEqual([
      ['Of Ben', 'Of Ann'],
      ['Of Ann', 'Of Ben'],
    ]);
    expect((await audited()).map((row) => row.seq)).toEqual((await audited()).map((_, i) => i + 1));
    expect(await verifyAudit(space.database, space.id)).toMatchObject({ broken: null });
  });

  test('[AU4] what nobody stamped is told under the row that brought it', async () => {
    const { id } = must(ann.document.createTask({ title: 'One', notes: 'some' }));
    await space.append(anns.take());
    const tasks = ann.doc.getMap('tasks');
    tasks.delete(`${id}/title@${writerOf(7)}`);
    (tasks.get(`${id}/notes`) as Y.Text).insert(4, ' text');
    await space.append(anns.take());
    await space.workers().runOnce();
    const rows = (await audited()).slice(-2);
    expect(rows).toMatchObject([
      { field: 'title', before: 'One', after: null, writer: '#2', stamp: 0 },
      { field: 'notes', before: 'some', after: 'some text', writer: '#3', stamp: 0 },
    ]);
    expect(rows[0]?.claimed_at).toEqual(rows[0]?.received_at);
  });

  test('[AU8] a week offline: 500 edits, each with the time it was made and the time it came', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => must(ann.document.createTask({ title: `${i}` })).id);
    await space.append(anns.take(), undefined, new Date(START_MS));
    meet();
    const made: number[] = [];
    for (let i = 0; i < 500; i++) {
      ben.clock.ms += (7 * DAY_MS) / 500;
      made.push(Math.floor(ben.clock.ms));
      const id = ids[i % 20] as (typeof ids)[number];
      if (i % 25 === 24) must(ben.document.editTask(id, { due: { date: dayOf(i) } }));
      else must(ben.document.editTask(id, { title: `edit ${i}` }));
    }
    const receivedAt = new Date(START_MS + 7 * DAY_MS + 1000);
    await space.append(bens.take(), BEN, receivedAt);
    const workers = space.workers({ maxRows: 64 });
    await workers.runOnce();
    const rows = (await audited()).filter((row) => row.user_id === 'ben');
    expect(rows).toHaveLength(500);
    expect(rows.map((row) => row.claimed_at.getTime())).toEqual(made);
    expect(rows.every((row) => row.received_at.getTime() === receivedAt.getTime())).toBe(true);
    expect(rows.every((row) => row.device_id === 'phone' && row.stands)).toBe(true);

    // A clock that is wrong by decades is kept as it says.
    ben.clock.ms = Date.UTC(2071, 0, 1);
    must(ben.document.editTask(ids[0] as (typeof ids)[number], { title: 'from afar' }));
    await space.append(bens.take(), BEN);
    await workers.runOnce();
    expect((await audited()).at(-1)).toMatchObject({
      after: 'from afar',
      claimed_at: new Date(Date.UTC(2071, 0, 1)),
    });
  });

  test('[AU9] the next occurrence is told once, whoever closed the one before, however they come', async () => {
    const { id } = must(ann.document.createTask({ title: 'Water', due: { date: '2026-11-23' as never } }));
    must(ann.document.setRule(id, { rrule: 'FREQ=DAILY', missed: 'catch-up' }));
    await space.append(anns.take());
    meet();
    must(ann.document.completeTask(id));
    must(ben.document.completeTask(id));
    must(ben.document.skipOccurrence(id));
    const [annsRows, bensRows] = [anns.take(), bens.take()];
    const workers = space.workers();
    await space.append(bensRows, BEN);
    await workers.runOnce();
    await space.append([...annsRows, ...bensRows]);
    await workers.runOnce();
    const opened = (await audited()).filter((row) => row.field === 'occurrence');
    expect(opened).toMatchObject([
      { entity_id: id, ordinal: 1, after: { ordinal: 1, due: { date: '2026-11-24' } }, user_id: 'ben' },
      { entity_id: id, ordinal: 2, after: { ordinal: 2, due: { date: '2026-11-25' } }, user_id: 'ben' },
    ]);
  });
});

describe('the chain', () => {
  beforeEach(async () => {
    for (let i = 0; i < 4; i++) must(ann.document.createTask({ title: `${i}` }));
    await space.append(anns.take());
    await space.workers().runOnce();
  });

  /** As someone with the database's password. */
  async function tamper(text: string): Promise<void> {
    await run('ALTER TABLE audit DISABLE TRIGGER USER');
    await run(text);
    await run('ALTER TABLE audit ENABLE TRIGGER USER');
  }

  const broken = async () => (await verifyAudit(space.database, space.id)).broken;
  const doctor = async (): Promise<string[]> =>
    (await examineDatabase(space.database)).filter(({ ok }) => !ok).map(({ text }) => text);

  test('[AU5] it holds, and it is told how much was verified', async () => {
    expect(await verifyAllAudits(space.database)).toEqual({ chains: 1, rows: 12, broken: null });
    const lines = (await examineDatabase(space.database)).map(({ text }) => text);
    expect(lines).toContain('1 chains of the audit with 12 rows verified');
    expect(lines).toContain('1 projections equal their documents');
  });

  test.each([
    ['a value', `UPDATE audit SET after = '"else"' WHERE seq = 6`, 6],
    ['an author', `UPDATE audit SET user_id = 'eve' WHERE seq = 3`, 3],
    ['a time', `UPDATE audit SET received_at = received_at + interval '1 second' WHERE seq = 9`, 9],
    ['a mark', `UPDATE audit SET stands = false WHERE seq = 12`, 12],
    ['a hash', `UPDATE audit SET hash = sha256('x') WHERE seq = 4`, 4],
    ['a row gone', `DELETE FROM audit WHERE seq = 5`, 5],
    ['the first gone', `DELETE FROM audit WHERE seq <= 2`, 1],
    ['the last gone', `DELETE FROM audit WHERE seq > 10`, 11],
  ])('[AU5] %s is found', async (_what, text, seq) => {
    await tamper(text);
    expect(await broken()).toMatchObject({ seq });
    expect((await doctor()).join()).toContain(`the audit of space ${space.id} is broken: row ${seq} `);
  });

  test('[AU5] a row has the hash that it had in every version, before sections were audited too', () => {
    const row = {
      space_id: '6f1b2f0e-0000-4000-8000-000000000001',
      seq: 1,
      log_seq: 7,
      entity: 'list',
      entity_id: 'Zq3Jm0cA7vXr9TbK',
      ordinal: null,
      field: 'name',
      before: '"Garden"',
      after: null,
      user_id: 'ann',
      device_id: null,
      writer: '7',
      stamp: START_MS * 1024,
      stands: true,
      claimed_at: new Date(START_MS),
      received_at: new Date(START_MS + 1),
    };
    expect(chainHash(CHAIN_START, row).toString('hex')).toBe(
      '7dc17905e10be77c5f7076c3850bb1a0e121f13dc87d0066da21c8bd2da9b058',
    );
  });

  test('[AU6] the table refuses changes, deletions and emptying', async () => {
    for (const text of [
      `UPDATE audit SET user_id = 'eve'`,
      'DELETE FROM audit',
      'TRUNCATE audit',
      `DELETE FROM audit WHERE seq = 12`,
    ]) {
      await expect(run(text)).rejects.toThrow(/append-only/);
    }
    expect(await broken()).toBeNull();
  });

  test('[AU7] old rows go first, and the rest can be verified', async () => {
    const workers = space.workers({ keepDays: 30 });
    must(ann.document.createTask({ title: 'young' }));
    await space.append(anns.take(), undefined, new Date(space.clock.ms + 20 * DAY_MS));
    await workers.runOnce();
    space.clock.ms += 31 * DAY_MS;
    await workers.runOnce();
    expect((await audited()).map((row) => row.seq)).toEqual([13, 14, 15]);
    expect(await verifyAudit(space.database, space.id)).toEqual({ rows: 3, broken: null });
    space.clock.ms += 31 * DAY_MS;
    await workers.runOnce();
    expect(await audited()).toEqual([]);
    expect(await broken()).toBeNull();
    must(ann.document.createTask({ title: 'younger' }));
    await space.append(anns.take(), undefined, new Date(space.clock.ms));
    await workers.runOnce();
    expect((await audited()).map((row) => row.seq)).toEqual([16, 17, 18]);
    expect(await broken()).toBeNull();
    await workers.close();
  });
});
