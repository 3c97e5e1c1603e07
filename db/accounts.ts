/**
 * What the server asks about accounts beyond what the auth library does for itself.
 *
 * Promise: of any number of first sign-ups, on any number of servers, one at a time runs inside
 * `asPossiblyFirst`; an invitation is used once.
 * Limits: accounts themselves, sessions and passwords are written by the auth library.
 */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { AccountRole } from './account-tables.ts';
import type { Database } from './database.ts';

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: AccountRole;
}

export async function hasAccounts(database: Database): Promise<boolean> {
  const row = await database.kysely.selectFrom('account_user').select('id').limit(1).executeTakeFirst();
  return row !== undefined;
}

export async function accountById(database: Database, userId: string): Promise<AccountRow | null> {
  const row = await database.kysely
    .selectFrom('account_user')
    .select(['id', 'name', 'email', 'role'])
    .where('id', '=', userId)
    .executeTakeFirst();
  return row ?? null;
}

/** Addresses are compared in lower case, as the auth library stores them. */
export async function accountByEmail(database: Database, email: string): Promise<AccountRow | null> {
  const row = await database.kysely
    .selectFrom('account_user')
    .select(['id', 'name', 'email', 'role'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Runs `work` while no other process runs its own. It holds one connection of the pool while `work` takes
 * others, so the caller lets one at a time in per process: else waiters could hold every connection.
 */
export async function asPossiblyFirst<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.kysely.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('first-account', 0))`.execute(tx);
    return work();
  });
}

/** The auth library forgets an expired session only when its cookie comes back, which it seldom does. */
export async function forgetExpiredSessions(database: Database, userId: string, now: Date): Promise<void> {
  await database.kysely
    .deleteFrom('account_session')
    .where('user_id', '=', userId)
    .where('expires_at', '<', now)
    .execute();
}

export async function createInvite(
  database: Database,
  input: { madeBy: string; expiresAt: Date },
): Promise<{ id: string; code: string }> {
  const code = randomBytes(18).toString('base64url');
  const row = await database.kysely
    .insertInto('account_invite')
    .values({ hash: hashOf(code), made_by: input.madeBy, expires_at: input.expiresAt })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id: row.id, code };
}

/** The invitation's id if the code was good; it is spent by that. */
export async function claimInvite(database: Database, code: string, now: Date): Promise<string | null> {
  const row = await database.kysely
    .updateTable('account_invite')
    .set({ used_at: now })
    .where('hash', '=', hashOf(code))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Gives a claimed invitation back when the sign-up that claimed it came to nothing. */
export async function releaseInvite(database: Database, inviteId: string): Promise<void> {
  await database.kysely
    .updateTable('account_invite')
    .set({ used_at: null })
    .where('id', '=', inviteId)
    .execute();
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
