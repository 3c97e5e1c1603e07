/**
 * How far each space is projected, and which are behind. What is read and written in a turn stands beside it:
 * projection-log.ts, projected-rows.ts, told-changes.ts.
 *
 * Promise: of several processes one at a time projects a space, by the lock on its cursor's row; nobody waits for it. No
 * statement here locks a row that an append needs, so edits never wait for the projection.
 */
import { sql } from 'kysely';
import { runIn } from './database.ts';
import type { Database, Tx } from './database.ts';

export interface Cursor {
  readonly seq: number;
  readonly auditSeq: number;
  readonly auditHash: Buffer | null;
  readonly outboxSeq: number;
}

/** Spaces with rows that are not projected, those that wait longest first. */
export async function spacesToProject(database: Database, now: Date, limit: number): Promise<string[]> {
  const rows = await database.run<{ id: string }>(BEHIND, [now, limit]);
  return rows.map((row) => row.id);
}

/** Of these spaces, those that are behind and may be tried now. */
export async function behindAmong(
  database: Database,
  spaceIds: readonly string[],
  now: Date,
): Promise<string[]> {
  if (spaceIds.length === 0) return [];
  const rows = await database.run<{ id: string }>(BEHIND_AMONG, [spaceIds, now]);
  return rows.map((row) => row.id);
}

/**
 * Runs `work` while this process alone has the space; null: another one has it. All it writes appears together.
 *
 * The commit does not wait for the disk. Should the database die in that moment, the turn is undone as a whole and done
 * again from the log; whatever builds on it commits later, and with that everything before it is on the disk.
 */
export async function withCursor<T>(
  database: Database,
  spaceId: string,
  work: (tx: Tx, cursor: Cursor) => Promise<T>,
): Promise<T | null> {
  const turn = (): Promise<{ readonly done: T } | null> =>
    database.kysely.transaction().execute(async (tx) => {
      const [cursor] = await runIn<Cursor>(tx, TAKE_CURSOR, [spaceId]);
      return cursor === undefined ? null : { done: await work(tx, cursor) };
    });
  let taken = await turn();
  if (taken === null) {
    // It is another's, or the space is new. Made outside of a transaction, so that nobody waits for who makes it.
    await database.run(ENSURE_CURSOR, [spaceId]);
    taken = await turn();
  }
  return taken === null ? null : taken.done;
}

/** Projection and document were compared. */
export async function noteReconciled(tx: Tx, spaceId: string, drift: number, now: Date): Promise<void> {
  await sql`
    UPDATE projection_cursor SET reconciled_at = ${now}, drift = ${drift} WHERE space_id = ${spaceId}`.execute(
    tx,
  );
}

/** Spaces that were not compared since `before`, those that wait longest first. */
export async function spacesToReconcile(database: Database, before: Date, limit: number): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT space_id::text AS id FROM projection_cursor
    WHERE coalesce(reconciled_at, projected_at) < ${before}
    ORDER BY coalesce(reconciled_at, projected_at) LIMIT ${limit}`.execute(database.kysely);
  return found.rows.map((row) => row.id);
}

export async function projectedSpaces(database: Database): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT space_id::text AS id FROM projection_cursor WHERE seq > 0 ORDER BY space_id`.execute(
    database.kysely,
  );
  return found.rows.map((row) => row.id);
}

/** The space is projected up to here. Tells whether rows of it are set aside for this reason. */
export async function moveCursor(
  tx: Tx,
  spaceId: string,
  cursor: Cursor,
  now: Date,
  asideFor: string,
): Promise<{ readonly hasAside: boolean }> {
  const { seq, auditSeq, auditHash, outboxSeq } = cursor;
  const values = [spaceId, seq, auditSeq, auditHash, outboxSeq, now, asideFor];
  const [moved] = await runIn<{ hasAside: boolean }>(tx, MOVE_CURSOR, values);
  return { hasAside: moved?.hasAside === true };
}

/** Not before `retryAt`, and why. Outside of the turn that failed. */
export async function putOff(
  database: Database,
  spaceId: string,
  retryAt: Date,
  error: string,
  isFailure: boolean,
): Promise<void> {
  await sql`
    UPDATE projection_cursor
    SET retry_at = ${retryAt}, error = ${error.slice(0, 1000)}, failures = failures + ${isFailure ? 1 : 0}
    WHERE space_id = ${spaceId}`.execute(database.kysely);
}

export interface ProjectionState {
  readonly lagRows: number;
  readonly lagSeconds: number;
  readonly failing: number;
  readonly quarantined: number;
  readonly drift: number;
}

/** For the metrics. */
/** Rows in quarantine with the explanation `settled` need nobody any more and are not counted. */
export async function projectionState(
  database: Database,
  now: Date,
  settled: string,
): Promise<ProjectionState> {
  const rows = await database.run<ProjectionState>(STATE, [now, settled]);
  return rows[0] ?? { lagRows: 0, lagSeconds: 0, failing: 0, quarantined: 0, drift: 0 };
}

/** One statement with the setting, since each is a way there and back. */
const TAKE_CURSOR = {
  name: 'take-projection-cursor',
  text: `
    SELECT seq, audit_seq AS "auditSeq", audit_hash AS "auditHash", outbox_seq AS "outboxSeq",
      set_config('synchronous_commit', 'off', true) AS "commit"
    FROM projection_cursor WHERE space_id = $1 FOR UPDATE SKIP LOCKED`,
};

const MOVE_CURSOR = {
  name: 'move-projection-cursor',
  text: `
    UPDATE projection_cursor
    SET seq = $2, audit_seq = $3, audit_hash = $4, outbox_seq = $5, failures = 0, retry_at = NULL, error = NULL,
      projected_at = $6
    WHERE space_id = $1
    RETURNING EXISTS (SELECT 1 FROM quarantine WHERE space_id = $1 AND error = $7) AS "hasAside"`,
};

const ENSURE_CURSOR = {
  name: 'ensure-projection-cursor',
  text: `
    INSERT INTO projection_cursor (space_id)
    SELECT $1::uuid WHERE NOT EXISTS (SELECT 1 FROM projection_cursor WHERE space_id = $1::uuid)
    ON CONFLICT DO NOTHING`,
};

const BEHIND = {
  name: 'spaces-to-project',
  text: `
    SELECT space.id::text AS id
    FROM space LEFT JOIN projection_cursor AS cursor ON cursor.space_id = space.id
    WHERE space.head > coalesce(cursor.seq, 0) AND (cursor.retry_at IS NULL OR cursor.retry_at <= $1)
    ORDER BY cursor.projected_at NULLS FIRST LIMIT $2`,
};

const BEHIND_AMONG = {
  name: 'behind-among',
  text: `
    SELECT space.id::text AS id
    FROM space LEFT JOIN projection_cursor AS cursor ON cursor.space_id = space.id
    WHERE space.id = ANY($1::uuid[]) AND space.head > coalesce(cursor.seq, 0)
      AND (cursor.retry_at IS NULL OR cursor.retry_at <= $2)`,
};

const STATE = {
  name: 'projection-state',
  text: `
    WITH behind AS (
      SELECT space.id, space.head - coalesce(cursor.seq, 0) AS rows, coalesce(cursor.seq, 0) AS seq
      FROM space LEFT JOIN projection_cursor AS cursor ON cursor.space_id = space.id
      WHERE space.head > coalesce(cursor.seq, 0)
    )
    SELECT
      coalesce((SELECT sum(rows) FROM behind), 0)::float8 AS "lagRows",
      coalesce((
        SELECT extract(epoch FROM $1::timestamptz - min(log.received_at)) FROM behind
        JOIN LATERAL (
          SELECT received_at FROM update_log WHERE space_id = behind.id AND seq > behind.seq ORDER BY seq LIMIT 1
        ) AS log ON true
      ), 0)::float8 AS "lagSeconds",
      (SELECT count(*) FROM projection_cursor WHERE failures > 0)::int AS failing,
      (SELECT count(*) FROM quarantine WHERE error <> $2)::int AS quarantined,
      coalesce((SELECT sum(drift) FROM projection_cursor), 0)::int AS drift`,
};
