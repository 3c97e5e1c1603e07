/**
 * Which device a session is of, and which devices were revoked: so that revoking one ends its sessions and sends it away
 * until someone signs in on it again.
 *
 * The auth library writes account_session and overlooks the column.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE account_session ADD COLUMN device_id text`.execute(db);
  await sql`ALTER TABLE device ADD COLUMN revoked_at timestamptz`.execute(db);
}
