/**
 * What is removed once its time is over.
 *
 * Promise: each statement removes a bounded number of rows, so that it never holds others up for long; what the counts
 * say is what was removed. Removing the same in two processes at once does no harm.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database } from './database.ts';

export interface RetentionSettings {
  readonly notificationMs: number;
  readonly deadLetterMs: number;
  /** An event stays at least so long, and until every webhook has had it. */
  readonly outboxMs: number;
  /** But not longer than this, since a webhook may be paused for ever. */
  readonly outboxLimitMs: number;
}

const DAY_MS = 24 * 60 * 60_000;

export const RETENTION: RetentionSettings = {
  notificationMs: 90 * DAY_MS,
  deadLetterMs: 90 * DAY_MS,
  outboxMs: 7 * DAY_MS,
  outboxLimitMs: 30 * DAY_MS,
};

export const KINDS = [
  'sessions',
  'verifications',
  'invites',
  'mails',
  'notifications',
  'dead-letters',
  'events',
] as const;
export type Kind = (typeof KINDS)[number];

/** How many rows went; as many as `limit` means that there may be more. */
export async function removeExpired(
  database: Database,
  kind: Kind,
  now: Date,
  retention: RetentionSettings,
  limit: number,
): Promise<number> {
  const before = (ageMs: number): Date => new Date(now.getTime() - ageMs);
  const removed = await removal(kind, now, retention, before, limit).execute(database.kysely);
  return Number(removed.numAffectedRows ?? 0n);
}

function removal(
  kind: Kind,
  now: Date,
  retention: RetentionSettings,
  before: (ageMs: number) => Date,
  limit: number,
): RawBuilder<unknown> {
  switch (kind) {
    case 'sessions':
      return remove('account_session', sql`expires_at < ${now}`, limit);
    case 'verifications':
      return remove('account_verification', sql`expires_at < ${now}`, limit);
    case 'invites':
      return remove('account_invite', sql`expires_at < ${now}`, limit);
    case 'mails':
      return remove('mail_queue', sql`expires_at < ${now}`, limit);
    case 'notifications': {
      // What is still to come stays, however long ago it was planned.
      const settled = sql`state NOT IN ('planned', 'sending', 'held')`;
      return remove('notification', sql`fire_at < ${before(retention.notificationMs)} AND ${settled}`, limit);
    }
    case 'dead-letters': {
      const old = before(retention.deadLetterMs);
      return remove('webhook_dead_letter', sql`dead_at < ${old} AND replay_at IS NULL`, limit);
    }
    case 'events':
      return remove(
        'outbox',
        sql`at < ${before(retention.outboxMs)} AND (
          at < ${before(retention.outboxLimitMs)} OR NOT EXISTS (
            SELECT 1 FROM webhook WHERE webhook.space_id = outbox.space_id AND webhook.seq < outbox.seq
          )
        )`,
        limit,
      );
  }
}

function remove(table: string, condition: RawBuilder<unknown>, limit: number): RawBuilder<unknown> {
  const name = sql.table(table);
  return sql`DELETE FROM ${name} WHERE ctid IN (SELECT ctid FROM ${name} WHERE ${condition} LIMIT ${limit})`;
}

export interface SpaceTrash {
  readonly spaceId: string;
  /** The projection, and so the list, is of this head. */
  readonly head: number;
  readonly taskIds: readonly string[];
}

/**
 * Tasks that were moved to the trash before `since`, by what their device said and by what the server received, in
 * spaces whose projection is up to date.
 */
export async function trashToPurge(
  database: Database,
  since: Date,
  limits: { readonly spaces: number; readonly tasks: number },
): Promise<SpaceTrash[]> {
  // A device whose clock is years behind must not have its trash emptied at once: the audit has our own time.
  const found = await sql<SpaceTrash>`
    SELECT space.id AS "spaceId", space.head, old.ids AS "taskIds"
    FROM space
    JOIN projection_cursor AS cursor ON cursor.space_id = space.id AND cursor.seq = space.head
    JOIN LATERAL (
      SELECT array_agg(id) AS ids FROM (
        SELECT task.id FROM projected_task AS task
        WHERE task.space_id = space.id AND task.trashed_at < ${since}
          AND NOT EXISTS (
            SELECT 1 FROM audit
            WHERE audit.space_id = space.id AND audit.entity_id = task.id AND audit.field = 'trashed'
              AND audit.received_at >= ${since}
          )
        ORDER BY task.trashed_at LIMIT ${limits.tasks}
      ) AS listed
    ) AS old ON old.ids IS NOT NULL
    ORDER BY space.id LIMIT ${limits.spaces}`.execute(database.kysely);
  return found.rows;
}
