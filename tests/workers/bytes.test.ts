/**
 * What one log makes of the tables, to the byte: a history with a bit of everything, by devices that meet now and then, and
 * what is odd in a document. On a real Postgres.
 *
 * Why hashes: the rows of a thousand changes are a file that nobody reads. When one differs, something is written otherwise
 * than by the versions before; of the audit that is never right, for its chain says it was not changed.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { EpochMs, TagId, TaskId } from '@holdfast/core/document.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { createReplica, START_MS, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import { verifyAudit } from '@holdfast/workers/audit/verify.ts';
import { openSpace, recordUpdates, type Space } from './space.ts';

const SPACE = '6f1b2f0e-0000-4000-8000-000000000001';
const HAPPENINGS = 400;
const MINUTE_MS = 60_000;

let space: Space;

beforeEach(async () => {
  space = await openSpace();
  space.clock.ms = START_MS;
  await run(`INSERT INTO space (id, name, kind) VALUES ('${SPACE}', 'Fixed', 'shared')`);
  await run(`INSERT INTO member (space_id, user_id, role) VALUES ('${SPACE}', 'ann', 'owner')`);
});

afterEach(() => space.stop());

async function run(text: string): Promise<{ row: string }[]> {
  return space.database.run<{ row: string }>({ name: '', text }, []);
}

/** Each table as SHA-256 over its rows as text, and how many there are. */
async function written(): Promise<Record<string, string>> {
  const tables = {
    audit: 'SELECT audit::text AS row FROM audit ORDER BY seq',
    outbox: 'SELECT outbox::text AS row FROM outbox ORDER BY seq',
    tasks: 'SELECT t::text AS row FROM projected_task AS t ORDER BY id COLLATE "C"',
    occurrences: 'SELECT o::text AS row FROM projected_occurrence AS o ORDER BY task_id COLLATE "C", ordinal',
    lists: 'SELECT l::text AS row FROM projected_list AS l ORDER BY id COLLATE "C"',
    tags: 'SELECT t::text AS row FROM projected_tag AS t ORDER BY id COLLATE "C"',
    reminders: `SELECT (user_id, key, kind, task_id, ordinal, reminder_id, fire_at, state, reason)::text AS row
      FROM notification ORDER BY user_id COLLATE "C", key COLLATE "C"`,
    cursor: `SELECT (seq, audit_seq, audit_hash, outbox_seq)::text AS row FROM projection_cursor
      WHERE space_id = '${SPACE}'`,
  };
  const found: Record<string, string> = {};
  for (const [name, text] of Object.entries(tables)) {
    const rows = await run(text);
    const hash = createHash('sha256')
      .update(rows.map(({ row }) => `${row}\n`).join(''))
      .digest('hex');
    found[name] = `${rows.length} ${hash.slice(0, 32)}`;
  }
  return found;
}

/** Commands that are refused are part of it: nothing comes of them. */
function happen(replica: Replica, random: () => number, n: number): void {
  const { document, doc, clock } = replica;
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const date = `2026-12-${String(1 + Math.floor(random() * 28)).padStart(2, '0')}` as never;
  const task = (pick([...document.tasks()])?.id ?? 'none') as TaskId;
  const list = pick([...document.lists()])?.id ?? null;
  const tag = (pick([...document.tags()])?.id ?? 'none') as TagId;
  const zoned = { date, time: '09:30' as never, timeZone: 'Europe/Berlin' as never };
  const deeds: (() => unknown)[] = [
    () => document.createTask({ title: `Task ${n}` }),
    () => document.createTask({ title: `Größe ${n} \\ "x" {y} 😀`, notes: `a\nb\t${n}`, due: { date } }),
    () => document.createTask({ title: `Timed ${n}`, due: zoned, priority: 'high', listId: list }),
    () => document.editTask(task, { title: `Edit ${n}` }),
    () => document.editTask(task, { title: `Odd \0 ${n} ${'\ud800'}` }),
    () => document.editTask(task, { notes: `more ${n}`.repeat(1 + Math.floor(random() * 900)) }),
    () => document.editTask(task, { due: random() < 0.3 ? null : zoned, priority: 'low' }),
    () => document.addReminder(task, { before: 'PT15M' } as never),
    () => document.snooze(task, (START_MS + n * 60 * MINUTE_MS) as EpochMs),
    () => document.completeTask(task),
    () => document.cancelTask(task),
    () => document.reopenTask(task),
    () => document.setRule(task, { rrule: 'FREQ=DAILY' }),
    () => document.skipOccurrence(task),
    () => document.editOccurrence(task, 1, { title: `Only once ${n}` }),
    () => document.trashTask(task),
    () => document.restoreTask(task),
    () => document.purgeTask(task),
    () => document.moveTask(task, { listId: list } as never),
    () => document.createList({ name: `List ${n}`, color: '#aa3300' }),
    () => list && document.editList(list, { name: `List, ${n} "quoted"` }),
    () => list && document.createSection({ listId: list, name: `Section ${n}` }),
    () => document.createTag({ name: `tag${n}` }),
    () => document.tagTask(task, tag),
    () => document.editTag(tag, { name: `tags${n}` }),
    () => document.createFilter({ name: `Filter ${n}`, query: 'overdue' }),
    () => document.undo(),
    // What a foreign program does: a value without a stamp's sense, and one taken back.
    () => doc.getMap('tasks').set(`${task}/title@zz`, { v: `Foreign ${n}`, t: n }),
    () =>
      doc
        .getMap('tasks')
        .delete([...doc.getMap('tasks').keys()].find((key) => key.includes('/title@')) ?? ''),
  ];
  clock.ms += Math.floor(random() * 5 * MINUTE_MS);
  pick(deeds)?.();
}

async function play(maxRows: number): Promise<void> {
  const random = seededRandom(31);
  const replicas = [createReplica(7), createReplica(8), createReplica(9)];
  const recorded = replicas.map((replica) => recordUpdates(replica.doc));
  const workers = space.workers({ maxRows });
  for (let n = 0; n < HAPPENINGS; n++) {
    const who = Math.floor(random() * replicas.length);
    const replica = replicas[who] as Replica;
    happen(replica, random, n);
    if (random() < 0.25) {
      const own = recorded[who]?.take() ?? [];
      const bodies = random() < 0.3 && own.length > 0 ? [Y.mergeUpdates(own)] : own;
      const author = { userId: who === 2 ? 'ben' : 'ann', deviceId: who === 0 ? null : `device ${who}` };
      const receivedAt = new Date(START_MS + n * MINUTE_MS);
      // Received again, now and then.
      await space.appendTo(SPACE, random() < 0.1 ? [...bodies, ...bodies] : bodies, author, receivedAt);
    }
    if (random() < 0.1) {
      for (const each of recorded) {
        await space.appendTo(SPACE, each.take(), undefined, new Date(START_MS + n * MINUTE_MS));
      }
      sync(...replicas);
      for (const each of recorded) each.take();
    }
    if (random() < 0.1) await workers.runOnce();
  }
  for (const each of recorded) await space.appendTo(SPACE, each.take(), undefined, new Date(START_MS));
  for (let i = 0; i < 3; i++) await workers.runOnce();
}

const BYTES = {
  audit: '680 0aa8e5f5355b68cfdef8e4688a7d0efd',
  cursor: '1 6d7cbdcbffac26b63cb9e3288c9ceff6',
  lists: '19 2537854ea80bc4dc544966549a2c4f5b',
  occurrences: '32 8901cbf3492d133035051d08eeff4d5f',
  outbox: '307 ff87e2ef328e5b572cb31ad4f9f4deb6',
  reminders: '22 97597dccb69304b124c7869bf25ae7fa',
  tags: '19 1e4934c28b2d037dc1d36cacb1348a42',
  tasks: '36 f470a6b1216fabec1a9c9bc6ec4b7c75',
};

test('[PJ15] in turns of many rows', async () => {
  await play(200);
  expect(space.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect(await verifyAudit(space.database, SPACE)).toMatchObject({ broken: null });
  expect(await written()).toEqual(BYTES);
});

test('[PJ15] in turns of three, where an event holds the task as it was earlier', async () => {
  await play(3);
  expect(await written()).toEqual({ ...BYTES, outbox: '307 2d419a2276a5a1714f2f199e10cd17dd' });
});
