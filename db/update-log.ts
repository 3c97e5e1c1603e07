/**
 * The append-only log of updates, a space at a time, and the snapshots in front of it.
 *
 * Promise: `appendBatch` writes rows of any number of spaces in one statement, which is one transaction: all
 * or nothing. The sequence of a space has no gaps and its order is the order of commits, because the space's
 * row stays locked until then; so `seq > n` never misses a row that becomes visible later.
 * Limits: a batch whose outcome is unknown (the connection broke) must go through `appendBatchAgain`, which
 * looks for it first. Where the first attempt is still running on a dying backend at that moment, rows may
 * be written twice: harmless, since an update applied twice is applied once.
 * Why one statement: a round trip less per lock, update and insert; at 64 writers that is most of the time.
 */
import { CompiledQuery, sql } from 'kysely';
import type { Database } from './database.ts';
import type { Statement } from './prepared.ts';

export interface LogEntry {
  readonly body: Uint8Array;
  readonly userId: string;
  readonly deviceId: string | null;
}

export interface SpaceEntries {
  readonly spaceId: string;
  readonly entries: readonly LogEntry[];
}

export interface LogRow {
  readonly seq: number;
  readonly body: Buffer;
}

export interface SpaceHead {
  readonly head: number;
  readonly epoch: string;
  readonly restoredAt: Date | null;
}

export interface StoredSnapshot {
  readonly seq: number;
  readonly body: Buffer;
  readonly stateVector: Buffer;
}

/**
 * Appends and returns, for each space, the sequence of its first row. A space that does not exist is left
 * out of the answer and nothing of it is written. The spaces of one batch must be distinct.
 */
export async function appendBatch(
  database: Database,
  batchId: string,
  spaces: readonly SpaceEntries[],
  timeoutMs: number,
): Promise<Map<string, number>> {
  const rows = await database.run<AppendedRow>(APPEND, appendValues(batchId, spaces), timeoutMs);
  return new Map(rows.map((row) => [row.id, row.base + 1]));
}

/** As appendBatch, for a batch that may have been committed already: then its rows are found, not repeated. */
export async function appendBatchAgain(
  database: Database,
  batchId: string,
  spaces: readonly (SpaceEntries & { readonly knownHead: number })[],
): Promise<Map<string, number>> {
  return database.kysely.transaction().execute(async (tx) => {
    const ids = spaces.map((space) => space.spaceId);
    // The lock comes first: it waits for an attempt that is still on its way to its commit.
    await sql`SELECT id FROM space WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`.execute(tx);
    const heads = spaces.map((space) => space.knownHead);
    const found = await sql<AppendedRow>`
      SELECT log.space_id AS id, min(log.seq) - 1 AS base
      FROM unnest(${ids}::uuid[], ${heads}::bigint[]) AS known (id, head)
      JOIN update_log AS log ON log.space_id = known.id AND log.seq > known.head AND log.batch = ${batchId}::uuid
      GROUP BY log.space_id`.execute(tx);
    if (found.rows.length > 0) return new Map(found.rows.map((row) => [row.id, row.base + 1]));
    const query = CompiledQuery.raw(APPEND.text, appendValues(batchId, spaces));
    const appended = (await tx.executeQuery<AppendedRow>(query)).rows;
    return new Map(appended.map((row) => [row.id, row.base + 1]));
  });
}

/**
 * Appends one row only if the space still ends at `head`, so that what was decided by reading up to there still holds.
 * Its sequence, or null when something came in between.
 */
export async function appendIfHead(
  database: Database,
  batchId: string,
  target: { readonly spaceId: string; readonly head: number },
  entry: LogEntry,
): Promise<number | null> {
  return database.kysely.transaction().execute(async (tx) => {
    const locked = await sql<{ head: number }>`
      SELECT head FROM space WHERE id = ${target.spaceId} FOR UPDATE`.execute(tx);
    if (locked.rows[0]?.head !== target.head) return null;
    const values = appendValues(batchId, [{ spaceId: target.spaceId, entries: [entry] }]);
    const appended = await tx.executeQuery<AppendedRow>(CompiledQuery.raw(APPEND.text, values));
    const [row] = appended.rows;
    return row === undefined ? null : row.base + 1;
  });
}

/** Null when there is no such space. */
export async function readHead(database: Database, spaceId: string): Promise<SpaceHead | null> {
  const rows = await database.run<SpaceHead>(HEAD, [spaceId]);
  return rows[0] ?? null;
}

/** The heads of those of the given spaces that exist. */
export async function readHeads(
  database: Database,
  spaceIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database.run<{ id: string; head: number }>(HEADS, [spaceIds]);
  return new Map(rows.map((row) => [row.id, row.head]));
}

/** At most `limit` rows after `seq`, in order, without those in quarantine. */
export async function readLog(
  database: Database,
  spaceId: string,
  afterSeq: number,
  limit: number,
): Promise<LogRow[]> {
  return database.run<LogRow>(READ_LOG, [spaceId, afterSeq, limit]);
}

export async function readLatestSnapshot(
  database: Database,
  spaceId: string,
): Promise<StoredSnapshot | null> {
  const rows = await database.run<StoredSnapshot>(LATEST_SNAPSHOT, [spaceId]);
  return rows[0] ?? null;
}

interface AppendedRow {
  id: string;
  base: number;
}

function appendValues(batchId: string, spaces: readonly SpaceEntries[]): unknown[] {
  const bodies: Uint8Array[] = [];
  const authors = new Map<string, number>();
  const users: string[] = [];
  const devices: (string | null)[] = [];
  const space: number[] = [];
  const place: number[] = [];
  const offset: number[] = [];
  const length: number[] = [];
  const author: number[] = [];
  let at = 1;
  for (let i = 0; i < spaces.length; i++) {
    const entries = (spaces[i] as SpaceEntries).entries;
    for (let j = 0; j < entries.length; j++) {
      const entry = entries[j] as LogEntry;
      const key = `${entry.userId}\n${entry.deviceId ?? ''}`;
      let known = authors.get(key);
      if (known === undefined) {
        users.push(entry.userId);
        devices.push(entry.deviceId);
        known = users.length;
        authors.set(key, known);
      }
      bodies.push(entry.body);
      space.push(i + 1);
      place.push(j + 1);
      offset.push(at);
      length.push(entry.body.length);
      author.push(known);
      at += entry.body.length;
    }
  }
  return [
    bodies.length === 1 ? bodies[0] : Buffer.concat(bodies, at - 1),
    `{${spaces.map((entry) => entry.spaceId).join()}}`,
    `{${spaces.map((entry) => entry.entries.length).join()}}`,
    `{${space.join()}}`,
    `{${place.join()}}`,
    `{${offset.join()}}`,
    `{${length.join()}}`,
    `{${author.join()}}`,
    users,
    devices,
    batchId,
  ];
}

// Locks in the order of ids, so that batches of several processes never wait for each other in a circle.
// The bodies come as one value and are cut here: an array of bytea would be escaped one by one.
const APPEND: Statement = {
  name: 'append-batch',
  text: `
    WITH batch AS (
      SELECT id, rows, place FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS t (id, rows, place)
    ), locked AS (
      SELECT space.id FROM space JOIN batch ON batch.id = space.id ORDER BY space.id FOR UPDATE OF space
    ), bumped AS (
      UPDATE space SET head = space.head + batch.rows
      FROM batch JOIN locked ON locked.id = batch.id
      WHERE space.id = batch.id
      RETURNING space.id, batch.place, space.head - batch.rows AS base
    ), written AS (
      INSERT INTO update_log (space_id, seq, body, user_id, device_id, batch, batch_pos)
      SELECT bumped.id, bumped.base + entry.place, substring($1::bytea FROM entry.at FOR entry.length),
        ($9::text[])[entry.author], ($10::text[])[entry.author], $11::uuid, entry.pos
      FROM unnest($4::int[], $5::int[], $6::int[], $7::int[], $8::int[])
        WITH ORDINALITY AS entry (space, place, at, length, author, pos)
      JOIN bumped ON bumped.place = entry.space
    )
    SELECT id::text AS id, base FROM bumped`,
};

const HEAD: Statement = {
  name: 'read-head',
  text: `SELECT head, epoch::text AS epoch, restored_at AS "restoredAt" FROM space WHERE id = $1`,
};

const HEADS: Statement = {
  name: 'read-heads',
  text: 'SELECT id::text AS id, head FROM space WHERE id = ANY($1::uuid[])',
};

const READ_LOG: Statement = {
  name: 'read-log',
  text: `
    SELECT seq, body FROM update_log
    WHERE space_id = $1 AND seq > $2
      AND NOT EXISTS (
        SELECT 1 FROM quarantine WHERE quarantine.space_id = $1 AND quarantine.seq = update_log.seq
      )
    ORDER BY seq LIMIT $3`,
};

const LATEST_SNAPSHOT: Statement = {
  name: 'latest-snapshot',
  text: `
    SELECT seq, body, state_vector AS "stateVector" FROM snapshot
    WHERE space_id = $1 ORDER BY seq DESC LIMIT 1`,
};
