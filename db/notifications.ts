/**
 * What a person sees and says of notifications: preferences, subscriptions of their devices, the history, and tests.
 *
 * Promise: everything is by the person's id, so nobody reaches what is another's. A subscription belongs to who sent it
 * last: a browser that changed hands takes its endpoint along. Changed preferences are marked as not yet planned by.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { fireNow } from './notification-firing.ts';
import { personalSpace } from './reminder-plan.ts';
import { isUuid } from './uuid.ts';
import type { NotificationState } from './worker-tables.ts';

/** As stored; undefined: none are. */
export async function storedPreferences(database: Database, userId: string): Promise<unknown> {
  const row = await database.kysely
    .selectFrom('notification_preferences')
    .select('body')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row?.body;
}

export async function savePreferences(
  database: Database,
  userId: string,
  preferences: object,
  now: Date,
): Promise<void> {
  const values = { body: JSON.stringify(preferences), updated_at: now, planned_at: null };
  await database.kysely
    .insertInto('notification_preferences')
    .values({ user_id: userId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
}

/** Whoever holds the link: e-mail as a channel and the daily digest, and nothing else. False: no such account. */
export async function turnMailOff(
  database: Database,
  userId: string,
  defaults: object,
  now: Date,
): Promise<boolean> {
  const changed = await sql<{ id: string }>`
    INSERT INTO notification_preferences AS stored (user_id, body, updated_at)
    SELECT id, jsonb_set(${JSON.stringify(defaults)}::jsonb, '{channels,email}', 'false'), ${now}
    FROM account_user WHERE id = ${userId}
    ON CONFLICT (user_id) DO UPDATE
    SET body = jsonb_set(jsonb_set(stored.body, '{channels,email}', 'false'), '{digestTime}', 'null'),
      updated_at = ${now}, planned_at = NULL
    RETURNING user_id AS id`.execute(database.kysely);
  return changed.rows.length > 0;
}

export interface NewSubscription {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly userAgent: string | null;
  readonly now: Date;
}

/** Of a person's subscriptions those are kept that were confirmed last. */
export async function saveSubscription(database: Database, subscription: NewSubscription): Promise<void> {
  const { userId, deviceId, endpoint, p256dh, auth, userAgent, now } = subscription;
  const values = {
    user_id: userId,
    device_id: deviceId,
    p256dh,
    auth,
    user_agent: userAgent,
    confirmed_at: now,
  };
  await database.kysely.transaction().execute(async (tx) => {
    await tx
      .insertInto('push_subscription')
      .values({ endpoint, created_at: now, ...values })
      .onConflict((conflict) => conflict.column('endpoint').doUpdateSet({ ...values, failures: 0 }))
      .execute();
    // A browser that subscribed anew leaves its old subscription behind.
    if (deviceId !== null) {
      await tx
        .deleteFrom('push_subscription')
        .where('user_id', '=', userId)
        .where('device_id', '=', deviceId)
        .where('endpoint', '<>', endpoint)
        .execute();
    }
    await sql`
      DELETE FROM push_subscription WHERE id IN (
        SELECT id FROM push_subscription WHERE user_id = ${userId}
        ORDER BY confirmed_at DESC OFFSET ${MAX_SUBSCRIPTIONS}
      )`.execute(tx);
  });
}

const MAX_SUBSCRIPTIONS = 50;

/** False: the person has none of that endpoint. */
export async function removeSubscription(
  database: Database,
  userId: string,
  endpoint: string,
): Promise<boolean> {
  const gone = await database.kysely
    .deleteFrom('push_subscription')
    .where('user_id', '=', userId)
    .where('endpoint', '=', endpoint)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

export interface HistoryEntry {
  readonly id: string;
  readonly kind: 'reminder' | 'digest' | 'test';
  readonly spaceId: string;
  readonly taskId: string | null;
  readonly ordinal: number | null;
  readonly fireAt: Date;
  readonly state: NotificationState;
  readonly reason: string | null;
  readonly plannedAt: Date;
  readonly settledAt: Date | null;
  readonly shownAt: Date | null;
  readonly actedAt: Date | null;
  readonly action: string | null;
  readonly deliveries: readonly HistoryDelivery[];
}

export interface HistoryDelivery {
  readonly channel: 'push' | 'email' | 'app';
  readonly target: string;
  readonly state: 'pending' | 'sent' | 'failed' | 'expired';
  readonly attempts: number;
  readonly error: string | null;
  /** ISO 8601 with an offset. */
  readonly sentAt: string | null;
}

export interface HistoryPosition {
  readonly fireAt: Date;
  readonly id: string;
}

/** Newest first. `after`: what comes behind that entry. */
export async function notificationHistory(
  database: Database,
  userId: string,
  page: {
    readonly limit: number;
    readonly after?: HistoryPosition | null;
    readonly taskId?: string | undefined;
    /** Only that one. */
    readonly id?: string;
  },
): Promise<HistoryEntry[]> {
  const { limit, after = null, taskId, id } = page;
  const found = await sql<HistoryEntry>`
    SELECT n.id, n.kind, n.space_id AS "spaceId", n.task_id AS "taskId", n.ordinal, n.fire_at AS "fireAt", n.state,
      n.reason, n.planned_at AS "plannedAt", n.settled_at AS "settledAt", n.shown_at AS "shownAt",
      n.acted_at AS "actedAt", n.action, coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'channel', d.channel, 'state', d.state, 'attempts', d.attempts, 'error', d.error, 'sentAt', d.sent_at,
          'target', CASE
            WHEN d.channel = 'push' THEN coalesce(
              (SELECT coalesce(device.name, subscription.user_agent, '') FROM push_subscription AS subscription
                LEFT JOIN device ON device.user_id = n.user_id AND device.id = subscription.device_id
                WHERE subscription.id = d.target::uuid), '')
            ELSE d.target
          END
        ) ORDER BY d.channel, d.target)
        FROM notification_delivery AS d WHERE d.notification_id = n.id AND d.channel <> 'close'
      ), '[]') AS deliveries
    FROM notification AS n
    WHERE n.user_id = ${userId}
      AND ${after === null ? sql`true` : sql`(n.fire_at, n.id) < (${after.fireAt}, ${after.id}::uuid)`}
      AND ${id === undefined ? sql`true` : sql`n.id = ${id}`}
      AND ${taskId === undefined ? sql`true` : sql`n.task_id = ${taskId}`}
    ORDER BY n.fire_at DESC, n.id DESC
    LIMIT ${limit}`.execute(database.kysely);
  return found.rows;
}

/** The first sight counts. False: no such notification of the person. */
export async function noteShown(database: Database, userId: string, id: string, now: Date): Promise<boolean> {
  if (!isUuid(id)) return false;
  const result = await database.kysely
    .updateTable('notification')
    .set(({ fn, ref, val }) => ({ shown_at: fn.coalesce(ref('shown_at'), val(now)) }))
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The last action counts. */
export async function noteActed(
  database: Database,
  userId: string,
  id: string,
  action: string,
  now: Date,
): Promise<boolean> {
  if (!isUuid(id)) return false;
  const result = await database.kysely
    .updateTable('notification')
    .set(({ fn, ref, val }) => ({
      acted_at: now,
      action,
      shown_at: fn.coalesce(ref('shown_at'), val(now)),
    }))
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The id of a test that goes out by every given channel. Null: the person has no space yet. */
export async function queueTest(
  database: Database,
  userId: string,
  channels: { readonly push: boolean; readonly email: boolean; readonly app: boolean },
  now: Date,
): Promise<string | null> {
  const by = randomUUID();
  return database.kysely.transaction().execute(async (tx) => {
    const spaceId = await personalSpace(tx, userId);
    if (spaceId === null) return null;
    const { id } = await tx
      .insertInto('notification')
      .values({
        space_id: spaceId,
        user_id: userId,
        key: `test/${by}`,
        kind: 'test',
        fire_at: now,
        planned_at: now,
        state: 'sending',
        lease_by: by,
        lease_until: now,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await fireNow(tx, by, [{ id, ...channels }], now.getTime());
    return id;
  });
}

/** How many subscriptions a push to the person would go to. */
export async function subscriptionsOf(database: Database, userId: string): Promise<number> {
  const row = await database.kysely
    .selectFrom('push_subscription')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}
