/**
 * What planning reminders reads and writes, inside the transaction of the projection or in one that excludes it.
 *
 * Promise: one row for a person and a firing (core's key), however often it is planned; one that was sent, missed or
 * failed is never planned again. Cancelling also ends what of it waits to be sent, and asks the devices that show it to
 * take it away.
 * Limits: who is concerned and what is wanted is decided by workers/reminders/plan.ts.
 */
import { sql } from 'kysely';
import { runIn } from './database.ts';
import type { Tx } from './database.ts';
import type { MemberRole } from './schema.ts';
import type { NotificationState } from './worker-tables.ts';

export interface Person {
  readonly userId: string;
  readonly role: MemberRole;
  /** As stored; null: the defaults. */
  readonly preferences: unknown;
}

export interface OpenOccurrenceRow {
  readonly taskId: string;
  readonly status: 'open' | 'done' | 'cancelled';
  readonly trashedAt: Date | null;
  readonly createdBy: string | null;
  /** core's Reminder[] */
  readonly reminders: unknown;
  /** core's Occurrence; null: none is open. */
  readonly occurrence: unknown;
}

export interface KnownNotification {
  readonly id: string;
  readonly userId: string;
  readonly key: string;
  readonly state: NotificationState;
  readonly reason: string | null;
  readonly fireAt: Date;
  readonly taskId: string;
  readonly ordinal: number;
  readonly reminderId: string | null;
  /** Of the occurrence it is about; null: there is no row of it. */
  readonly occurrenceState: 'open' | 'done' | 'skipped' | null;
}

export interface NewNotification {
  readonly userId: string;
  readonly key: string;
  readonly taskId: string;
  readonly ordinal: number;
  readonly reminderId: string;
  readonly fireAt: number;
  readonly state: 'planned' | 'missed';
}

/** Members with their preferences. */
export async function peopleOf(tx: Tx, spaceId: string): Promise<Person[]> {
  return runIn<Person>(tx, PEOPLE, [spaceId]);
}

/** Of each task that is there, a row for each open occurrence, or one without. */
export async function openOccurrencesOf(
  tx: Tx,
  spaceId: string,
  taskIds: readonly string[],
): Promise<OpenOccurrenceRow[]> {
  return runIn<OpenOccurrenceRow>(tx, OPEN_OCCURRENCES, [spaceId, taskIds]);
}

export async function knownNotifications(
  tx: Tx,
  spaceId: string,
  taskIds: readonly string[],
): Promise<KnownNotification[]> {
  return runIn<KnownNotification>(tx, KNOWN, [spaceId, taskIds]);
}

const PEOPLE = {
  name: 'people-to-remind',
  text: `
    SELECT member.user_id AS "userId", member.role, preferences.body AS preferences
    FROM member LEFT JOIN notification_preferences AS preferences ON preferences.user_id = member.user_id
    WHERE member.space_id = $1 ORDER BY member.user_id`,
};

const OPEN_OCCURRENCES = {
  name: 'open-occurrences',
  text: `
    SELECT task.id AS "taskId", task.status, task.trashed_at AS "trashedAt", task.created_by AS "createdBy",
      task.reminders, occurrence.body AS occurrence
    FROM unnest($2::text[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT id, status, trashed_at, created_by, reminders FROM projected_task
      WHERE space_id = $1 AND id = asked.id OFFSET 0
    ) AS task
    LEFT JOIN LATERAL (
      SELECT body FROM projected_occurrence
      WHERE space_id = $1 AND task_id = asked.id AND state = 'open' OFFSET 0
    ) AS occurrence ON true`,
};

const KNOWN = {
  name: 'known-notifications',
  text: `
    SELECT n.id, n.user_id AS "userId", n.key, n.state, n.reason, n.fire_at AS "fireAt", n.task_id AS "taskId",
      n.ordinal, n.reminder_id AS "reminderId", occurrence.state AS "occurrenceState"
    FROM unnest($2::text[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT * FROM notification
      WHERE space_id = $1 AND task_id = asked.id AND kind = 'reminder' OFFSET 0
    ) AS n
    LEFT JOIN LATERAL (
      SELECT state FROM projected_occurrence
      WHERE space_id = $1 AND task_id = asked.id AND ordinal = n.ordinal OFFSET 0
    ) AS occurrence ON true`,
};

export async function insertNotifications(
  tx: Tx,
  spaceId: string,
  rows: readonly NewNotification[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(of: (row: NewNotification) => T): T[] => rows.map(of);
  await sql`
    INSERT INTO notification (space_id, user_id, key, kind, task_id, ordinal, reminder_id, fire_at, state, reason,
      planned_at, settled_at)
    SELECT ${spaceId}, row.user_id, row.key, 'reminder', row.task_id, row.ordinal, row.reminder_id, row.fire_at,
      row.state, CASE WHEN row.state = 'missed' THEN 'late' END, ${new Date(now)},
      CASE WHEN row.state = 'missed' THEN ${new Date(now)}::timestamptz END
    FROM unnest(
      ${column((row) => row.userId)}::text[], ${column((row) => row.key)}::text[],
      ${column((row) => row.taskId)}::text[], ${column((row) => row.ordinal)}::int[],
      ${column((row) => row.reminderId)}::text[],
      ${column((row) => new Date(row.fireAt).toISOString())}::timestamptz[],
      ${column((row) => row.state)}::text[]
    ) AS row (user_id, key, task_id, ordinal, reminder_id, fire_at, state)
    ON CONFLICT (space_id, user_id, key) DO NOTHING`.execute(tx);
}

/** What was cancelled and never sent is wanted again. */
export async function reviveNotifications(tx: Tx, ids: readonly string[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .updateTable('notification')
    .set({ state: 'planned', reason: null, settled_at: null, planned_at: new Date(now) })
    .where('id', 'in', ids)
    .where('state', '=', 'cancelled')
    .execute();
}

/** What was not sent yet will not be; a process that has just claimed it finds its claim gone. */
export async function cancelNotifications(
  tx: Tx,
  cancelled: readonly { readonly id: string; readonly reason: string }[],
  now: number,
): Promise<void> {
  if (cancelled.length === 0) return;
  await sql`
    UPDATE notification AS n
    SET state = 'cancelled', reason = gone.reason, settled_at = ${new Date(now)}, lease_by = NULL, lease_until = NULL
    FROM unnest(${cancelled.map(({ id }) => id)}::uuid[], ${cancelled.map(({ reason }) => reason)}::text[])
      AS gone (id, reason)
    WHERE n.id = gone.id AND n.state IN ('planned', 'sending', 'held')`.execute(tx);
}

/**
 * For notifications that were sent and are about what is done now: what still waits to be sent is ended, and those devices
 * that were sent one since `shownSince` are asked to close it, except the one that it was done on.
 */
export async function closeNotifications(
  tx: Tx,
  ids: readonly string[],
  now: number,
  shownSince: number,
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    UPDATE notification_delivery SET state = 'expired', error = 'closed'
    WHERE notification_id = ANY(${ids}::uuid[]) AND state = 'pending' AND channel <> 'close'`.execute(tx);
  await sql`
    INSERT INTO notification_delivery (notification_id, channel, target, state, next_at)
    SELECT shown.notification_id, 'close', shown.target, 'pending', ${new Date(now)}
    FROM notification_delivery AS shown
    JOIN notification AS n ON n.id = shown.notification_id
    JOIN push_subscription AS subscription ON subscription.id = shown.target::uuid
    LEFT JOIN projected_occurrence AS closed ON closed.space_id = n.space_id
      AND closed.task_id = n.task_id AND closed.ordinal = n.ordinal AND closed.state <> 'open'
    WHERE shown.notification_id = ANY(${ids}::uuid[]) AND shown.channel = 'push'
      AND shown.attempts > 0 AND shown.state IN ('sent', 'expired') AND n.settled_at >= ${new Date(shownSince)}
      AND (closed.body ->> 'device') IS DISTINCT FROM coalesce(subscription.device_id, '')
    ON CONFLICT DO NOTHING`.execute(tx);
}

/** Waits for a turn of the projection that runs, and keeps the next out until the end of the transaction. */
export async function excludeProjection(tx: Tx, spaceId: string): Promise<void> {
  await tx
    .selectFrom('projection_cursor')
    .select('space_id')
    .where('space_id', '=', spaceId)
    .forUpdate()
    .execute();
}

export interface PersonToPlan {
  readonly userId: string;
  readonly preferences: unknown;
  readonly updatedAt: Date;
}

/** People whose preferences changed since their reminders were planned. */
export async function lockPersonToPlan(tx: Tx): Promise<PersonToPlan | null> {
  const row = await tx
    .selectFrom('notification_preferences')
    .select(['user_id as userId', 'body as preferences', 'updated_at as updatedAt'])
    .where('planned_at', 'is', null)
    .orderBy('updated_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row ?? null;
}

export async function markPlanned(tx: Tx, userId: string, now: number): Promise<void> {
  await tx
    .updateTable('notification_preferences')
    .set({ planned_at: new Date(now) })
    .where('user_id', '=', userId)
    .execute();
}

export async function spacesOfPerson(tx: Tx, userId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('member')
    .select('space_id')
    .where('user_id', '=', userId)
    .orderBy('space_id')
    .execute();
  return rows.map((row) => row.space_id);
}

/** A digest outlives the space of what it tells of, so it is kept in the person's own. */
export async function personalSpace(tx: Tx, userId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('member')
    .innerJoin('space', 'space.id', 'member.space_id')
    .select('space.id')
    .where('member.user_id', '=', userId)
    .where('space.kind', '=', 'personal')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Tasks that may have a reminder or have one planned. */
export async function tasksToPlan(tx: Tx, spaceId: string): Promise<string[]> {
  const found = await sql<{ id: string }>`
    SELECT id FROM projected_task
    WHERE space_id = ${spaceId} AND status = 'open' AND trashed_at IS NULL
    UNION
    SELECT task_id AS id FROM notification
    WHERE space_id = ${spaceId} AND kind = 'reminder' AND state IN ('planned', 'sending', 'held')`.execute(
    tx,
  );
  return found.rows.map(({ id }) => id);
}

/** The next daily digest, instead of any other that is planned. null: none. */
export async function planDailyDigest(
  tx: Tx,
  userId: string,
  next: { readonly spaceId: string; readonly at: number } | null,
  now: number,
): Promise<void> {
  await sql`
    DELETE FROM notification WHERE user_id = ${userId} AND kind = 'digest' AND state = 'planned'
      AND key LIKE ${`${DAILY_KEY}%`}`.execute(tx);
  if (next !== null) await insertDigest(tx, { ...next, userId, key: `${DAILY_KEY}${next.at}`, now });
}

/** Quiet hours were changed: what is held is looked at again then. */
export async function moveHeldDigests(tx: Tx, userId: string, at: number): Promise<void> {
  await sql`
    UPDATE notification SET fire_at = ${new Date(at)}
    WHERE user_id = ${userId} AND kind = 'digest' AND state = 'planned' AND key LIKE ${`${HELD_KEY}%`}`.execute(
    tx,
  );
}

export const DAILY_KEY = 'digest/daily/';
export const HELD_KEY = 'digest/held/';

export interface NewDigest {
  readonly spaceId: string;
  readonly userId: string;
  readonly key: string;
  readonly at: number;
  readonly now: number;
}

/** Unless one is planned by then, which will tell of it too. */
export async function insertHeldDigest(tx: Tx, digest: NewDigest): Promise<void> {
  const planned = await tx
    .selectFrom('notification')
    .select('id')
    .where('user_id', '=', digest.userId)
    .where('kind', '=', 'digest')
    .where('state', '=', 'planned')
    .where('key', 'like', `${HELD_KEY}%`)
    .where('fire_at', '<=', new Date(digest.at))
    .executeTakeFirst();
  if (!planned) await insertDigest(tx, digest);
}

async function insertDigest(tx: Tx, digest: NewDigest): Promise<void> {
  await tx
    .insertInto('notification')
    .values({
      space_id: digest.spaceId,
      user_id: digest.userId,
      key: digest.key,
      kind: 'digest',
      fire_at: new Date(digest.at),
      state: 'planned',
      planned_at: new Date(digest.now),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
