/** The log under several processes, and what lies around it. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createGroupCommit } from '@holdfast/db/group-commit.ts';
import type { LogWriter } from '@holdfast/db/group-commit.ts';
import { announceOnce, createSpaceEvents } from '@holdfast/db/space-events.ts';
import type { SpaceEvent } from '@holdfast/db/space-events.ts';
import { createSpace, ensurePersonalSpace, roleIn, spacesOf } from '@holdfast/db/spaces.ts';
import { createToken, ownerOfToken, revokeToken } from '@holdfast/db/tokens.ts';
import { appendBatch, appendBatchAgain, readHead, readLog } from '@holdfast/db/update-log.ts';
import type { LogEntry } from '@holdfast/db/update-log.ts';

let fresh: TestDatabase;
let database: Database;

beforeEach(async () => {
  fresh = await testDatabase();
  database = createDatabase({ url: fresh.url, onError: () => undefined });
});

afterEach(async () => {
  await database.close();
  await fresh.drop();
});

function entry(text: string): LogEntry {
  return { body: Buffer.from(text), userId: 'ann', deviceId: null };
}

async function space(): Promise<string> {
  return (await createSpace(database, { name: 'Space', kind: 'shared', ownerId: 'ann' })).id;
}

describe('the log', () => {
  test('[DL1] several processes append to several spaces: no gap, no row twice, no deadlock', async () => {
    const spaces = await Promise.all([space(), space(), space(), space()]);
    // With this many, spaces are looked up one by one and no longer found in the order of the table.
    await sql`INSERT INTO space (id, name, kind) SELECT gen_random_uuid(), '', 'shared' FROM generate_series(1, 5000)`.execute(
      database.kysely,
    );
    await sql`ANALYZE space`.execute(database.kysely);
    const troubles: Error[] = [];
    const others = [1, 2, 3].map(() => createDatabase({ url: fresh.url, onError: () => undefined }));
    const committed = new Map<string, string>();
    await Promise.all(
      others.map(async (other, process) => {
        const log = createGroupCommit({ database: other, onTrouble: (error) => troubles.push(error) });
        // Each process meets the spaces in another order: without an order of locks they would block each other.
        const order = spaces.map((_, i) => spaces[(i + process) % spaces.length] as string);
        const writers = order.map((spaceId): LogWriter<LogEntry> => ({
          spaceId,
          knownHead: 0,
          onCommitted: (entries, firstSeq) => {
            entries.forEach(({ body }, i) => committed.set(`${spaceId} ${firstSeq + i}`, body.toString()));
          },
          onRefused: (_entries, error) => troubles.push(error),
        }));
        for (let round = 0; round < 40; round++) {
          for (const writer of writers) log.append(writer, entry(`${process} ${round}`));
          await log.flushed();
        }
        await log.close();
      }),
    );
    expect(troubles).toEqual([]);
    for (const spaceId of spaces) {
      const rows = await readLog(database, spaceId, 0, 1000);
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
      // What each was told is what is there.
      for (const { seq, body } of rows) expect(committed.get(`${spaceId} ${seq}`)).toBe(body.toString());
      expect(await readHead(database, spaceId)).toMatchObject({ head: 120 });
    }
    await Promise.all(others.map((other) => other.close()));
  });

  test('[DL2] a batch is written whole, and a space that does not exist is told', async () => {
    const [here, gone] = [await space(), crypto.randomUUID()];
    const batch = [
      { spaceId: here, entries: [entry('a'), entry('b')] },
      { spaceId: gone, entries: [entry('c')] },
    ];
    expect(await appendBatch(database, crypto.randomUUID(), batch, 10_000)).toEqual(new Map([[here, 1]]));
    const bad = [
      { spaceId: here, entries: [entry('d')] },
      { spaceId: await space(), entries: [{ ...entry('e'), userId: 'no\0text' }] },
    ];
    await expect(appendBatch(database, crypto.randomUUID(), bad, 10_000)).rejects.toThrow();
    expect((await readLog(database, here, 0, 10)).map((row) => row.body.toString())).toEqual(['a', 'b']);
    expect(
      (await sql<{ n: number }>`SELECT count(*)::int AS n FROM update_log`.execute(database.kysely)).rows,
    ).toEqual([{ n: 2 }]);
  });

  test('[DL3] a batch that is sent again after its commit is found', async () => {
    const spaceId = await space();
    const batchId = crypto.randomUUID();
    const batch = [{ spaceId, knownHead: 0, entries: [entry('a'), entry('b')] }];
    await appendBatch(database, crypto.randomUUID(), [{ spaceId, entries: [entry('other')] }], 10_000);
    expect(await appendBatch(database, batchId, batch, 10_000)).toEqual(new Map([[spaceId, 2]]));
    expect(await appendBatchAgain(database, batchId, batch)).toEqual(new Map([[spaceId, 2]]));
    expect(await readHead(database, spaceId)).toMatchObject({ head: 3 });
    const later = crypto.randomUUID();
    expect(await appendBatchAgain(database, later, batch)).toEqual(new Map([[spaceId, 4]]));
  });

  test('[DL4] rows are read in order, without those in quarantine', async () => {
    const spaceId = await space();
    const batch = [{ spaceId, entries: ['a', 'b', 'c', 'd'].map(entry) }];
    await appendBatch(database, crypto.randomUUID(), batch, 10_000);
    await database.kysely
      .insertInto('quarantine')
      .values({ space_id: spaceId, seq: 3, error: 'x' })
      .execute();
    const rows = await readLog(database, spaceId, 1, 10);
    expect(rows.map((row) => [row.seq, row.body.toString()])).toEqual([
      [2, 'b'],
      [4, 'd'],
    ]);
  });
});

describe('spaces, tokens, events', () => {
  test('[DS1] two requests at once make one personal space', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => ensurePersonalSpace(database, 'ann', 'Ann')));
    expect(new Set(made.map((each) => each.id)).size).toBe(1);
    expect(await spacesOf(database, 'ann')).toEqual([made[0]]);
    expect(await roleIn(database, 'ann', made[0]?.id ?? '')).toBe('owner');
    expect(await roleIn(database, 'ben', made[0]?.id ?? '')).toBeNull();
    expect(await roleIn(database, 'ann', 'no uuid')).toBeNull();
  });

  test('[DS2] a token works until it is revoked, and only its hash is stored', async () => {
    const { id, token } = await createToken(database, 'ann', 'script');
    expect(await ownerOfToken(database, token)).toEqual({ tokenId: id, userId: 'ann' });
    const stored = JSON.stringify(await database.kysely.selectFrom('api_token').selectAll().execute());
    expect(stored).not.toContain(token.slice(3));
    expect(await revokeToken(database, 'ben', id)).toBe(false);
    expect(await revokeToken(database, 'ann', id)).toBe(true);
    expect(await ownerOfToken(database, token)).toBeNull();
  });

  test('[DS3] announcements reach the others, and a lost connection is told', async () => {
    const open = (): ReturnType<typeof createSpaceEvents> =>
      createSpaceEvents({ url: fresh.url, onError: () => undefined, retryDelayMs: () => 1 });
    const [one, two] = [open(), open()];
    await Promise.all([one.ready(), two.ready()]);
    const heard: SpaceEvent[] = [];
    let wake = Promise.withResolvers<void>();
    for (const [name, events] of [
      ['one', one],
      ['two', two],
    ] as const) {
      events.subscribe((event) => {
        if (event.kind === 'hello') return;
        heard.push({ ...event, spaceId: `${name} heard ${event.spaceId}` });
        wake.resolve();
      });
    }
    // Only the newest head of a space is worth saying.
    one.announce({ kind: 'head', spaceId: 'x', seq: 1 });
    one.announce({ kind: 'head', spaceId: 'x', seq: 2 });
    await wake.promise;
    expect(heard).toEqual([{ kind: 'head', spaceId: 'two heard x', seq: 2 }]);

    const restored = new Promise<void>((resolve) => void two.onRestored(resolve));
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'holdfast events' AND datname = current_database()`.execute(database.kysely);
    await restored;
    wake = Promise.withResolvers();
    await announceOnce(database, { kind: 'snapshot', spaceId: 'y', seq: 9 });
    while (!heard.some((event) => event.spaceId === 'two heard y')) {
      await wake.promise;
      wake = Promise.withResolvers();
    }
    await Promise.all([one.close(), two.close()]);
  });
});
