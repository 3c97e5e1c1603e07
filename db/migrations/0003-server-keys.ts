/**
 * The keys that the servers of one database share.
 *
 * One row at most: the keys are made together, and whoever comes first has made them for all.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE server_keys (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      auth_secret text NOT NULL,
      vapid_public_key text NOT NULL,
      vapid_private_key text NOT NULL,
      made_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
}
