/**
 * What the projection asks of the tables: which spaces are behind, what to read, and what to write in one transaction.
 *
 * Promise: of several processes one at a time projects a space, by the lock on its cursor's row; nobody waits for it. No
 * statement here locks a row that an append needs, so edits never wait for the projection.
 * Why rows travel as JSON: a turn writes hundreds of rows of twenty columns, and one parameter costs less than thousands.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database, Tx } from './database.ts';
import type { AuditTable, OutboxTable } from './worker-tables.ts';

export interface Cursor {
  readonly seq: number;
  readonly auditSeq: number;
  readonly auditHash: Buffer | null;
  readonly outboxSeq: number;
}

export interface AuthoredRow {
  readonly seq: number;
  readonly body: Buffer;
  readonly userId: string;
  readonly deviceId: string | null;
  readonly receivedAt: Date;
}

/** jsonb columns as text of JSON, instants as ISO text. */
export interface TaskRow {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly status: string;
  readonly priority: number;
  readonly start: unknown;
  readonly due: unknown;
  readonly due_date: string | null;
  readonly due_at: string | null;
  readonly list_id: string | null;
  readonly parent_id: string | null;
  readonly section: string | null;
  readonly sort_order: string | null;
  readonly tags: readonly string[];
  readonly reminders: unknown;
  readonly rule: unknown;
  readonly ordinal: number | null;
  readonly trashed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly closed_at: string | null;
  /** Known only to who saw the birth; what is stored stays. */
  readonly created_by: string | null;
  readonly digest: string;
  readonly search_title: string;
  readonly search_tags: string;
  readonly search_notes: string;
}

export interface OccurrenceRow {
  readonly task_id: string;
  readonly ordinal: number;
  readonly state: 'open' | 'done' | 'skipped';
  readonly body: unknown;
  readonly closed_at: string | null;
}

export interface NamedRow {
  readonly id: string;
  readonly name: string;
  readonly color: string | null;
  readonly sort_order: string | null;
  readonly trashed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a turn found: rows of what is there, and the ids of all that was touched. What is touched and has no row goes. */
export interface ProjectedRows {
  readonly taskIds: readonly string[];
  readonly listIds: readonly string[];
  readonly tagIds: readonly string[];
  /** Lists of rows as text of JSON, in which Postgres can store every character. */
  readonly tasks: string;
  readonly occurrences: string;
  readonly lists: string;
  readonly tags: string;
}

/** A row of the audit, its jsonb columns as text. */
export interface AuditRow extends Omit<
  AuditTable,
  'before' | 'after' | 'stands' | 'claimed_at' | 'received_at'
> {
  readonly before: string | null;
  readonly after: string | null;
  readonly stands: boolean;
  readonly claimed_at: Date;
  readonly received_at: Date;
}

export interface AuditKey {
  readonly entity: string;
  readonly entityId: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly stamp: number;
  readonly writer: string;
}

export type OutboxRow = Omit<OutboxTable, 'data'> & { readonly data: string };

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
  await database.run(ENSURE_CURSOR, [spaceId]);
  return database.kysely.transaction().execute(async (tx) => {
    await sql`SET LOCAL synchronous_commit = off`.execute(tx);
    const found = await sql<Cursor>`
      SELECT seq, audit_seq AS "auditSeq", audit_hash AS "auditHash", outbox_seq AS "outboxSeq"
      FROM projection_cursor WHERE space_id = ${spaceId} FOR UPDATE SKIP LOCKED`.execute(tx);
    const cursor = found.rows[0];
    return cursor === undefined ? null : work(tx, cursor);
  });
}

/** Rows after `afterSeq`, in order, without those in quarantine; at least one if there is one. */
export async function readAuthored(
  tx: Tx,
  spaceId: string,
  afterSeq: number,
  limit: { readonly rows: number; readonly bytes: number; readonly untilSeq?: number },
): Promise<AuthoredRow[]> {
  const found = await sql<AuthoredRow>`
    SELECT seq, body, user_id AS "userId", device_id AS "deviceId", received_at AS "receivedAt"
    FROM update_log AS log JOIN (
      SELECT seq, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS bytes_before
      FROM (
        SELECT seq, body FROM update_log
        WHERE space_id = ${spaceId} AND seq > ${afterSeq} AND seq <= ${limit.untilSeq ?? Number.MAX_SAFE_INTEGER}
          AND NOT EXISTS (
            SELECT 1 FROM quarantine WHERE quarantine.space_id = ${spaceId} AND quarantine.seq = update_log.seq
          )
        ORDER BY seq LIMIT ${limit.rows}
      ) AS next
    ) AS chosen USING (seq)
    WHERE log.space_id = ${spaceId} AND chosen.bytes_before < ${limit.bytes}
    ORDER BY seq`.execute(tx);
  return found.rows;
}

/** Up to where the log is whole after `afterSeq`: rows that are there or in quarantine, one by one. */
export async function firstMissing(
  tx: Tx,
  spaceId: string,
  afterSeq: number,
  untilSeq: number,
): Promise<number | null> {
  const found = await sql<{ missing: number | null }>`
    SELECT min(expected) AS missing FROM (
      SELECT seq, ${afterSeq}::bigint + row_number() OVER (ORDER BY seq) AS expected FROM (
        SELECT seq FROM update_log WHERE space_id = ${spaceId} AND seq > ${afterSeq} AND seq <= ${untilSeq}
        UNION
        SELECT seq FROM quarantine WHERE space_id = ${spaceId} AND seq > ${afterSeq} AND seq <= ${untilSeq}
        UNION ALL SELECT ${untilSeq}::bigint + 1
      ) AS there
    ) AS numbered WHERE seq <> expected`.execute(tx);
  return found.rows[0]?.missing ?? null;
}

/** Read without a lock: it may be higher a moment later. */
export async function headOf(tx: Tx, spaceId: string): Promise<number> {
  const space = await tx.selectFrom('space').select('head').where('id', '=', spaceId).executeTakeFirst();
  return space?.head ?? 0;
}

export interface BaseSnapshot {
  readonly seq: number;
  readonly body: Buffer;
}

/** The newest snapshot at or below `seq`. */
export async function snapshotUpTo(tx: Tx, spaceId: string, seq: number): Promise<BaseSnapshot | null> {
  const found = await sql<BaseSnapshot>`
    SELECT seq, body FROM snapshot WHERE space_id = ${spaceId} AND seq <= ${seq}
    ORDER BY seq DESC LIMIT 1`.execute(tx);
  return found.rows[0] ?? null;
}

/** The oldest snapshot beyond `seq`. */
export async function snapshotAfter(tx: Tx, spaceId: string, seq: number): Promise<BaseSnapshot | null> {
  const found = await sql<BaseSnapshot>`
    SELECT seq, body FROM snapshot WHERE space_id = ${spaceId} AND seq > ${seq}
    ORDER BY seq LIMIT 1`.execute(tx);
  return found.rows[0] ?? null;
}

export async function quarantineRow(tx: Tx, spaceId: string, seq: number, error: string): Promise<void> {
  await tx
    .insertInto('quarantine')
    .values({ space_id: spaceId, seq, error })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Rows that were set aside for this reason, with their bodies. */
export async function readAside(
  tx: Tx,
  spaceId: string,
  error: string,
  limit: number,
): Promise<AuthoredRow[]> {
  const found = await sql<AuthoredRow>`
    SELECT log.seq, log.body, log.user_id AS "userId", log.device_id AS "deviceId", log.received_at AS "receivedAt"
    FROM quarantine JOIN update_log AS log ON log.space_id = quarantine.space_id AND log.seq = quarantine.seq
    WHERE quarantine.space_id = ${spaceId} AND quarantine.error = ${error}
    ORDER BY log.seq LIMIT ${limit}`.execute(tx);
  return found.rows;
}

export async function explainQuarantine(
  database: Database,
  spaceId: string,
  seq: number,
  error: string,
): Promise<void> {
  await database.kysely
    .updateTable('quarantine')
    .set({ error })
    .where('space_id', '=', spaceId)
    .where('seq', '=', seq)
    .execute();
}

/** All that is projected of a space. */
export async function projectedIds(
  tx: Tx,
  spaceId: string,
): Promise<{ readonly tasks: string[]; readonly lists: string[]; readonly tags: string[] }> {
  const idsOf = async (table: 'projected_task' | 'projected_list' | 'projected_tag'): Promise<string[]> => {
    const found = await tx.selectFrom(table).select('id').where('space_id', '=', spaceId).execute();
    return found.map((row) => row.id);
  };
  return {
    tasks: await idsOf('projected_task'),
    lists: await idsOf('projected_list'),
    tags: await idsOf('projected_tag'),
  };
}

/** Writes what is there and removes what is touched and gone. Rows that are as they should be are left alone. */
export async function writeProjection(tx: Tx, spaceId: string, rows: ProjectedRows): Promise<void> {
  if (rows.taskIds.length > 0) {
    await sql`
      INSERT INTO projected_task (
        space_id, id, title, notes, status, priority, start, due, due_date, due_at, list_id, parent_id, section,
        sort_order, tags, reminders, rule, ordinal, trashed_at, created_at, updated_at, closed_at, created_by,
        search, digest
      )
      SELECT ${spaceId}::uuid, ${TASK_COLUMNS}, created_by, ${TASK_SEARCH}, digest
      FROM ${taskRecords(rows.tasks)}
      ON CONFLICT (space_id, id) DO UPDATE SET
        title = excluded.title, notes = excluded.notes, status = excluded.status, priority = excluded.priority,
        start = excluded.start, due = excluded.due, due_date = excluded.due_date, due_at = excluded.due_at,
        list_id = excluded.list_id, parent_id = excluded.parent_id, section = excluded.section,
        sort_order = excluded.sort_order, tags = excluded.tags, reminders = excluded.reminders,
        rule = excluded.rule, ordinal = excluded.ordinal, trashed_at = excluded.trashed_at,
        created_at = excluded.created_at, updated_at = excluded.updated_at, closed_at = excluded.closed_at,
        created_by = coalesce(excluded.created_by, projected_task.created_by), search = excluded.search,
        digest = excluded.digest
      WHERE projected_task.digest <> excluded.digest
        OR (projected_task.created_by IS NULL AND excluded.created_by IS NOT NULL)`.execute(tx);
    await sql`
      DELETE FROM projected_task
      WHERE space_id = ${spaceId} AND id = ANY(${rows.taskIds}::text[])
        AND id NOT IN (SELECT id FROM jsonb_to_recordset(${rows.tasks}::jsonb) AS row (id text))`.execute(tx);
    await sql`
      INSERT INTO projected_occurrence (space_id, task_id, ordinal, state, body, closed_at)
      SELECT ${spaceId}::uuid, task_id, ordinal, state, body, closed_at
      FROM ${occurrenceRecords(rows.occurrences)}
      ON CONFLICT (space_id, task_id, ordinal) DO UPDATE
        SET state = excluded.state, body = excluded.body, closed_at = excluded.closed_at
      WHERE projected_occurrence.state <> excluded.state OR projected_occurrence.body <> excluded.body
        OR projected_occurrence.closed_at IS DISTINCT FROM excluded.closed_at`.execute(tx);
    await sql`
      DELETE FROM projected_occurrence AS old
      WHERE space_id = ${spaceId} AND task_id = ANY(${rows.taskIds}::text[])
        AND NOT EXISTS (
          SELECT 1 FROM jsonb_to_recordset(${rows.occurrences}::jsonb) AS row (task_id text, ordinal integer)
          WHERE row.task_id = old.task_id AND row.ordinal = old.ordinal
        )`.execute(tx);
  }
  if (rows.listIds.length > 0) {
    await sql`
      INSERT INTO projected_list (space_id, id, name, color, sort_order, trashed_at, created_at, updated_at)
      SELECT ${spaceId}::uuid, row.* FROM ${listRecords(rows.lists)}
      ON CONFLICT (space_id, id) DO UPDATE SET
        name = excluded.name, color = excluded.color, sort_order = excluded.sort_order,
        trashed_at = excluded.trashed_at, created_at = excluded.created_at, updated_at = excluded.updated_at`.execute(
      tx,
    );
    await sql`
      DELETE FROM projected_list
      WHERE space_id = ${spaceId} AND id = ANY(${rows.listIds}::text[])
        AND id NOT IN (SELECT id FROM jsonb_to_recordset(${rows.lists}::jsonb) AS row (id text))`.execute(tx);
  }
  if (rows.tagIds.length > 0) {
    await sql`
      INSERT INTO projected_tag (space_id, id, name, color, trashed_at, created_at, updated_at)
      SELECT ${spaceId}::uuid, id, name, color, trashed_at, created_at, updated_at
      FROM ${listRecords(rows.tags)}
      ON CONFLICT (space_id, id) DO UPDATE SET
        name = excluded.name, color = excluded.color, trashed_at = excluded.trashed_at,
        created_at = excluded.created_at, updated_at = excluded.updated_at`.execute(tx);
    await sql`
      DELETE FROM projected_tag
      WHERE space_id = ${spaceId} AND id = ANY(${rows.tagIds}::text[])
        AND id NOT IN (SELECT id FROM jsonb_to_recordset(${rows.tags}::jsonb) AS row (id text))`.execute(tx);
  }
}

/** Which rows are not what they should be, counted and named by task, list or tag. Ones too many are among them. */
export async function driftedRows(
  tx: Tx,
  spaceId: string,
  rows: ProjectedRows,
): Promise<{ readonly tasks: string[]; readonly lists: string[]; readonly tags: string[] }> {
  const tasks = await sql<{ id: string }>`
    WITH expected AS (
      SELECT ${TASK_COLUMNS}, ${TASK_SEARCH} AS search, digest FROM ${taskRecords(rows.tasks)}
    ), there AS (
      SELECT id, title, notes, status, priority, start, due, due_date, due_at, list_id, parent_id, section,
        sort_order, tags, reminders, rule, ordinal, trashed_at, created_at, updated_at, closed_at, search, digest
      FROM projected_task WHERE space_id = ${spaceId} AND id = ANY(${rows.taskIds}::text[])
    ), occurrences AS (
      SELECT task_id, ordinal, state, body, closed_at FROM ${occurrenceRecords(rows.occurrences)}
    ), occurrences_there AS (
      SELECT task_id, ordinal, state, body, closed_at FROM projected_occurrence
      WHERE space_id = ${spaceId} AND task_id = ANY(${rows.taskIds}::text[])
    )
    SELECT id FROM (SELECT * FROM expected EXCEPT SELECT * FROM there) AS missing
    UNION SELECT id FROM (SELECT * FROM there EXCEPT SELECT * FROM expected) AS wrong
    UNION SELECT task_id FROM (SELECT * FROM occurrences EXCEPT SELECT * FROM occurrences_there) AS missing
    UNION SELECT task_id FROM (SELECT * FROM occurrences_there EXCEPT SELECT * FROM occurrences) AS wrong`.execute(
    tx,
  );
  const lists = await sql<{ id: string }>`
    WITH expected AS (SELECT * FROM ${listRecords(rows.lists)}), there AS (
      SELECT id, name, color, sort_order, trashed_at, created_at, updated_at FROM projected_list
      WHERE space_id = ${spaceId} AND id = ANY(${rows.listIds}::text[])
    )
    SELECT id FROM (SELECT * FROM expected EXCEPT SELECT * FROM there) AS missing
    UNION SELECT id FROM (SELECT * FROM there EXCEPT SELECT * FROM expected) AS wrong`.execute(tx);
  const tags = await sql<{ id: string }>`
    WITH expected AS (
      SELECT id, name, color, trashed_at, created_at, updated_at FROM ${listRecords(rows.tags)}
    ), there AS (
      SELECT id, name, color, trashed_at, created_at, updated_at FROM projected_tag
      WHERE space_id = ${spaceId} AND id = ANY(${rows.tagIds}::text[])
    )
    SELECT id FROM (SELECT * FROM expected EXCEPT SELECT * FROM there) AS missing
    UNION SELECT id FROM (SELECT * FROM there EXCEPT SELECT * FROM expected) AS wrong`.execute(tx);
  const ids = (found: { readonly rows: { id: string }[] }): string[] => found.rows.map((row) => row.id);
  return { tasks: ids(tasks), lists: ids(lists), tags: ids(tags) };
}

/** So that the next write replaces them, whatever their digest says. */
export async function forgetDigests(tx: Tx, spaceId: string, taskIds: readonly string[]): Promise<void> {
  await sql`
    UPDATE projected_task SET digest = '' WHERE space_id = ${spaceId} AND id = ANY(${taskIds}::text[])`.execute(
    tx,
  );
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

/**
 * Which of these changes the audit knows already, by their place in the list. Lateral and limited, so that it is one look into
 * the index for each, whatever Postgres knows of a table that grew by ten thousand rows a moment ago.
 */
export async function auditedAmong(tx: Tx, spaceId: string, keys: readonly AuditKey[]): Promise<Set<number>> {
  if (keys.length === 0) return new Set();
  const found = await sql<{ place: number }>`
    SELECT (key.place - 1)::int AS place
    FROM unnest(
      ${keys.map((key) => key.entity)}::text[], ${keys.map((key) => key.entityId)}::text[],
      ${keys.map((key) => key.ordinal ?? -1)}::int[], ${keys.map((key) => key.field)}::text[],
      ${keys.map((key) => key.stamp)}::bigint[], ${keys.map((key) => key.writer)}::text[]
    ) WITH ORDINALITY AS key (entity, entity_id, ordinal, field, stamp, writer, place)
    JOIN LATERAL (
      SELECT FROM audit
      WHERE audit.space_id = ${spaceId} AND audit.entity = key.entity AND audit.entity_id = key.entity_id
        AND coalesce(audit.ordinal, -1) = key.ordinal AND audit.field = key.field AND audit.stamp = key.stamp
        AND audit.writer = key.writer
      LIMIT 1
    ) AS known ON true`.execute(tx);
  return new Set(found.rows.map((row) => row.place));
}

export async function appendAudit(tx: Tx, rows: readonly AuditRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const some = rows.slice(at, at + ROWS_PER_STATEMENT);
    await sql`
      INSERT INTO audit (
        space_id, seq, log_seq, entity, entity_id, ordinal, field, before, after, user_id, device_id, writer, stamp,
        stands, claimed_at, received_at, hash
      )
      SELECT ${some[0]?.space_id}::uuid, * FROM unnest(
        ${some.map((row) => row.seq)}::bigint[], ${some.map((row) => row.log_seq)}::bigint[],
        ${some.map((row) => row.entity)}::text[], ${some.map((row) => row.entity_id)}::text[],
        ${some.map((row) => row.ordinal)}::int[], ${some.map((row) => row.field)}::text[],
        ${some.map((row) => row.before)}::jsonb[], ${some.map((row) => row.after)}::jsonb[],
        ${some.map((row) => row.user_id)}::text[], ${some.map((row) => row.device_id)}::text[],
        ${some.map((row) => row.writer)}::text[], ${some.map((row) => row.stamp)}::bigint[],
        ${some.map((row) => row.stands)}::boolean[], ${some.map((row) => row.claimed_at)}::timestamptz[],
        ${some.map((row) => row.received_at)}::timestamptz[], ${some.map((row) => row.hash)}::bytea[]
      )`.execute(tx);
  }
}

export async function appendOutbox(tx: Tx, rows: readonly OutboxRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const some = rows.slice(at, at + ROWS_PER_STATEMENT);
    await sql`
      INSERT INTO outbox (space_id, seq, id, type, subject, at, data)
      SELECT ${some[0]?.space_id}::uuid, * FROM unnest(
        ${some.map((row) => row.seq)}::bigint[], ${some.map((row) => row.id)}::uuid[],
        ${some.map((row) => row.type)}::text[], ${some.map((row) => row.subject)}::text[],
        ${some.map((row) => row.at)}::timestamptz[], ${some.map((row) => row.data)}::jsonb[]
      )`.execute(tx);
  }
}

/** The space is projected up to here. */
export async function moveCursor(tx: Tx, spaceId: string, cursor: Cursor, now: Date): Promise<void> {
  await tx
    .updateTable('projection_cursor')
    .set({
      seq: cursor.seq,
      audit_seq: cursor.auditSeq,
      audit_hash: cursor.auditHash,
      outbox_seq: cursor.outboxSeq,
      failures: 0,
      retry_at: null,
      error: null,
      projected_at: now,
    })
    .where('space_id', '=', spaceId)
    .execute();
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

const ROWS_PER_STATEMENT = 2000;

/** Of taskRecords, all that is compared: in the order of the table. */
const TASK_COLUMNS = sql`id, title, notes, status, priority, start, due, due_date, due_at, list_id, parent_id, section,
  sort_order, ARRAY(SELECT jsonb_array_elements_text(tags)) AS tags, reminders, rule, ordinal, trashed_at, created_at,
  updated_at, closed_at`;

const TASK_SEARCH = sql`setweight(to_tsvector('simple', search_title), 'A')
  || setweight(to_tsvector('simple', search_tags), 'B') || setweight(to_tsvector('simple', search_notes), 'D')`;

function taskRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) AS row (
    id text, title text, notes text, status text, priority smallint, start jsonb, due jsonb, due_date text,
    due_at timestamptz, list_id text, parent_id text, section text, sort_order text, tags jsonb, reminders jsonb,
    rule jsonb, ordinal integer, trashed_at timestamptz, created_at timestamptz, updated_at timestamptz,
    closed_at timestamptz, created_by text, digest text, search_title text, search_tags text, search_notes text
  )`;
}

function occurrenceRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb)
    AS row (task_id text, ordinal integer, state text, body jsonb, closed_at timestamptz)`;
}

function listRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) AS row (
    id text, name text, color text, sort_order text, trashed_at timestamptz, created_at timestamptz,
    updated_at timestamptz
  )`;
}

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
