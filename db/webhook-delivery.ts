/**
 * What delivering webhooks asks of the tables: who has something due, the next event, and what became of it.
 *
 * Promise: a webhook is worked on by one process at a time (a lease that is renewed with every outcome); an outcome counts
 * only while the lease is held, so a process that was slow or asleep cannot move a webhook that another has taken over.
 * The place of a webhook in the outbox moves with the outcome in one statement.
 * Limits: a process that dies between the answer and the record sends the event again: at least once, by the same id.
 */
import { sql } from 'kysely';
import type { Database } from './database.ts';

export interface DueWebhook {
  readonly id: string;
  readonly userId: string;
  readonly spaceId: string;
  readonly url: string;
  readonly secret: string;
  readonly types: readonly string[];
  readonly seq: number;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly succeededAt: Date | null;
  readonly testId: string | null;
  /** False where only a trial was asked for. */
  readonly isDue: boolean;
  /** Its owner may still read the space. */
  readonly isMember: boolean;
}

export interface OutboxEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly at: Date;
  readonly isWanted: boolean;
  readonly data: unknown;
}

export interface DueReplay {
  readonly seq: number;
  readonly event: unknown;
}

/** The holder, and until when. */
export interface Lease {
  readonly by: string;
  readonly until: Date;
}

/** Those with something to send now, the longest waiting first; nobody else gets them until the lease ends. */
export async function claimWebhooks(
  database: Database,
  lease: Lease,
  now: Date,
  limit: number,
): Promise<DueWebhook[]> {
  const found = await sql<DueWebhook>`
    UPDATE webhook SET lease_by = ${lease.by}, lease_until = ${lease.until}
    WHERE id IN (
      SELECT due.id FROM webhook AS due
      WHERE (due.lease_until IS NULL OR due.lease_until <= ${now})
        AND (due.test_id IS NOT NULL OR (
          due.paused_at IS NULL AND (due.next_at IS NULL OR due.next_at <= ${now}) AND (
            EXISTS (SELECT 1 FROM outbox WHERE outbox.space_id = due.space_id AND outbox.seq > due.seq)
            OR EXISTS (
              SELECT 1 FROM webhook_dead_letter AS dead
              WHERE dead.webhook_id = due.id AND dead.replay_at IS NOT NULL
            )
          )
        ))
      ORDER BY coalesce(due.next_at, due.succeeded_at, due.created_at), due.id
      LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    RETURNING id, user_id AS "userId", space_id AS "spaceId", url, secret, types, seq, attempts,
      created_at AS "createdAt", succeeded_at AS "succeededAt",
      test_id AS "testId", paused_at IS NULL AND (next_at IS NULL OR next_at <= ${now}) AS "isDue",
      EXISTS (
        SELECT 1 FROM member WHERE member.space_id = webhook.space_id AND member.user_id = webhook.user_id
      ) AS "isMember"`.execute(database.kysely);
  return found.rows;
}

/** In order, and without a gap: those that it does not want are there too, without their data, to be passed over. */
export async function nextEvents(
  database: Database,
  webhook: Pick<DueWebhook, 'spaceId' | 'types' | 'seq'>,
  limit: number,
): Promise<OutboxEvent[]> {
  const types = [...webhook.types];
  const found = await sql<OutboxEvent>`
    SELECT seq, id, type, subject, at, wanted AS "isWanted", CASE WHEN wanted THEN data END AS data
    FROM outbox, LATERAL (
      SELECT cardinality(${types}::text[]) = 0 OR type = ANY(${types}::text[]) AS wanted
    ) AS taste
    WHERE space_id = ${webhook.spaceId} AND seq > ${webhook.seq}
    ORDER BY seq LIMIT ${limit}`.execute(database.kysely);
  return found.rows;
}

export async function nextReplay(database: Database, webhookId: string): Promise<DueReplay | undefined> {
  const found = await sql<DueReplay>`
    SELECT seq, event FROM webhook_dead_letter
    WHERE webhook_id = ${webhookId} AND replay_at IS NOT NULL ORDER BY seq LIMIT 1`.execute(database.kysely);
  return found.rows[0];
}

/**
 * Everything up to `seq` is done with. False: do not go on, since the lease is gone (then nothing was recorded), or the
 * webhook was paused or given another address meanwhile.
 */
export async function recordDelivered(
  database: Database,
  webhook: { readonly id: string; readonly url: string; readonly seq: number; readonly sent: boolean },
  lease: Lease,
  now: Date,
): Promise<boolean> {
  const done = await sql<{ goesOn: boolean }>`
    UPDATE webhook SET seq = greatest(seq, ${webhook.seq}), attempts = 0, next_at = NULL, lease_until = ${lease.until},
      error = CASE WHEN ${webhook.sent} THEN NULL ELSE error END,
      succeeded_at = CASE WHEN ${webhook.sent} THEN ${now}::timestamptz ELSE succeeded_at END
    WHERE id = ${webhook.id} AND lease_by = ${lease.by}
    RETURNING paused_at IS NULL AND url = ${webhook.url} AS "goesOn"`.execute(database.kysely);
  return done.rows[0]?.goesOn === true;
}

/** False: it is gone. */
export async function renewLease(database: Database, webhookId: string, lease: Lease): Promise<boolean> {
  const done = await sql`
    UPDATE webhook SET lease_until = ${lease.until}
    WHERE id = ${webhookId} AND lease_by = ${lease.by}`.execute(database.kysely);
  return done.numAffectedRows === 1n;
}

/** Tried in vain; the lease is given back. */
export async function recordFailed(
  database: Database,
  webhookId: string,
  failure: { readonly attempts: number; readonly nextAt: Date; readonly error: string },
  lease: Lease,
): Promise<void> {
  await sql`
    UPDATE webhook SET attempts = ${failure.attempts}, next_at = ${failure.nextAt}, error = ${failure.error},
      lease_by = NULL, lease_until = NULL
    WHERE id = ${webhookId} AND lease_by = ${lease.by}`.execute(database.kysely);
}

/** Given up: kept aside, and the webhook goes on with the next event. */
export async function recordDead(
  database: Database,
  letter: {
    readonly webhookId: string;
    readonly spaceId: string;
    readonly seq: number;
    readonly event: string;
    readonly attempts: number;
    readonly error: string;
  },
  lease: Lease,
  now: Date,
): Promise<boolean> {
  const done = await sql`
    WITH moved AS (
      UPDATE webhook SET seq = ${letter.seq}, attempts = 0, next_at = NULL, error = ${letter.error},
        lease_until = ${lease.until}
      WHERE id = ${letter.webhookId} AND lease_by = ${lease.by} RETURNING id
    )
    INSERT INTO webhook_dead_letter (webhook_id, space_id, seq, event, attempts, error, dead_at)
    SELECT id, ${letter.spaceId}, ${letter.seq}, ${letter.event}::jsonb, ${letter.attempts}, ${letter.error},
      ${now}::timestamptz FROM moved
    ON CONFLICT (webhook_id, seq) DO NOTHING`.execute(database.kysely);
  return done.numAffectedRows === 1n;
}

/** A dead letter that was asked for again: gone when it arrived, else at rest again. */
export async function recordReplay(
  database: Database,
  letter: { readonly webhookId: string; readonly seq: number; readonly error: string | null },
): Promise<void> {
  if (letter.error === null) {
    await sql`
      DELETE FROM webhook_dead_letter WHERE webhook_id = ${letter.webhookId} AND seq = ${letter.seq}`.execute(
      database.kysely,
    );
    return;
  }
  await sql`
    UPDATE webhook_dead_letter SET replay_at = NULL, attempts = attempts + 1, error = ${letter.error}
    WHERE webhook_id = ${letter.webhookId} AND seq = ${letter.seq}`.execute(database.kysely);
}

/** Unless another trial was asked for meanwhile. */
export async function recordTest(
  database: Database,
  test: { readonly webhookId: string; readonly testId: string; readonly error: string | null },
  now: Date,
): Promise<void> {
  await sql`
    UPDATE webhook SET test_id = NULL, tested_at = ${now}, test_error = ${test.error}
    WHERE id = ${test.webhookId} AND test_id = ${test.testId}`.execute(database.kysely);
}

/** It sends nothing more until its owner resumes it. */
export async function pauseWebhook(
  database: Database,
  webhookId: string,
  why: string,
  lease: Lease,
  now: Date,
): Promise<void> {
  await sql`
    UPDATE webhook SET paused_at = ${now}, error = ${why}, lease_by = NULL, lease_until = NULL
    WHERE id = ${webhookId} AND lease_by = ${lease.by}`.execute(database.kysely);
}

export async function releaseWebhook(database: Database, webhookId: string, lease: Lease): Promise<void> {
  await sql`
    UPDATE webhook SET lease_by = NULL, lease_until = NULL
    WHERE id = ${webhookId} AND lease_by = ${lease.by}`.execute(database.kysely);
}

/** For measures: events that wait and are wanted by nobody's pause, and dead letters. */
export async function webhookBacklog(
  database: Database,
): Promise<{ readonly failing: number; readonly deadLetters: number }> {
  const found = await sql<{ failing: number; deadLetters: number }>`
    SELECT (SELECT count(*) FROM webhook WHERE attempts > 0 AND paused_at IS NULL) AS failing,
      (SELECT count(*) FROM webhook_dead_letter) AS "deadLetters"`.execute(database.kysely);
  return found.rows[0] ?? { failing: 0, deadLetters: 0 };
}
