/**
 * Firing: planned notifications are claimed by lease when they are due, and become what they become in one transaction.
 *
 * Promise: of any number of processes one fires a notification. What it became and the deliveries that follow from it are
 * written together, and only by who holds the claim, after looking once more whether the occurrence is open and the person
 * a member. A claim whose holder died is free again when its lease ends.
 * Limits: the instants are the caller's, so that tests can set the clock; processes should agree about the time to a second.
 */
import { sql } from 'kysely';
import type { Database, Tx } from './database.ts';
import { insertHeldDigest, personalSpace, planDailyDigest } from './reminder-plan.ts';

export interface ClaimedNotification {
  readonly id: string;
  readonly spaceId: string;
  readonly userId: string;
  readonly key: string;
  readonly kind: 'reminder' | 'digest' | 'test';
  readonly fireAt: Date;
  /** As stored; null: the defaults. */
  readonly preferences: unknown;
}

export interface LaggingSpace {
  readonly spaceId: string;
  readonly head: number;
  /** What is projected. */
  readonly seq: number;
}

/** Spaces with something due whose projection does not hold all of their log. */
export async function laggingSpaces(database: Database, now: number): Promise<LaggingSpace[]> {
  return database.run<LaggingSpace>(LAGGING_SPACES, [new Date(now)]);
}

/** The earliest first; not of the spaces in `except`. */
export async function claimDue(
  database: Database,
  claim: {
    readonly by: string;
    readonly now: number;
    readonly until: number;
    readonly limit: number;
    readonly except: readonly string[];
  },
): Promise<ClaimedNotification[]> {
  const { by, now, until, limit, except } = claim;
  return database.run<ClaimedNotification>(CLAIM_DUE, [by, new Date(until), new Date(now), except, limit]);
}

/** When the next falls due after `now`; null: none is planned. */
export async function nextDue(database: Database, now: number): Promise<number | null> {
  const rows = await database.run<{ at: Date | null }>(NEXT_DUE, [new Date(now)]);
  return rows[0]?.at?.getTime() ?? null;
}

/** Which way a notification goes, by the person's channels and what is set up. */
export interface Fired {
  readonly id: string;
  readonly push: boolean;
  readonly email: boolean;
  readonly app: boolean;
}

export interface Settlement {
  readonly fired: readonly Fired[];
  readonly missed: readonly string[];
  readonly cancelled: readonly { readonly id: string; readonly reason: string }[];
  /** Held until a digest at `until`. */
  readonly held: readonly {
    readonly id: string;
    readonly spaceId: string;
    readonly userId: string;
    readonly until: number;
    /** The digest's. */
    readonly key: string;
  }[];
  /** Digests of what was held: sent with what is open then, or not at all. */
  readonly digests: readonly (Fired & { readonly userId: string })[];
  /** Too late to be told now; what was held for it is missed with it. */
  readonly missedDigests: readonly { readonly id: string; readonly userId: string }[];
  /** Not yet after all. */
  readonly postponed: readonly { readonly id: string; readonly until: number }[];
  /** The daily digests that follow. */
  readonly nextDaily: readonly { readonly userId: string; readonly spaceId: string; readonly at: number }[];
}

/** People for whom something changed that the app shows. */
export async function settleFirings(
  database: Database,
  by: string,
  settlement: Settlement,
  now: number,
): Promise<string[]> {
  return database.kysely.transaction().execute(async (tx) => {
    const told = new Set<string>();
    const tell = (rows: readonly { userId: string }[]): void =>
      rows.forEach(({ userId }) => told.add(userId));
    await hold(tx, by, settlement.held, now);
    for (const { id, until } of settlement.postponed) await postpone(tx, by, id, until);
    tell(
      await end(
        tx,
        by,
        'missed',
        settlement.missed.map((id) => ({ id, reason: 'late' })),
        now,
      ),
    );
    await end(tx, by, 'cancelled', settlement.cancelled, now);
    for (const { id, userId } of settlement.missedDigests) {
      tell(await end(tx, by, 'missed', [{ id, reason: 'late' }], now));
      await sql`
        UPDATE notification SET state = 'missed', reason = 'late', settled_at = ${new Date(now)}
        WHERE user_id = ${userId} AND state = 'held'`.execute(tx);
    }
    const fired = [...settlement.fired];
    for (const digest of settlement.digests) {
      if ((await collectHeld(tx, by, digest, now)) > 0) fired.push(digest);
      else await end(tx, by, 'cancelled', [{ id: digest.id, reason: 'nothing-open' }], now);
    }
    tell(await fireNow(tx, by, fired, now));
    for (const { userId, spaceId, at } of settlement.nextDaily) {
      await planDailyDigest(tx, userId, { spaceId, at }, now);
    }
    return [...told];
  });
}

/** Those of them that stand, by who holds them. Gives the people whose app shows it. */
export async function fireNow(
  tx: Tx,
  by: string,
  fired: readonly Fired[],
  now: number,
): Promise<readonly { userId: string }[]> {
  if (fired.length === 0) return [];
  const at = new Date(now);
  const settled = await sql<{ userId: string }>`
    WITH asked AS (
      SELECT * FROM unnest(
        ${fired.map(({ id }) => id)}::uuid[], ${fired.map(({ push }) => push)}::boolean[],
        ${fired.map(({ email }) => email)}::boolean[], ${fired.map(({ app }) => app)}::boolean[]
      ) AS row (id, push, email, app)
    ), mine AS (
      SELECT n.id, n.space_id, n.user_id, n.kind, n.task_id, n.ordinal, asked.push, asked.email, asked.app
      FROM notification AS n JOIN asked ON asked.id = n.id
      WHERE n.state = 'sending' AND n.lease_by = ${by}
      FOR UPDATE OF n
    ), judged AS (
      SELECT mine.*, mine.kind <> 'reminder' OR (
        EXISTS (SELECT 1 FROM member WHERE member.space_id = mine.space_id AND member.user_id = mine.user_id)
        AND ${isOpen('mine')}
      ) AS stands
      FROM mine
    ), settled AS (
      UPDATE notification AS n
      SET state = CASE WHEN judged.stands THEN 'sent' ELSE 'cancelled' END,
        reason = CASE WHEN judged.stands THEN NULL ELSE 'over' END,
        settled_at = ${at}, lease_by = NULL, lease_until = NULL
      FROM judged WHERE n.id = judged.id
      RETURNING n.id, n.user_id
    ), pushed AS (
      INSERT INTO notification_delivery (notification_id, channel, target, state, next_at)
      SELECT judged.id, 'push', subscription.id::text, 'pending', ${at}
      FROM judged JOIN push_subscription AS subscription ON subscription.user_id = judged.user_id
      WHERE judged.stands AND judged.push
      ON CONFLICT DO NOTHING
    ), mailed AS (
      INSERT INTO notification_delivery (notification_id, channel, target, state, next_at)
      SELECT judged.id, 'email', account.email, 'pending', ${at}
      FROM judged JOIN account_user AS account ON account.id = judged.user_id
      WHERE judged.stands AND judged.email
      ON CONFLICT DO NOTHING
    ), shown AS (
      INSERT INTO notification_delivery (notification_id, channel, target, state, sent_at)
      SELECT judged.id, 'app', '', 'sent', ${at} FROM judged WHERE judged.stands AND judged.app
      ON CONFLICT DO NOTHING
    )
    SELECT DISTINCT judged.user_id AS "userId" FROM judged WHERE judged.stands AND judged.app`.execute(tx);
  return settled.rows;
}

/** Whether the occurrence of a notification is open, as the projection knows it. */
export function isOpen(of: 'mine' | 'n') {
  return sql`EXISTS (
    SELECT 1 FROM projected_task AS task
    JOIN projected_occurrence AS occurrence ON occurrence.space_id = task.space_id
      AND occurrence.task_id = task.id AND occurrence.ordinal = ${sql.ref(`${of}.ordinal`)}
    WHERE task.space_id = ${sql.ref(`${of}.space_id`)} AND task.id = ${sql.ref(`${of}.task_id`)}
      AND task.trashed_at IS NULL AND task.status = 'open' AND occurrence.state = 'open'
  )`;
}

async function end(
  tx: Tx,
  by: string,
  state: 'missed' | 'cancelled',
  rows: readonly { readonly id: string; readonly reason: string }[],
  now: number,
): Promise<readonly { userId: string }[]> {
  if (rows.length === 0) return [];
  const ended = await sql<{ userId: string }>`
    UPDATE notification AS n
    SET state = ${state}, reason = row.reason, settled_at = ${new Date(now)}, lease_by = NULL, lease_until = NULL
    FROM unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ reason }) => reason)}::text[]) AS row (id, reason)
    WHERE n.id = row.id AND n.state = 'sending' AND n.lease_by = ${by}
    RETURNING n.user_id AS "userId"`.execute(tx);
  return ended.rows;
}

async function hold(tx: Tx, by: string, held: Settlement['held'], now: number): Promise<void> {
  for (const { spaceId, userId, key, until } of uniqueBy(held, (row) => `${row.userId}\n${row.until}`)) {
    const home = await personalSpace(tx, userId);
    await insertHeldDigest(tx, { spaceId: home ?? spaceId, userId, key, at: until, now });
  }
  if (held.length === 0) return;
  await sql`
    UPDATE notification
    SET state = 'held', reason = 'quiet-hours', lease_by = NULL, lease_until = NULL
    WHERE id = ANY(${held.map(({ id }) => id)}::uuid[]) AND state = 'sending' AND lease_by = ${by}`.execute(
    tx,
  );
}

async function postpone(tx: Tx, by: string, id: string, until: number): Promise<void> {
  await tx
    .updateTable('notification')
    .set({ state: 'planned', fire_at: new Date(until), lease_by: null, lease_until: null })
    .where('id', '=', id)
    .where('state', '=', 'sending')
    .where('lease_by', '=', by)
    .execute();
}

/** How many of those that are held for the person are open still; they are told by this digest. */
async function collectHeld(
  tx: Tx,
  by: string,
  digest: { readonly id: string; readonly userId: string },
  now: number,
): Promise<number> {
  const mine = await tx
    .selectFrom('notification')
    .select('id')
    .where('id', '=', digest.id)
    .where('state', '=', 'sending')
    .where('lease_by', '=', by)
    .forUpdate()
    .executeTakeFirst();
  if (!mine) return 0;
  const told = await sql<{ open: boolean }>`
    WITH waiting AS (
      SELECT n.id, ${isOpen('n')} AND EXISTS (
        SELECT 1 FROM member WHERE member.space_id = n.space_id AND member.user_id = n.user_id
      ) AS open
      FROM notification AS n WHERE n.user_id = ${digest.userId} AND n.state = 'held'
      FOR UPDATE
    )
    UPDATE notification AS n
    SET state = CASE WHEN waiting.open THEN 'sent' ELSE 'cancelled' END,
      reason = CASE WHEN waiting.open THEN 'digest' ELSE 'over' END,
      digest = CASE WHEN waiting.open THEN ${digest.id}::uuid END, settled_at = ${new Date(now)}
    FROM waiting WHERE n.id = waiting.id
    RETURNING waiting.open`.execute(tx);
  return told.rows.filter(({ open }) => open).length;
}

function uniqueBy<T>(rows: readonly T[], name: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [name(row), row])).values()];
}

const LAGGING_SPACES = {
  name: 'lagging-spaces',
  text: `
    SELECT due.space_id AS "spaceId", space.head, coalesce(projection.seq, 0) AS seq
    FROM (
      SELECT DISTINCT space_id FROM notification
      WHERE state IN ('planned', 'sending') AND fire_at <= $1 AND kind <> 'test'
    ) AS due
    JOIN space ON space.id = due.space_id
    LEFT JOIN projection_cursor AS projection ON projection.space_id = due.space_id
    WHERE space.head > coalesce(projection.seq, 0)`,
};

const CLAIM_DUE = {
  name: 'claim-due',
  text: `
    UPDATE notification AS n
    SET state = 'sending', lease_by = $1, lease_until = $2
    FROM (
      SELECT space_id, user_id, key FROM notification
      WHERE state IN ('planned', 'sending') AND fire_at <= $3 AND (state = 'planned' OR lease_until <= $3)
        AND space_id <> ALL($4::uuid[])
      ORDER BY fire_at
      LIMIT $5
      FOR UPDATE SKIP LOCKED
    ) AS due
    LEFT JOIN notification_preferences AS preferences ON preferences.user_id = due.user_id
    WHERE n.space_id = due.space_id AND n.user_id = due.user_id AND n.key = due.key
    RETURNING n.id, n.space_id AS "spaceId", n.user_id AS "userId", n.key, n.kind, n.fire_at AS "fireAt",
      preferences.body AS preferences`,
};

const NEXT_DUE = {
  name: 'next-due',
  text: `
    SELECT least(
      (SELECT fire_at FROM notification WHERE state = 'planned' ORDER BY fire_at LIMIT 1),
      (SELECT min(lease_until) FROM notification
        WHERE state = 'sending' AND fire_at <= $1)
    ) AS at`,
};
