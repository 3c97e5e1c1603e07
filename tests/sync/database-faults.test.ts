/** A database that is away, slow, or of which nobody knows whether it committed. */
import type { Database } from '@holdfast/db/database.ts';
import { readLog } from '@holdfast/db/update-log.ts';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { author } from './authors.ts';
import { openSocket } from './raw-socket.ts';
import type { RawSocket } from './raw-socket.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess } from './sync-process.ts';

type Fault = 'none' | 'away' | 'committed but the answer is lost' | 'held';

let database: TestDatabase;
let server: SyncProcess;
let spaceId: string;
let fault: Fault;
let appends: number;
let release: PromiseWithResolvers<void>;
let sockets: RawSocket[] = [];

beforeEach(async () => {
  fault = 'none';
  appends = 0;
  release = Promise.withResolvers();
  database = await testDatabase();
  server = await startSyncProcess({
    databaseUrl: database.url,
    limits: {
      maxUncommittedBytesPerSocket: 2000,
      maxUncommittedBytes: 10_000,
      maxUncommittedBytesHard: 20_000,
    },
    database: (real): Database => ({
      ...real,
      async run<Row>(
        statement: { name: string; text: string },
        values: readonly unknown[],
        timeoutMs?: number,
      ) {
        if (statement.name !== 'append-batch') return real.run<Row>(statement, values, timeoutMs);
        appends++;
        const now = fault;
        if (now === 'held') await release.promise;
        // Five capitals, as an SQLSTATE has five characters: it was once taken for one.
        if (now === 'away') throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
        const rows = await real.run<Row>(statement, values, timeoutMs);
        if (now === 'committed but the answer is lost') throw new Error('Connection terminated unexpectedly');
        return rows;
      },
    }),
  });
  spaceId = await server.createSpace();
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  release.resolve();
  await server.stop();
  await database.drop();
});

async function connect(user: string): Promise<RawSocket> {
  const socket = await openSocket(server, spaceId, user);
  sockets.push(socket);
  await socket.next('step1');
  return socket;
}

async function seqs(): Promise<number[]> {
  return (await readLog(server.database, spaceId, 0, 1000)).map((row) => row.seq);
}

describe('the database', () => {
  test('[SG1] an edit is neither relayed nor confirmed before it is committed', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    fault = 'held';
    ann.update(author().edit('a', 1));
    const receipt = ann.receipt(1);
    // Ben asks and is answered, all while Ann's edit waits.
    ben.step1();
    await ben.next('step2');
    while (appends === 0) await new Promise(setImmediate);
    expect(ben.frames.filter((frame) => frame.kind === 'update')).toEqual([]);
    expect(ann.frames.filter((frame) => frame.kind === 'receipt')).toEqual([]);
    expect(await seqs()).toEqual([]);
    release.resolve();
    await ben.next('update');
    expect((await receipt).status).toBe(0);
    expect(await seqs()).toEqual([1]);
  });

  test('[SG2] what comes while a batch is in flight goes together in the next', async () => {
    const ann = await connect('ann');
    const { edit } = author();
    fault = 'held';
    ann.update(edit('k', 0));
    while (appends === 0) await new Promise(setImmediate);
    for (let i = 1; i <= 20; i++) ann.update(edit('k', i));
    fault = 'none';
    ann.step1();
    await ann.next('step2');
    release.resolve();
    await ann.settled();
    expect(appends).toBe(2);
    expect(await seqs()).toHaveLength(21);
  });

  test('[SG3] a commit whose answer was lost is found and not repeated', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    fault = 'committed but the answer is lost';
    const { edit } = author();
    ann.update(edit('a', 1));
    ann.update(edit('b', 2));
    expect((await ann.receipt(1)).status).toBe(0);
    await ben.next('update');
    expect(await seqs()).toEqual([1, 2]);
    expect(appends).toBe(1);
  });

  test('[SG4] edits wait for a database that is away, and are then committed in order', async () => {
    const ann = await connect('ann');
    fault = 'away';
    const { edit } = author();
    for (let i = 0; i < 5; i++) ann.update(edit('k', i));
    expect((await ann.receipt(1)).status).toBe(0);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5]);
    expect(server.log.some((line) => line.message === 'edits wait for the database')).toBe(true);
  });

  test('[SG5] a writer faster than the database is read no further, and loses nothing', async () => {
    const ann = await connect('ann');
    const { edit } = author();
    fault = 'held';
    const big = 'x'.repeat(500);
    for (let i = 0; i < 100; i++) ann.update(edit('k', `${big}${i}`));
    while (server.endpoint.stats().pendingBytes < 2000) await new Promise(setImmediate);
    ann.step1();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(server.endpoint.stats().pendingBytes).toBeLessThan(4000);
    fault = 'none';
    release.resolve();
    expect((await ann.receipt(1)).status).toBe(0);
    expect(await seqs()).toHaveLength(100);
  });

  test('[SG6] connections that Postgres ends under way are replaced; nothing confirmed is missing', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    const { doc, edit } = author();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 20; i++) ann.update(edit(`k${i}`, round));
      const receipt = ann.receipt(round);
      await sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(server.database.kysely);
      expect((await receipt).status).toBe(0);
    }
    const read = await import('yjs').then(({ Doc }) => new Doc());
    const { applyUpdate } = await import('yjs');
    for (const row of await readLog(server.database, spaceId, 0, 1000)) applyUpdate(read, row.body);
    expect(read.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
    await ben.settled();
  });

  test('[SG7] an edit that the database refuses for what it is sends its room away, and no other', async () => {
    const otherSpace = await server.createSpace();
    const [ann, ben] = [await connect('ann'), await openSocket(server, otherSpace, 'ben')];
    sockets.push(ben);
    await ben.next('step1');
    await sql`ALTER TABLE update_log ADD CONSTRAINT refuses CHECK (space_id <> ${sql.lit(spaceId)})`.execute(
      server.database.kysely,
    );
    fault = 'held';
    const { edit } = author();
    ben.update(edit('first', 0));
    while (appends === 0) await new Promise(setImmediate);
    ann.update(author().edit('a', 1));
    ben.update(edit('b', 1));
    ann.step1();
    await ann.next('step2');
    fault = 'none';
    release.resolve();
    expect(await ann.closed).toMatchObject({ code: 1013 });
    expect((await ben.receipt(1)).status).toBe(0);
    await sql`ALTER TABLE update_log DROP CONSTRAINT refuses`.execute(server.database.kysely);
    const back = await connect('ann');
    back.update(author().edit('a', 1));
    expect((await back.receipt(1)).status).toBe(0);
  });
});
