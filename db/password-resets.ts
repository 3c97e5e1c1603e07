/**
 * Links by which a person sets a forgotten password anew.
 *
 * Promise: a link works once and for a limited time; the tables of accounts hold only its hash. Asking for one costs the
 * same for an address that has an account and for one that has none.
 * Limits: the text of the link stands in the queue of mails until its mail is sent.
 */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from './database.ts';

export const PASSWORD_RESET_MAIL = 'password-reset';

export interface PasswordResetMail {
  readonly name: string;
  readonly token: string;
}

/** More than these at once for one person are not made. */
const MAX_LIVE_LINKS = 5;
const PREFIX = 'password-reset:';

/** Puts a mail with a link into the queue if the address, in lower case, has an account. */
export async function askForReset(
  database: Database,
  email: string,
  now: Date,
  expiresAt: Date,
): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  await sql`
    WITH person AS (
      SELECT id, name, email FROM account_user
      WHERE email = ${email.toLowerCase()} AND (
        SELECT count(*) FROM account_verification
        WHERE value = account_user.id AND identifier LIKE ${`${PREFIX}%`} AND expires_at > ${now}
      ) < ${MAX_LIVE_LINKS}
    ), noted AS (
      INSERT INTO account_verification (id, identifier, value, expires_at)
      SELECT gen_random_uuid()::text, ${identifierOf(token)}, id, ${expiresAt}::timestamptz FROM person
    )
    INSERT INTO mail_queue (recipient, kind, body, created_at, next_at, expires_at)
    SELECT email, ${PASSWORD_RESET_MAIL}, jsonb_build_object('name', name, 'token', ${token}::text),
      ${now}::timestamptz, ${now}::timestamptz, ${expiresAt}::timestamptz FROM person`.execute(
    database.kysely,
  );
}

/** Whose password the link sets; null for one that is unknown, used or too old. All links of the person are spent. */
export async function claimReset(database: Database, token: string, now: Date): Promise<string | null> {
  const claimed = await sql<{ userId: string }>`
    DELETE FROM account_verification WHERE identifier = ${identifierOf(token)} AND expires_at > ${now}
    RETURNING value AS "userId"`.execute(database.kysely);
  const userId = claimed.rows[0]?.userId;
  if (userId === undefined) return null;
  await sql`
    DELETE FROM account_verification WHERE value = ${userId} AND identifier LIKE ${`${PREFIX}%`}`.execute(
    database.kysely,
  );
  return userId;
}

function identifierOf(token: string): string {
  return PREFIX + createHash('sha256').update(token).digest('hex');
}
