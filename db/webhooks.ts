/**
 * Webhooks as their owners see them: made, listed, paused, tried, removed, and what could not be delivered.
 *
 * Promise: whatever a person asks for touches webhooks of their own only. A new webhook begins with the next event.
 * Limits: sending is db/webhook-delivery.ts; the text of an address is judged by the caller.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { isUuid } from './uuid.ts';

export interface Webhook {
  readonly id: string;
  readonly spaceId: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly createdAt: Date;
  readonly pausedAt: Date | null;
  readonly succeededAt: Date | null;
  /** How often the event that is due was tried in vain. */
  readonly attempts: number;
  readonly nextAt: Date | null;
  readonly error: string | null;
  readonly deadLetters: number;
  readonly isTestDue: boolean;
  readonly testedAt: Date | null;
  readonly testError: string | null;
}

export interface DeadLetter {
  readonly seq: number;
  /** The CloudEvent as it would have been sent. */
  readonly event: unknown;
  readonly attempts: number;
  readonly error: string;
  readonly deadAt: Date;
  readonly isReplayDue: boolean;
}

export const MAX_WEBHOOKS_PER_SPACE = 20;

/** Standard Webhooks: the prefix, and 24 to 64 random bytes. */
const SECRET_BYTES = 32;

/** Null when the person has as many in this space as one may have. The secret is never given again. */
export async function createWebhook(
  database: Database,
  input: { userId: string; spaceId: string; url: string; types: readonly string[] },
): Promise<{ id: string; secret: string } | null> {
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  const id = randomUUID();
  const made = await sql`
    INSERT INTO webhook (id, user_id, space_id, url, secret, types, seq)
    SELECT ${id}, ${input.userId}, ${input.spaceId}, ${input.url}, ${secret}, ${[...input.types]}::text[],
      greatest(
        coalesce((SELECT outbox_seq FROM projection_cursor WHERE space_id = ${input.spaceId}), 0),
        coalesce((SELECT max(seq) FROM outbox WHERE space_id = ${input.spaceId}), 0)
      )
    WHERE (
      SELECT count(*) FROM webhook WHERE user_id = ${input.userId} AND space_id = ${input.spaceId}
    ) < ${MAX_WEBHOOKS_PER_SPACE}`.execute(database.kysely);
  return made.numAffectedRows === 1n ? { id, secret } : null;
}

export async function webhooksOf(database: Database, userId: string, id?: string): Promise<Webhook[]> {
  if (id !== undefined && !isUuid(id)) return [];
  const found = await sql<Webhook>`
    SELECT id, space_id AS "spaceId", url, types, created_at AS "createdAt", paused_at AS "pausedAt",
      succeeded_at AS "succeededAt", attempts, next_at AS "nextAt", error,
      (SELECT count(*) FROM webhook_dead_letter AS dead WHERE dead.webhook_id = webhook.id) AS "deadLetters",
      test_id IS NOT NULL AS "isTestDue", tested_at AS "testedAt", test_error AS "testError"
    FROM webhook
    WHERE user_id = ${userId} AND (${id ?? null}::uuid IS NULL OR id = ${id ?? null}::uuid)
    ORDER BY created_at, id`.execute(database.kysely);
  return found.rows;
}

/** False when the person has no such webhook. Whatever is changed, the event that is due is tried at once. */
export async function changeWebhook(
  database: Database,
  who: { userId: string; id: string },
  change: { url?: string | undefined; types?: readonly string[] | undefined; paused?: boolean | undefined },
  now: Date,
): Promise<boolean> {
  if (!isUuid(who.id)) return false;
  const { url, types, paused } = change;
  const result = await database.kysely
    .updateTable('webhook')
    .set({
      attempts: 0,
      next_at: null,
      ...(url === undefined ? {} : { url }),
      ...(types === undefined ? {} : { types: [...types] }),
      ...(paused === undefined ? {} : { paused_at: paused ? now : null }),
      ...(paused === false ? { error: null } : {}),
    })
    .where('id', '=', who.id)
    .where('user_id', '=', who.userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function deleteWebhook(
  database: Database,
  who: { userId: string; id: string },
): Promise<boolean> {
  if (!isUuid(who.id)) return false;
  const result = await database.kysely
    .deleteFrom('webhook')
    .where('id', '=', who.id)
    .where('user_id', '=', who.userId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** A trial event is sent soon, outside of the order; its outcome is told by `webhooksOf`. */
export async function askForTest(database: Database, who: { userId: string; id: string }): Promise<boolean> {
  if (!isUuid(who.id)) return false;
  const result = await database.kysely
    .updateTable('webhook')
    .set({ test_id: randomUUID(), tested_at: null, test_error: null })
    .where('id', '=', who.id)
    .where('user_id', '=', who.userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The oldest first. The webhook must be the caller's. */
export async function deadLettersOf(
  database: Database,
  webhookId: string,
  limit: number,
): Promise<DeadLetter[]> {
  const found = await sql<DeadLetter>`
    SELECT seq, event, attempts, error, dead_at AS "deadAt", replay_at IS NOT NULL AS "isReplayDue"
    FROM webhook_dead_letter WHERE webhook_id = ${webhookId} ORDER BY seq LIMIT ${limit}`.execute(
    database.kysely,
  );
  return found.rows;
}

/** How many are sent again: all of them, or those of the given sequences. The webhook must be the caller's. */
export async function replayDeadLetters(
  database: Database,
  webhookId: string,
  seqs: readonly number[] | undefined,
  now: Date,
): Promise<number> {
  const marked = await sql`
    UPDATE webhook_dead_letter SET replay_at = ${now}
    WHERE webhook_id = ${webhookId}
      AND (${seqs === undefined} OR seq = ANY(${[...(seqs ?? [])]}::bigint[]))`.execute(database.kysely);
  return Number(marked.numAffectedRows ?? 0n);
}
