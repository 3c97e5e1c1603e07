/**
 * What compaction asks of the tables: which spaces need it, what to read, and what to write at once.
 *
 * Promise: a new snapshot, the rows set aside on the way and what is pruned become visible together, or not
 * at all; of several processes one at a time works on a space. Rows are pruned only when they are older than
 * asked, lie in every snapshot that is kept, and are not in quarantine. What the projection has not read yet is never
 * pruned, nor the newest snapshot from which it could be read on.
 * Limits: the transaction is open while `build` runs: it reads nothing that appends change, and locks none
 * of it, so writers do not wait.
 */
import { sql } from 'kysely';
import type { Database, Tx } from './database.ts';
import type { StoredSnapshot } from './update-log.ts';

export interface CompactionRow {
  readonly seq: number;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

export interface CompactionResult {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly stateVector: Uint8Array;
  /** Rows that the snapshot leaves out for good, and why. */
  readonly quarantined: readonly { readonly seq: number; readonly error: string }[];
}

export interface CompactionOutcome {
  readonly seq: number;
  readonly quarantined: number;
  readonly prunedRows: number;
}

export interface CompactionNeed {
  /** Rows beyond the newest snapshot, once the space is quiet. */
  readonly minRows: number;
  /** The same for a space that is being written to. */
  readonly maxRows: number;
  /** Quiet: the last row was received before this. */
  readonly quietSince: Date;
}

/** Spaces that need a new snapshot, the furthest behind first. */
export async function spacesToCompact(
  database: Database,
  need: CompactionNeed,
  limit: number,
): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT space.id::text AS id
    FROM space
    LEFT JOIN LATERAL (
      SELECT seq FROM snapshot WHERE snapshot.space_id = space.id ORDER BY seq DESC LIMIT 1
    ) AS latest ON true
    LEFT JOIN update_log AS last ON last.space_id = space.id AND last.seq = space.head
    WHERE space.head - coalesce(latest.seq, 0) >= ${need.minRows}
      AND (last.received_at < ${need.quietSince} OR space.head - coalesce(latest.seq, 0) >= ${need.maxRows})
    ORDER BY space.head - coalesce(latest.seq, 0) DESC
    LIMIT ${limit}`.execute(database.kysely);
  return found.rows.map((row) => row.id);
}

/** Rows of all spaces that lie beyond the newest snapshot of theirs: what a start from nothing has to read. */
export async function uncompactedRows(database: Database): Promise<number> {
  const found = await sql<{ rows: number }>`
    SELECT coalesce(sum(space.head - coalesce(latest.seq, 0)), 0)::float8 AS rows
    FROM space
    LEFT JOIN LATERAL (
      SELECT seq FROM snapshot WHERE snapshot.space_id = space.id ORDER BY seq DESC LIMIT 1
    ) AS latest ON true`.execute(database.kysely);
  return found.rows[0]?.rows ?? 0;
}

/** Null when another process is at it, or when `build` finds nothing that can be written now. */
export async function compact(
  database: Database,
  spaceId: string,
  keep: { readonly snapshots: number; readonly rowsAfter: Date },
  build: (
    snapshot: StoredSnapshot | null,
    rows: readonly CompactionRow[],
  ) => Promise<CompactionResult | null>,
): Promise<CompactionOutcome | null> {
  return database.kysely.transaction().execute(async (tx) => {
    const lock = await sql<{ locked: boolean }>`
      SELECT pg_try_advisory_xact_lock(hashtextextended(${`compact:${spaceId}`}, 0)) AS locked`.execute(tx);
    if (!lock.rows[0]?.locked) return null;
    const latest = await sql<StoredSnapshot>`
      SELECT seq, body, state_vector AS "stateVector" FROM snapshot
      WHERE space_id = ${spaceId} ORDER BY seq DESC LIMIT 1`.execute(tx);
    const snapshot = latest.rows[0] ?? null;
    const rows = await sql<CompactionRow>`
      SELECT seq, body, received_at AS "receivedAt" FROM update_log
      WHERE space_id = ${spaceId} AND seq > ${snapshot?.seq ?? 0}
        AND NOT EXISTS (
          SELECT 1 FROM quarantine WHERE quarantine.space_id = ${spaceId} AND quarantine.seq = update_log.seq
        )
      ORDER BY seq`.execute(tx);
    const result = await build(snapshot, rows.rows);
    if (!result) return null;
    for (const { seq, error } of result.quarantined) {
      await tx
        .insertInto('quarantine')
        .values({ space_id: spaceId, seq, error })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await tx
      .insertInto('snapshot')
      .values({
        space_id: spaceId,
        seq: result.seq,
        body: Buffer.from(result.body),
        state_vector: Buffer.from(result.stateVector),
      })
      .execute();
    const floor = await projectionFloor(tx, spaceId);
    await sql`
      DELETE FROM snapshot WHERE space_id = ${spaceId} AND seq <> ${floor} AND seq < (
        SELECT min(seq) FROM (
          SELECT seq FROM snapshot WHERE space_id = ${spaceId} ORDER BY seq DESC LIMIT ${keep.snapshots}
        ) AS kept
      )`.execute(tx);
    const pruned = await sql`
      DELETE FROM update_log
      WHERE space_id = ${spaceId} AND received_at < ${keep.rowsAfter}
        AND seq <= (SELECT min(seq) FROM snapshot WHERE space_id = ${spaceId}) AND seq <= ${floor}
        AND NOT EXISTS (
          SELECT 1 FROM quarantine WHERE quarantine.space_id = ${spaceId} AND quarantine.seq = update_log.seq
        )`.execute(tx);
    return {
      seq: result.seq,
      quarantined: result.quarantined.length,
      prunedRows: Number(pruned.numAffectedRows ?? 0n),
    };
  });
}

/** The newest snapshot from which the projection can be carried on; 0: only from the first row. */
async function projectionFloor(tx: Tx, spaceId: string): Promise<number> {
  const found = await sql<{ floor: number }>`
    SELECT coalesce(max(seq), 0) AS floor FROM snapshot
    WHERE space_id = ${spaceId}
      AND seq <= coalesce((SELECT seq FROM projection_cursor WHERE space_id = ${spaceId}), 0)`.execute(tx);
  return found.rows[0]?.floor ?? 0;
}
