/**
 * API tokens: made once, shown once, kept as a hash.
 *
 * Promise: a stolen database gives no usable token; a revoked one stops at the next check.
 * Limits: a plain SHA-256 is enough because a token is 256 random bits, not a password.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';
import { isUuid } from './uuid.ts';

const PREFIX = 'hf_';

export interface TokenOwner {
  readonly tokenId: string;
  readonly userId: string;
}

export async function createToken(
  database: Database,
  userId: string,
  name: string,
): Promise<{ id: string; token: string }> {
  const token = PREFIX + randomBytes(32).toString('base64url');
  const row = await database.kysely
    .insertInto('api_token')
    .values({ user_id: userId, name, hash: hashOf(token) })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id: row.id, token };
}

/** Whose token it is; null for anything unknown, malformed or revoked. */
export async function ownerOfToken(database: Database, token: string): Promise<TokenOwner | null> {
  if (!token.startsWith(PREFIX) || token.length > 200) return null;
  const rows = await database.run<TokenOwner>(OWNER_OF_TOKEN, [hashOf(token)]);
  return rows[0] ?? null;
}

/** Whether a token that was accepted before still stands (for long sockets). */
export async function isTokenLive(database: Database, tokenId: string): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('api_token')
    .select('id')
    .where('id', '=', tokenId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

export async function tokensOf(
  database: Database,
  userId: string,
): Promise<{ id: string; name: string; created_at: Date; last_used_at: Date | null }[]> {
  return database.kysely
    .selectFrom('api_token')
    .select(['id', 'name', 'created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('created_at')
    .execute();
}

/** False when there is no such live token of that user. */
export async function revokeToken(database: Database, userId: string, tokenId: string): Promise<boolean> {
  if (!isUuid(tokenId)) return false;
  const result = await database.kysely
    .updateTable('api_token')
    .set({ revoked_at: new Date() })
    .where('id', '=', tokenId)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

// Written at most once a minute: a busy token must not turn every request into a write.
const OWNER_OF_TOKEN = {
  name: 'owner-of-token',
  text: `
    WITH found AS (
      SELECT id, user_id, last_used_at FROM api_token WHERE hash = $1 AND revoked_at IS NULL
    ), touched AS (
      UPDATE api_token SET last_used_at = now() FROM found
      WHERE api_token.id = found.id
        AND (found.last_used_at IS NULL OR found.last_used_at < now() - interval '1 minute')
    )
    SELECT id AS "tokenId", user_id AS "userId" FROM found`,
};
