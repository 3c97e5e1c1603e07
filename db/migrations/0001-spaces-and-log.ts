/**
 * Spaces, members, the update log with its snapshots, devices with their client ids, and API tokens.
 *
 * No foreign key points from update_log to space: every append holds the space's row locked anyway, and the
 * check would cost a second lock and look-up for each row. User ids are text (better-auth's) and carry no
 * foreign key here, because history must outlive the account that wrote it.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The row of a space is updated by every append: room for heap-only updates keeps its index untouched.
  await sql`
    CREATE TABLE space (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('personal', 'shared')),
      head bigint NOT NULL DEFAULT 0,
      epoch uuid NOT NULL DEFAULT gen_random_uuid(),
      restored_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 40)`.execute(db);
  await sql`
    CREATE TABLE member (
      space_id uuid NOT NULL REFERENCES space (id) ON DELETE CASCADE,
      user_id text NOT NULL,
      role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
      PRIMARY KEY (space_id, user_id)
    )`.execute(db);
  await sql`CREATE INDEX member_by_user ON member (user_id)`.execute(db);
  await sql`
    CREATE TABLE update_log (
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      body bytea NOT NULL,
      user_id text NOT NULL,
      device_id text,
      received_at timestamptz NOT NULL DEFAULT now(),
      batch uuid NOT NULL,
      batch_pos integer NOT NULL,
      PRIMARY KEY (space_id, seq)
    )`.execute(db);
  await sql`
    CREATE TABLE snapshot (
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      body bytea NOT NULL,
      state_vector bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, seq)
    )`.execute(db);
  // A snapshot is read whole by every cold start: stored as it lies, it costs disk but no decompression.
  await sql`ALTER TABLE snapshot ALTER COLUMN body SET STORAGE EXTERNAL`.execute(db);
  await sql`
    CREATE TABLE quarantine (
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      error text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, seq)
    )`.execute(db);
  await sql`
    CREATE TABLE client_id (
      space_id uuid NOT NULL,
      client_id bigint NOT NULL,
      user_id text NOT NULL,
      device_id text NOT NULL,
      registered_at timestamptz NOT NULL DEFAULT now(),
      live_by integer,
      PRIMARY KEY (space_id, client_id)
    )`.execute(db);
  await sql`
    CREATE TABLE device (
      user_id text NOT NULL,
      id text NOT NULL,
      name text NOT NULL,
      first_seen timestamptz NOT NULL DEFAULT now(),
      last_seen timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (user_id, id)
    )`.execute(db);
  await sql`
    CREATE TABLE device_progress (
      space_id uuid NOT NULL,
      user_id text NOT NULL,
      device_id text NOT NULL,
      applied_seq bigint NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, user_id, device_id)
    )`.execute(db);
  await sql`
    CREATE TABLE api_token (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id text NOT NULL,
      name text NOT NULL,
      hash text NOT NULL UNIQUE,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_used_at timestamptz,
      revoked_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX api_token_by_user ON api_token (user_id)`.execute(db);
}
