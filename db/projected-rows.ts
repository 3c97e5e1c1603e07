/**
 * The rows of the projection: written, removed, compared.
 *
 * Promise: a row that is as it should be is left alone; what was touched and is not there any more goes.
 * Why rows travel as JSON: a turn writes hundreds of rows of twenty columns, and one parameter costs less than thousands.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { runIn } from './database.ts';
import type { Tx } from './database.ts';
import type { Statement } from './prepared.ts';

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

/** What a turn found: rows of what is there, and the ids of all that was touched. */
export interface ProjectedRows {
  readonly taskIds: readonly string[];
  readonly listIds: readonly string[];
  readonly tagIds: readonly string[];
  /** Of those that were touched and are not there any more. */
  readonly gone: {
    readonly taskIds: readonly string[];
    readonly listIds: readonly string[];
    readonly tagIds: readonly string[];
  };
  /** Lists of rows as text of JSON, in which Postgres can store every character. */
  readonly tasks: string;
  readonly occurrences: string;
  readonly lists: string;
  readonly tags: string;
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

/** Writes what is there and removes what is gone. Rows that are as they should be are left alone. */
export async function writeProjection(tx: Tx, spaceId: string, rows: ProjectedRows): Promise<void> {
  const { gone } = rows;
  if (rows.taskIds.length > 0) {
    const values = [spaceId, rows.tasks, rows.occurrences, rows.taskIds];
    const over = await runIn<{ taskId: string; ordinal: number }>(tx, WRITE_TASKS, values);
    // Seldom any, and planned anew each time: a plan that is kept would read the table, if that was small when it was made.
    if (over.length > 0) {
      await sql`
        DELETE FROM projected_occurrence AS old
        USING unnest(${over.map(({ taskId }) => taskId)}::text[], ${over.map(({ ordinal }) => ordinal)}::int[])
          AS over (task_id, ordinal)
        WHERE old.space_id = ${spaceId} AND old.task_id = over.task_id AND old.ordinal = over.ordinal`.execute(
        tx,
      );
    }
  }
  if (gone.taskIds.length > 0) await runIn(tx, REMOVE_TASKS, [spaceId, gone.taskIds]);
  if (rows.listIds.length > 0) await runIn(tx, WRITE_LISTS, [spaceId, rows.lists]);
  if (gone.listIds.length > 0) await runIn(tx, REMOVE_LISTS, [spaceId, gone.listIds]);
  if (rows.tagIds.length > 0) await runIn(tx, WRITE_TAGS, [spaceId, rows.tags]);
  if (gone.tagIds.length > 0) await runIn(tx, REMOVE_TAGS, [spaceId, gone.tagIds]);
}

/** Which rows are not what they should be, counted and named by task, list or tag. Ones too many are among them. */
export async function driftedRows(
  tx: Tx,
  spaceId: string,
  rows: ProjectedRows,
): Promise<{ readonly tasks: string[]; readonly lists: string[]; readonly tags: string[] }> {
  const tasks = await sql<{ id: string }>`
    WITH expected AS (
      SELECT ${sql.raw(TASK_COLUMNS)}, ${sql.raw(TASK_SEARCH)} AS search, digest FROM ${taskRecords(rows.tasks)}
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

/** Of taskRecords, all that is compared: in the order of the table. */
const TASK_COLUMNS = `id, title, notes, status, priority, start, due, due_date, due_at, list_id, parent_id, section,
  sort_order, ARRAY(SELECT jsonb_array_elements_text(tags)) AS tags, reminders, rule, ordinal, trashed_at, created_at,
  updated_at, closed_at`;

const TASK_SEARCH = `setweight(to_tsvector('simple', search_title), 'A')
  || setweight(to_tsvector('simple', search_tags), 'B') || setweight(to_tsvector('simple', search_notes), 'D')`;

const TASK_RECORD = `row (
    id text, title text, notes text, status text, priority smallint, start jsonb, due jsonb, due_date text,
    due_at timestamptz, list_id text, parent_id text, section text, sort_order text, tags jsonb, reminders jsonb,
    rule jsonb, ordinal integer, trashed_at timestamptz, created_at timestamptz, updated_at timestamptz,
    closed_at timestamptz, created_by text, digest text, search_title text, search_tags text, search_notes text
  )`;

const OCCURRENCE_RECORD =
  'row (task_id text, ordinal integer, state text, body jsonb, closed_at timestamptz)';

const LIST_RECORD = `row (
    id text, name text, color text, sort_order text, trashed_at timestamptz, created_at timestamptz,
    updated_at timestamptz
  )`;

function taskRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) AS ${sql.raw(TASK_RECORD)}`;
}

function occurrenceRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) AS ${sql.raw(OCCURRENCE_RECORD)}`;
}

function listRecords(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) AS ${sql.raw(LIST_RECORD)}`;
}

/** Writes tasks and their occurrences, and tells which occurrences of touched tasks are there and not among them. */
const WRITE_TASKS = {
  name: 'write-tasks',
  text: `
    WITH occurrence AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($3::jsonb) AS ${OCCURRENCE_RECORD}
    ), occurrences AS (
      INSERT INTO projected_occurrence (space_id, task_id, ordinal, state, body, closed_at)
      SELECT $1::uuid, task_id, ordinal, state, body, closed_at FROM occurrence
      ON CONFLICT (space_id, task_id, ordinal) DO UPDATE
        SET state = excluded.state, body = excluded.body, closed_at = excluded.closed_at
      WHERE projected_occurrence.state <> excluded.state OR projected_occurrence.body <> excluded.body
        OR projected_occurrence.closed_at IS DISTINCT FROM excluded.closed_at
    ), tasks AS (
      INSERT INTO projected_task (
        space_id, id, title, notes, status, priority, start, due, due_date, due_at, list_id, parent_id, section,
        sort_order, tags, reminders, rule, ordinal, trashed_at, created_at, updated_at, closed_at, created_by,
        search, digest
      )
      SELECT $1::uuid, ${TASK_COLUMNS}, created_by, ${TASK_SEARCH}, digest
      FROM jsonb_to_recordset($2::jsonb) AS ${TASK_RECORD}
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
        OR (projected_task.created_by IS NULL AND excluded.created_by IS NOT NULL)
    )
    SELECT there.task_id AS "taskId", there.ordinal
    FROM unnest($4::text[]) AS touched (task_id)
    CROSS JOIN LATERAL (
      SELECT old.task_id, old.ordinal FROM projected_occurrence AS old
      WHERE old.space_id = $1 AND old.task_id = touched.task_id OFFSET 0
    ) AS there
    WHERE NOT EXISTS (
      SELECT 1 FROM occurrence WHERE occurrence.task_id = there.task_id AND occurrence.ordinal = there.ordinal
    )`,
};

const WRITE_LISTS = {
  name: 'write-lists',
  text: `
    INSERT INTO projected_list (space_id, id, name, color, sort_order, trashed_at, created_at, updated_at)
    SELECT $1::uuid, row.* FROM jsonb_to_recordset($2::jsonb) AS ${LIST_RECORD}
    ON CONFLICT (space_id, id) DO UPDATE SET
      name = excluded.name, color = excluded.color, sort_order = excluded.sort_order,
      trashed_at = excluded.trashed_at, created_at = excluded.created_at, updated_at = excluded.updated_at`,
};

const WRITE_TAGS = {
  name: 'write-tags',
  text: `
    INSERT INTO projected_tag (space_id, id, name, color, trashed_at, created_at, updated_at)
    SELECT $1::uuid, id, name, color, trashed_at, created_at, updated_at
    FROM jsonb_to_recordset($2::jsonb) AS ${LIST_RECORD}
    ON CONFLICT (space_id, id) DO UPDATE SET
      name = excluded.name, color = excluded.color, trashed_at = excluded.trashed_at,
      created_at = excluded.created_at, updated_at = excluded.updated_at`,
};

const REMOVE_TASKS = removal('projected_task');
const REMOVE_LISTS = removal('projected_list');
const REMOVE_TAGS = removal('projected_tag');

function removal(table: string): Statement {
  return {
    name: `remove-from-${table}`,
    text: `DELETE FROM ${table} WHERE space_id = $1 AND id = ANY($2::text[])`,
  };
}
