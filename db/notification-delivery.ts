/**
 * Deliveries: one for each way by which a notification goes out, claimed, tried, and settled in batches.
 *
 * Promise: of any number of processes one at a time tries a delivery; the number of the attempt is its claim, so a late
 * answer of a process that lost it changes nothing. What a sender needs to know comes with the claim, read as it is then,
 * whether the occurrence is still open included.
 * Limits: a process that dies between sending and settling leaves a delivery that is tried again when its lease ends.
 */
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { isOpen } from './notification-firing.ts';

export interface ClaimedDelivery {
  readonly notificationId: string;
  readonly channel: 'push' | 'email' | 'close';
  readonly target: string;
  /** From 1; settles only with this. */
  readonly attempt: number;
  readonly kind: 'reminder' | 'digest' | 'test';
  readonly key: string;
  readonly spaceId: string;
  readonly userId: string;
  readonly taskId: string | null;
  readonly ordinal: number | null;
  readonly fireAt: Date;
  readonly settledAt: Date | null;
  /** Of a reminder: whether its occurrence is open now. */
  readonly isOpen: boolean;
  readonly title: string | null;
  readonly due: unknown;
  /** As stored; null: the defaults. */
  readonly preferences: unknown;
  /** Of push; null where the subscription is gone. */
  readonly subscription: { readonly endpoint: string; readonly p256dh: string; readonly auth: string } | null;
}

export type DeliveryOutcome =
  | { readonly state: 'sent' }
  | { readonly state: 'failed'; readonly error: string }
  /** `gone`: the subscription does not exist any more and is removed. */
  | { readonly state: 'expired'; readonly error: string; readonly gone?: boolean }
  | { readonly state: 'pending'; readonly error: string; readonly retryAt: number };

export interface SettledDelivery {
  readonly delivery: Pick<ClaimedDelivery, 'notificationId' | 'channel' | 'target' | 'attempt'>;
  readonly outcome: DeliveryOutcome;
}

/** `now` and `until` (the end of the lease) in ms. The longest waiting first. */
export async function claimDeliveries(
  database: Database,
  claim: { readonly now: number; readonly until: number; readonly limit: number },
): Promise<ClaimedDelivery[]> {
  const found = await sql<ClaimedDelivery>`
    UPDATE notification_delivery AS d
    SET attempts = d.attempts + 1, next_at = ${new Date(claim.until)}
    FROM (
      SELECT notification_id, channel, target FROM notification_delivery
      WHERE state = 'pending' AND next_at <= ${new Date(claim.now)}
      ORDER BY next_at
      LIMIT ${claim.limit}
      FOR UPDATE SKIP LOCKED
    ) AS due
    JOIN notification AS n ON n.id = due.notification_id
    LEFT JOIN push_subscription AS subscription
      ON subscription.id = CASE WHEN due.channel IN ('push', 'close') THEN due.target::uuid END
    LEFT JOIN notification_preferences AS preferences ON preferences.user_id = n.user_id
    LEFT JOIN projected_task AS task ON task.space_id = n.space_id AND task.id = n.task_id
    LEFT JOIN projected_occurrence AS occurrence ON occurrence.space_id = n.space_id
      AND occurrence.task_id = n.task_id AND occurrence.ordinal = n.ordinal AND occurrence.state = 'open'
    WHERE d.notification_id = due.notification_id AND d.channel = due.channel AND d.target = due.target
    RETURNING d.notification_id AS "notificationId", d.channel, d.target, d.attempts AS attempt, n.kind, n.key,
      n.space_id AS "spaceId", n.user_id AS "userId", n.task_id AS "taskId", n.ordinal, n.fire_at AS "fireAt",
      n.settled_at AS "settledAt", n.kind <> 'reminder' OR ${isOpen('n')} AS "isOpen",
      coalesce(occurrence.body ->> 'title', task.title) AS title, occurrence.body -> 'due' AS due,
      preferences.body AS preferences,
      CASE WHEN subscription.id IS NOT NULL THEN jsonb_build_object(
        'endpoint', subscription.endpoint, 'p256dh', subscription.p256dh, 'auth', subscription.auth
      ) END AS subscription`.execute(database.kysely);
  return found.rows;
}

/** null: nothing waits. */
export async function nextDelivery(database: Database): Promise<number | null> {
  const rows = await database.run<{ at: Date | null }>(NEXT_DELIVERY, []);
  return rows[0]?.at?.getTime() ?? null;
}

export async function settleDeliveries(
  database: Database,
  settled: readonly SettledDelivery[],
  now: number,
): Promise<void> {
  if (settled.length === 0) return;
  const at = new Date(now).toISOString();
  const outcomes = settled.map(({ outcome }) => outcome);
  await sql`
    UPDATE notification_delivery AS d
    SET state = row.state, error = row.error, sent_at = row.sent_at, next_at = row.next_at
    FROM unnest(
      ${settled.map(({ delivery }) => delivery.notificationId)}::uuid[],
      ${settled.map(({ delivery }) => delivery.channel)}::text[],
      ${settled.map(({ delivery }) => delivery.target)}::text[],
      ${settled.map(({ delivery }) => delivery.attempt)}::int[],
      ${outcomes.map(({ state }) => state)}::text[],
      ${outcomes.map((outcome) => ('error' in outcome ? outcome.error.slice(0, MAX_ERROR_CHARS) : null))}::text[],
      ${outcomes.map(({ state }) => (state === 'sent' ? at : null))}::timestamptz[],
      ${outcomes.map((outcome) => ('retryAt' in outcome ? new Date(outcome.retryAt).toISOString() : null))}::timestamptz[]
    ) AS row (notification_id, channel, target, attempt, state, error, sent_at, next_at)
    WHERE d.notification_id = row.notification_id AND d.channel = row.channel AND d.target = row.target
      AND d.attempts = row.attempt AND d.state = 'pending'`.execute(database.kysely);
  await noteSubscriptions(database, settled, now);
  const ended = settled.filter(({ outcome }) => outcome.state === 'failed' || outcome.state === 'expired');
  if (ended.length > 0) {
    await failUnsent(
      database,
      ended.map(({ delivery }) => delivery.notificationId),
    );
  }
}

/** A notification that reached nobody by any way failed, for the reason of the last. */
async function failUnsent(database: Database, ids: readonly string[]): Promise<void> {
  await sql`
    UPDATE notification AS n
    SET state = 'failed', reason = failed.error
    FROM (
      SELECT notification_id, max(error) FILTER (WHERE state = 'failed') AS error
      FROM notification_delivery
      WHERE notification_id = ANY(${ids}::uuid[]) AND channel <> 'close'
      GROUP BY notification_id
      HAVING bool_and(state IN ('failed', 'expired')) AND bool_or(state = 'failed')
    ) AS failed
    WHERE n.id = failed.notification_id AND n.state = 'sent'`.execute(database.kysely);
}

async function noteSubscriptions(
  database: Database,
  settled: readonly SettledDelivery[],
  now: number,
): Promise<void> {
  const targets = (wanted: (outcome: DeliveryOutcome) => boolean): string[] => [
    ...new Set(
      settled
        .filter(({ delivery, outcome }) => delivery.channel !== 'email' && wanted(outcome))
        .map(({ delivery }) => delivery.target),
    ),
  ];
  const sent = targets(({ state }) => state === 'sent');
  const failed = targets(({ state }) => state === 'failed' || state === 'pending');
  const gone = targets((outcome) => outcome.state === 'expired' && outcome.gone === true);
  const { kysely } = database;
  if (sent.length > 0) {
    await kysely
      .updateTable('push_subscription')
      .set({ succeeded_at: new Date(now), failures: 0 })
      .where('id', 'in', sent)
      .execute();
  }
  if (failed.length > 0) {
    await kysely
      .updateTable('push_subscription')
      .set(({ eb }) => ({ failed_at: new Date(now), failures: eb('failures', '+', 1) }))
      .where('id', 'in', failed)
      .execute();
  }
  if (gone.length > 0) await kysely.deleteFrom('push_subscription').where('id', 'in', gone).execute();
}

export interface DigestEntry {
  readonly spaceId: string;
  readonly taskId: string;
  readonly title: string;
  /** core's When */
  readonly due: unknown;
}

/** What a digest of held reminders tells of, as far as it is open now; the earliest first. */
export async function heldEntries(database: Database, digestId: string): Promise<DigestEntry[]> {
  const found = await sql<DigestEntry>`
    SELECT n.space_id AS "spaceId", n.task_id AS "taskId", occurrence.body ->> 'title' AS title,
      occurrence.body -> 'due' AS due
    FROM notification AS n
    JOIN projected_task AS task ON task.space_id = n.space_id AND task.id = n.task_id
    JOIN projected_occurrence AS occurrence ON occurrence.space_id = n.space_id
      AND occurrence.task_id = n.task_id AND occurrence.ordinal = n.ordinal
    WHERE n.digest = ${digestId} AND task.trashed_at IS NULL AND task.status = 'open' AND occurrence.state = 'open'
    GROUP BY 1, 2, 3, 4
    ORDER BY min(n.fire_at), 2
    LIMIT ${MAX_ENTRIES}`.execute(database.kysely);
  return found.rows;
}

/** What is open and due up to a day, in the spaces of the person that are theirs to do. */
export async function dueEntries(database: Database, userId: string, day: string): Promise<DigestEntry[]> {
  const found = await sql<DigestEntry>`
    SELECT task.space_id AS "spaceId", task.id AS "taskId", occurrence.body ->> 'title' AS title,
      occurrence.body -> 'due' AS due
    FROM member
    JOIN space ON space.id = member.space_id
    JOIN projected_task AS task ON task.space_id = member.space_id
    JOIN projected_occurrence AS occurrence ON occurrence.space_id = task.space_id AND occurrence.task_id = task.id
    WHERE member.user_id = ${userId} AND (space.kind = 'personal' OR task.created_by = ${userId})
      AND task.trashed_at IS NULL AND task.status = 'open' AND occurrence.state = 'open'
      AND occurrence.body -> 'due' ->> 'date' <= ${day}
    ORDER BY occurrence.body -> 'due' ->> 'date', occurrence.body -> 'due' ->> 'time' NULLS FIRST, task.id
    LIMIT ${MAX_ENTRIES}`.execute(database.kysely);
  return found.rows;
}

const MAX_ENTRIES = 50;
const MAX_ERROR_CHARS = 500;

const NEXT_DELIVERY = {
  name: 'next-delivery',
  text: `SELECT next_at AS at FROM notification_delivery WHERE state = 'pending' ORDER BY next_at LIMIT 1`,
};
