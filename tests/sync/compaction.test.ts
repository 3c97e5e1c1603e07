/** Compaction against servers that hold the space, on a real Postgres. */
import { compact } from '@holdfast/db/compaction.ts';
import { appendBatch, readLatestSnapshot, readLog } from '@holdfast/db/update-log.ts';
import { createWorkers } from '@holdfast/workers/workers.ts';
import type { Workers } from '@holdfast/workers/workers.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { openSocket } from './raw-socket.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess } from './sync-process.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
let database: TestDatabase;
let server: SyncProcess;
let spaceId: string;
let now: number;
let workers: Workers;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeEach(async () => {
  database = await testDatabase();
  server = await startSyncProcess({ databaseUrl: database.url });
  spaceId = await server.createSpace();
  now = Date.now();
  workers = createWorkers({
    database: server.database,
    logger: quiet,
    now: () => now,
    // The rows of these tests are as young as the database's clock says, whatever `now` is.
    compaction: { minRows: 1, maxRows: 1 },
  });
});

afterEach(async () => {
  await workers.close();
  await server.stop();
  await database.drop();
});

async function append(...bodies: Uint8Array[]): Promise<void> {
  const entries = bodies.map((body) => ({ body, userId: 'ann', deviceId: null }));
  await appendBatch(server.database, crypto.randomUUID(), [{ spaceId, entries }], 10_000);
}

function edits(doc: Y.Doc, count: number): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const listener = (update: Uint8Array): number => updates.push(update);
  doc.on('update', listener);
  for (let i = 0; i < count; i++) doc.getMap('tasks').set(`k${i % 7}`, i);
  doc.off('update', listener);
  return updates;
}

async function stored(): Promise<Y.Doc> {
  const doc = new Y.Doc();
  const snapshot = await readLatestSnapshot(server.database, spaceId);
  if (snapshot) Y.applyUpdate(doc, snapshot.body);
  for (const row of await readLog(server.database, spaceId, snapshot?.seq ?? 0, 1000))
    Y.applyUpdate(doc, row.body);
  return doc;
}

describe('compaction', () => {
  test('[WK1] a snapshot holds what the rows held, deletions too', async () => {
    const doc = new Y.Doc();
    await append(...edits(doc, 30));
    doc.getMap('tasks').delete('k3');
    await append(Y.encodeStateAsUpdate(doc));
    await workers.runOnce();
    const snapshot = await readLatestSnapshot(server.database, spaceId);
    expect(snapshot?.seq).toBe(31);
    const read = new Y.Doc();
    Y.applyUpdate(read, snapshot?.body as Uint8Array);
    expect(read.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
    expect(Y.encodeStateVector(read)).toEqual(Uint8Array.from(snapshot?.stateVector ?? []));
  });

  test('[WK2] rows stay seven days and three snapshots stay always', async () => {
    const doc = new Y.Doc();
    for (let i = 0; i < 5; i++) {
      await append(...edits(doc, 3));
      await workers.runOnce();
    }
    const count = async (): Promise<{ rows: number; snapshots: number[] }> => {
      const snapshots = await server.database.kysely
        .selectFrom('snapshot')
        .select('seq')
        .orderBy('seq')
        .execute();
      const rows = await readLog(server.database, spaceId, 0, 1000);
      return { rows: rows.length, snapshots: snapshots.map((row) => row.seq) };
    };
    expect(await count()).toEqual({ rows: 15, snapshots: [9, 12, 15] });
    now += 8 * DAY_MS;
    await append(...edits(doc, 1));
    await workers.runOnce();
    // Everything is old now, but what a kept snapshot would need to be continued stays.
    expect(await count()).toEqual({ rows: 4, snapshots: [12, 15, 16] });
    expect((await stored()).getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
  });

  test('[WK3] a row that cannot be applied is set aside and the document goes on', async () => {
    const doc = new Y.Doc();
    await append(...edits(doc, 3));
    await append(new Uint8Array([1, 1, 5, 0, 12, 0]));
    await append(...edits(doc, 3));
    await workers.runOnce();
    const aside = await server.database.kysely.selectFrom('quarantine').selectAll().execute();
    expect(aside.map((row) => row.seq)).toEqual([4]);
    expect((await stored()).getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
    now += 30 * DAY_MS;
    for (let i = 0; i < 4; i++) {
      await append(...edits(doc, 1));
      await workers.runOnce();
    }
    const kept = await server.database.kysely.selectFrom('update_log').select('seq').orderBy('seq').execute();
    expect(kept[0]?.seq).toBe(4);
  });

  test('[WK4] a row that waits for another stops the snapshot while it is young, and is then set aside', async () => {
    const doc = new Y.Doc();
    const [first, second, third] = edits(doc, 3) as [Uint8Array, Uint8Array, Uint8Array];
    await append(first, third);
    await workers.runOnce();
    expect(await readLatestSnapshot(server.database, spaceId)).toBeNull();
    now += 61_000;
    await workers.runOnce();
    const aside = await server.database.kysely.selectFrom('quarantine').selectAll().execute();
    expect(aside.map((row) => row.seq)).toEqual([2]);
    await append(second, third);
    await workers.runOnce();
    expect((await stored()).getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
  });

  test('[WK5] a room that is open adopts the snapshot, and edits go on around it', async () => {
    const socket = await openSocket(server, spaceId, 'ann');
    const doc = new Y.Doc();
    for (const update of edits(doc, 20)) socket.update(update);
    await socket.settled();
    const other = await openSocket(server, spaceId, 'ben');
    other.step1();
    await other.next('step2');
    expect(other.frames.filter((frame) => frame.kind === 'update')).toHaveLength(20);
    await workers.runOnce();
    // The news comes by way of the database; a step 1 asked again tells when it has arrived.
    for (let frames = 20; frames > 1;) {
      const before = other.frames.length;
      other.step1();
      await other.next('step2');
      frames = other.frames.slice(before).filter((frame) => frame.kind === 'update').length;
    }
    for (const update of edits(doc, 5)) socket.update(update);
    await socket.settled();
    const fresh = await openSocket(server, spaceId, 'cleo');
    fresh.step1();
    await fresh.next('step2');
    const read = new Y.Doc();
    for (const frame of fresh.frames) if (frame.kind === 'update') Y.applyUpdate(read, frame.body);
    expect(read.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
    for (const each of [socket, other, fresh]) each.terminate();
  });

  test('[WK6] two processes do not compact one space at once', async () => {
    await append(...edits(new Y.Doc(), 3));
    const began = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const keep = { snapshots: 3, rowsAfter: new Date(0) };
    const first = compact(server.database, spaceId, keep, async () => {
      began.resolve();
      await mayEnd.promise;
      return null;
    });
    await began.promise;
    await workers.runOnce();
    expect(await readLatestSnapshot(server.database, spaceId)).toBeNull();
    mayEnd.resolve();
    await first;
    await workers.runOnce();
    expect((await readLatestSnapshot(server.database, spaceId))?.seq).toBe(3);
  });

  test('[WK8] a space that is written to is left alone until it is quiet or far behind', async () => {
    const patient = createWorkers({
      database: server.database,
      logger: quiet,
      now: () => now,
      compaction: { minRows: 5, maxRows: 20, quietMs: 3_600_000 },
    });
    const doc = new Y.Doc();
    const snapshotSeq = async (): Promise<number> => {
      await patient.runOnce();
      return (await readLatestSnapshot(server.database, spaceId))?.seq ?? 0;
    };
    await append(...edits(doc, 10));
    expect(await snapshotSeq()).toBe(0);
    now += 2 * 3_600_000;
    expect(await snapshotSeq()).toBe(10);
    now -= 2 * 3_600_000;
    await append(...edits(doc, 15));
    expect(await snapshotSeq()).toBe(10);
    await append(...edits(doc, 10));
    expect(await snapshotSeq()).toBe(35);
    await append(...edits(doc, 4));
    now += 2 * 3_600_000;
    expect(await snapshotSeq()).toBe(35);
    await patient.close();
  });

  test('[WK7] a large document is compacted in a thread', async () => {
    const doc = new Y.Doc();
    const text = doc.getText('notes');
    for (let i = 0; i < 200; i++) text.insert(0, `${'long '.repeat(100)}${i}`);
    await append(Y.encodeStateAsUpdate(doc));
    await workers.runOnce();
    expect((await stored()).getText('notes').toString()).toBe(text.toString());
  });
});
