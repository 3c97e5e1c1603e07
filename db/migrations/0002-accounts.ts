/**
 * Accounts, their sessions and credentials, and invitations to sign up.
 *
 * The columns of the first four tables are those that better-auth 1.7 asks for, under our own names
 * (sync-server/accounts/auth-library.ts maps them; a test there compares the two). Ids are text because
 * the library makes and compares them as text. Sessions and credentials go with their account.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE account_user (
      id text PRIMARY KEY,
      name text NOT NULL,
      email text NOT NULL UNIQUE,
      email_verified boolean NOT NULL DEFAULT false,
      image text,
      role text NOT NULL DEFAULT 'member' CHECK (role IN ('administrator', 'member')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`
    CREATE TABLE account_session (
      id text PRIMARY KEY,
      user_id text NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
      token text NOT NULL UNIQUE,
      expires_at timestamptz NOT NULL,
      ip_address text,
      user_agent text,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`CREATE INDEX account_session_by_user ON account_session (user_id)`.execute(db);
  await sql`
    CREATE TABLE account_credential (
      id text PRIMARY KEY,
      user_id text NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
      account_id text NOT NULL,
      provider_id text NOT NULL,
      password text,
      access_token text,
      refresh_token text,
      id_token text,
      access_token_expires_at timestamptz,
      refresh_token_expires_at timestamptz,
      scope text,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (provider_id, account_id)
    )`.execute(db);
  await sql`CREATE INDEX account_credential_by_user ON account_credential (user_id)`.execute(db);
  await sql`
    CREATE TABLE account_verification (
      id text PRIMARY KEY,
      identifier text NOT NULL,
      value text NOT NULL,
      expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`CREATE INDEX account_verification_by_identifier ON account_verification (identifier)`.execute(db);
  await sql`
    CREATE TABLE account_invite (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      hash text NOT NULL UNIQUE,
      made_by text NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
      made_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    )`.execute(db);
}
