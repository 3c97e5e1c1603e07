/**
 * The audit as it is read back, verified and pruned.
 *
 * Promise: rows go only as a prefix of a space and together with the move of its anchor, which keeps the hash that the next
 * row builds on; the table itself refuses every other deletion and every change (db/migrations/0004-projection.ts).
 */
import { sql } from 'kysely';
import type { Database, Tx } from './database.ts';

export interface StoredAuditRow {
  readonly space_id: string;
  readonly seq: number;
  readonly log_seq: number;
  readonly entity: string;
  readonly entity_id: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly user_id: string | null;
  readonly device_id: string | null;
  readonly writer: string;
  readonly stamp: number;
  readonly stands: boolean;
  readonly claimed_at: Date;
  readonly received_at: Date;
  readonly hash: Buffer;
}

/** What a chain must begin and end with. */
export interface ChainEnds {
  /** The last row that was removed, and its hash; null: none was. */
  readonly anchor: { readonly seq: number; readonly hash: Buffer } | null;
  readonly seq: number;
  readonly hash: Buffer | null;
}

/** One view of the database for as long as `work` takes, whatever is written meanwhile. */
export async function withAuditView<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return database.kysely.transaction().setIsolationLevel('repeatable read').execute(work);
}

export async function auditedSpaces(database: Database): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT space_id::text AS id FROM projection_cursor
    WHERE audit_seq > 0 OR EXISTS (SELECT 1 FROM audit WHERE audit.space_id = projection_cursor.space_id)
    ORDER BY space_id`.execute(database.kysely);
  return found.rows.map((row) => row.id);
}

export async function chainEnds(tx: Tx, spaceId: string): Promise<ChainEnds> {
  const anchor = await tx
    .selectFrom('audit_anchor')
    .select(['seq', 'hash'])
    .where('space_id', '=', spaceId)
    .executeTakeFirst();
  const cursor = await tx
    .selectFrom('projection_cursor')
    .select(['audit_seq', 'audit_hash'])
    .where('space_id', '=', spaceId)
    .executeTakeFirst();
  return { anchor: anchor ?? null, seq: cursor?.audit_seq ?? 0, hash: cursor?.audit_hash ?? null };
}

export async function readAudit(
  tx: Tx,
  spaceId: string,
  afterSeq: number,
  limit: number,
): Promise<StoredAuditRow[]> {
  return tx
    .selectFrom('audit')
    .selectAll()
    .where('space_id', '=', spaceId)
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** Spaces whose oldest audit row is older than this. */
export async function spacesToPrune(database: Database, before: Date, limit: number): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT cursor.space_id::text AS id
    FROM projection_cursor AS cursor JOIN LATERAL (
      SELECT received_at FROM audit WHERE audit.space_id = cursor.space_id ORDER BY seq LIMIT 1
    ) AS oldest ON oldest.received_at < ${before}
    WHERE cursor.audit_seq > 0 LIMIT ${limit}`.execute(database.kysely);
  return found.rows.map((row) => row.id);
}

/** Removes at most `limit` of the oldest rows, up to the first that is not older than `before`. How many went. */
export async function pruneAudit(
  database: Database,
  spaceId: string,
  before: Date,
  limit: number,
): Promise<number> {
  return database.kysely.transaction().execute(async (tx) => {
    await sql`SELECT set_config('holdfast.audit_retention', 'on', true)`.execute(tx);
    const gone = await sql<{ rows: number }>`
      WITH oldest AS (
        SELECT seq, received_at FROM audit WHERE space_id = ${spaceId} ORDER BY seq LIMIT ${limit}
      ), cut AS (
        SELECT coalesce((SELECT min(seq) - 1 FROM oldest WHERE received_at >= ${before}), max(seq)) AS seq FROM oldest
      ), gone AS (
        DELETE FROM audit USING cut WHERE audit.space_id = ${spaceId} AND audit.seq <= cut.seq
        RETURNING audit.seq, audit.hash
      ), moved AS (
        INSERT INTO audit_anchor (space_id, seq, hash)
        SELECT ${spaceId}::uuid, seq, hash FROM gone ORDER BY seq DESC LIMIT 1
        ON CONFLICT (space_id) DO UPDATE
          SET seq = excluded.seq, hash = excluded.hash, pruned_at = now()
      )
      SELECT count(*) AS rows FROM gone`.execute(tx);
    return gone.rows[0]?.rows ?? 0;
  });
}
