/** Rules HK of workers/SPEC.md: the trash and what has expired, on a real Postgres with a set clock. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument } from '@holdfast/core/document.ts';
import type { TaskId } from '@holdfast/core/ids.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch, readHead, readLog } from '@holdfast/db/update-log.ts';
import { expireJob } from '@holdfast/workers/housekeeping/expire-job.ts';
import { SYSTEM_USER, purgeTrashJob } from '@holdfast/workers/housekeeping/purge-trash-job.ts';
import type { PurgeTrashOptions } from '@holdfast/workers/housekeeping/purge-trash-job.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';

const DAY_MS = 24 * 60 * 60_000;
const START_MS = Date.UTC(2026, 8, 1);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

let made: TestDatabase;
let database: Database;
let spaceId: string;
let nowMs: number;
let device: HoldfastDocument;
let updates: Uint8Array[];

beforeEach(async () => {
  nowMs = START_MS;
  made = await testDatabase();
  database = createDatabase({ url: made.url, onError: () => undefined });
  spaceId = (await createSpace(database, { name: 'Home', kind: 'personal', ownerId: 'ada' })).id;
  updates = [];
  const doc = new Y.Doc();
  doc.on('update', (update: Uint8Array) => updates.push(update));
  device = openDocument({ doc, now: () => nowMs as EpochMs, random: Math.random });
});

afterEach(async () => {
  device.close();
  await database.close();
  await made.drop();
});

function run<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return database.run<Row>({ name: '', text }, values);
}

function task(title: string): TaskId {
  const result = device.createTask({ title });
  if (!result.ok) throw new Error(result.message);
  return result.id;
}

/** What the device wrote reaches the server. */
async function upload(): Promise<void> {
  const entries = updates.splice(0).map((body) => ({ body, userId: 'ada', deviceId: 'laptop' }));
  await appendBatch(database, crypto.randomUUID(), [{ spaceId, entries }], 10_000);
}

/** The rows that the purge reads, as the projection would leave them. */
async function project(of: HoldfastDocument = device): Promise<void> {
  const head = (await readHead(database, spaceId))?.head ?? 0;
  await run('DELETE FROM projected_task');
  for (const each of of.tasks()) {
    await run(
      `INSERT INTO projected_task (space_id, id, title, notes, status, priority, trashed_at, created_at, updated_at, digest)
       VALUES ($1, $2, $3, '', 'open', 0, $4, now(), now(), '')`,
      [spaceId, each.id, each.title, each.trashedAt === null ? null : new Date(each.trashedAt)],
    );
  }
  await run(
    `INSERT INTO projection_cursor (space_id, seq) VALUES ($1, $2)
     ON CONFLICT (space_id) DO UPDATE SET seq = $2`,
    [spaceId, head],
  );
}

async function purge(more: Partial<PurgeTrashOptions> = {}): Promise<void> {
  const job = purgeTrashJob({ database, logger: quiet, metrics: NO_METRICS, ...more });
  await job.turn({ now: () => nowMs, isStopping: false });
}

/** What a device that never was there reads. */
async function fresh(): Promise<HoldfastDocument> {
  const doc = new Y.Doc();
  for (const row of await readLog(database, spaceId, 0, 10_000)) Y.applyUpdate(doc, row.body);
  return openDocument({ doc, now: () => nowMs as EpochMs, random: Math.random });
}

const titles = (document: HoldfastDocument): string[] =>
  [...document.tasks()].map(({ title }) => title).sort();

test('[HK1] the trash is emptied after thirty days, by an edit that devices get', async () => {
  const [parent, young] = [task('Parent'), task('Young')];
  const child = device.createTask({ title: 'Child', parentId: parent });
  task('Alive');
  device.trashTask(parent);
  nowMs += DAY_MS;
  device.trashTask(young);
  await upload();
  await project();
  nowMs = START_MS + 30 * DAY_MS;
  await purge();
  expect((await readHead(database, spaceId))?.head).toBe((await readLog(database, spaceId, 0, 1000)).length);
  expect(titles(await fresh())).toHaveLength(4);

  const events = createSpaceEvents({ url: made.url, onError: () => undefined });
  await events.ready();
  const told = new Promise<unknown>((resolve) =>
    events.subscribe((event) => event.kind === 'head' && resolve(event)),
  );
  nowMs += 1;
  await purge();
  const head = (await readHead(database, spaceId))?.head ?? 0;
  expect(await told).toMatchObject({ kind: 'head', spaceId, seq: head });
  await events.close();
  const after = await fresh();
  expect(titles(after)).toEqual(['Alive', 'Young']);
  expect(child.ok && after.task(child.id)).toBeFalsy();
  const [row] = await run<{ user: string }>('SELECT user_id AS user FROM update_log WHERE seq = $1', [head]);
  expect(row?.user).toBe(SYSTEM_USER);
  expect(after.doc.getMap('tasks').has(`${parent}/purged`)).toBe(true);
  // Nothing is left to do, and nothing is written.
  await project(after);
  await purge();
  expect((await readHead(database, spaceId))?.head).toBe(head);
});

test('[HK1] a device whose clock is far behind does not have its trash emptied at once', async () => {
  const id = task('Just now');
  device.trashTask(id);
  await upload();
  await project();
  // Its clock says September; the server got it in November, and the audit says so.
  nowMs = START_MS + 60 * DAY_MS;
  await run(
    `INSERT INTO audit (space_id, seq, log_seq, entity, entity_id, field, writer, stamp, claimed_at, received_at, hash)
     VALUES ($1, 1, 1, 'task', $2, 'trashed', 'w', 1, $3, $4, '')`,
    [spaceId, id, new Date(START_MS), new Date(nowMs)],
  );
  await purge();
  nowMs += 29 * DAY_MS;
  await purge();
  expect(titles(await fresh())).toEqual(['Just now']);
  nowMs += DAY_MS + 1;
  await purge();
  expect(titles(await fresh())).toEqual([]);
});

test('[HK2] what was restored before, while or after is not lost', async () => {
  const [before, during, late] = [task('Before'), task('During'), task('Late')];
  for (const id of [before, during, late]) device.trashTask(id);
  await upload();
  await project();
  nowMs += 31 * DAY_MS;
  // Behind: the projection does not know of the newest edit.
  device.restoreTask(before);
  await upload();
  await purge();
  expect((await fresh()).task(late)).toBeDefined();

  // The projection claims to be up to date and still lists it: the document is asked.
  const head = (await readHead(database, spaceId))?.head ?? 0;
  await run('UPDATE projection_cursor SET seq = $1', [head]);
  // And while it is looked at, the space goes on: then nothing is written at all.
  await purge({
    beforeWriting: async () => {
      device.restoreTask(during);
      await upload();
    },
  });
  expect((await fresh()).fragments()).toEqual([]);
  await run('UPDATE projection_cursor SET seq = $1', [(await readHead(database, spaceId))?.head ?? 0]);
  await purge();
  const after = await fresh();
  expect(titles(after)).toEqual(['Before', 'During']);

  // A device that was away restores what is gone: a fragment, which can be brought back.
  device.restoreTask(late);
  device.editTask(late, { title: 'Late after all' });
  await upload();
  const merged = await fresh();
  expect(titles(merged)).toEqual(['Before', 'During']);
  expect(merged.fragments()).toMatchObject([{ id: late, title: 'Late after all' }]);
  expect(merged.restoreTask(late).ok).toBe(true);
  expect(titles(merged)).toContain('Late after all');
});

async function expire(): Promise<void> {
  const job = expireJob({ database, logger: quiet, metrics: NO_METRICS });
  await job.turn({ now: () => nowMs, isStopping: false });
}

test('[HK3] what has expired goes, what is live or to come stays, and devices always', async () => {
  nowMs = Date.UTC(2027, 0, 1);
  const [gone, live] = [new Date(nowMs - 1), new Date(nowMs + 1)];
  const old = new Date(nowMs - 91 * DAY_MS);
  await run(`INSERT INTO account_user (id, name, email) VALUES ('ada', 'Ada', 'ada@example.org')`);
  await run(
    `INSERT INTO device (user_id, id, name, first_seen, last_seen) VALUES ('ada', 'd', 'Attic', '2020-01-01', '2020-01-01')`,
  );
  for (const [name, at] of [
    ['gone', gone],
    ['live', live],
  ] as const) {
    await run(`INSERT INTO account_session (id, user_id, token, expires_at) VALUES ($1, 'ada', $1, $2)`, [
      name,
      at,
    ]);
    await run(
      `INSERT INTO account_verification (id, identifier, value, expires_at) VALUES ($1, $1, 'ada', $2)`,
      [name, at],
    );
    await run(`INSERT INTO account_invite (hash, made_by, expires_at) VALUES ($1, 'ada', $2)`, [name, at]);
    await run(`INSERT INTO mail_queue (recipient, kind, body, expires_at) VALUES ($1, 'x', '{}', $2)`, [
      name,
      at,
    ]);
  }
  const notification = `INSERT INTO notification (space_id, user_id, key, kind, fire_at, state) VALUES ($1, 'ada', $2, 'reminder', $3, $4)`;
  await run(notification, [spaceId, 'gone', old, 'sent']);
  await run(notification, [spaceId, 'live', old, 'planned']);
  await run(notification, [spaceId, 'young', new Date(nowMs - 89 * DAY_MS), 'missed']);
  await expire();
  const left = async (column: string, table: string): Promise<unknown[]> =>
    (await run<{ name: string }>(`SELECT ${column} AS name FROM ${table} ORDER BY 1`)).map(
      ({ name }) => name,
    );
  expect(await left('id', 'account_session')).toEqual(['live']);
  expect(await left('id', 'account_verification')).toEqual(['live']);
  expect(await left('hash', 'account_invite')).toEqual(['live']);
  expect(await left('recipient', 'mail_queue')).toEqual(['live']);
  expect(await left('key', 'notification')).toEqual(['live', 'young']);
  expect(await left('id', 'device')).toEqual(['d']);
});

test('[HK4] an event stays seven days and until every webhook has had it, and thirty days at most', async () => {
  nowMs = Date.UTC(2027, 0, 1);
  const other = (await createSpace(database, { name: 'Other', kind: 'shared', ownerId: 'ada' })).id;
  await run(`INSERT INTO account_user (id, name, email) VALUES ('ada', 'Ada', 'ada@example.org')`);
  const ages = [31, 29, 8, 8, 6];
  for (const space of [spaceId, other]) {
    for (const [n, days] of ages.entries()) {
      await run(`INSERT INTO outbox VALUES ($1, $2, gen_random_uuid(), 'x', 'y', $3, '{}')`, [
        space,
        n + 1,
        new Date(nowMs - days * DAY_MS),
      ]);
    }
  }
  const webhook = `INSERT INTO webhook (user_id, space_id, url, secret, seq) VALUES ('ada', $1, 'https://example.org', 's', $2)`;
  await run(webhook, [spaceId, 3]);
  await run(webhook, [spaceId, 2]);
  await expire();
  const left = async (space: string): Promise<number[]> =>
    (await run<{ seq: number }>('SELECT seq FROM outbox WHERE space_id = $1 ORDER BY seq', [space])).map(
      ({ seq }) => seq,
    );
  expect(await left(spaceId)).toEqual([3, 4, 5]);
  expect(await left(other)).toEqual([5]);
});
