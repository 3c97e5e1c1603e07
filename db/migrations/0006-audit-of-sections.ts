/**
 * The audit takes sections too, and finds what was changed of lists, sections, tags and filters without reading past the tasks.
 *
 * Rows that are there keep their hashes: nothing of them is touched. The index is partial because nearly every row is of a
 * task, and those are found by their own.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE audit DROP CONSTRAINT audit_entity_check`.execute(db);
  await sql`
    ALTER TABLE audit ADD CONSTRAINT audit_entity_check
    CHECK (entity IN ('task', 'list', 'section', 'tag', 'filter'))`.execute(db);
  await sql`CREATE INDEX audit_beside_tasks ON audit (space_id, seq) WHERE entity <> 'task'`.execute(db);
}
