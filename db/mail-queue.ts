/**
 * Mails that wait to be sent by the workers.
 *
 * Promise: a mail is tried by one process at a time (a lease), and not after it has expired; once sent or refused it is gone.
 * Limits: a process that dies between sending and saying so sends it again.
 */
import { sql } from 'kysely';
import type { Database } from './database.ts';

export interface QueuedMail {
  readonly id: string;
  readonly recipient: string;
  readonly kind: string;
  readonly body: unknown;
  readonly attempts: number;
  readonly expiresAt: Date;
}

export async function claimMails(
  database: Database,
  now: Date,
  leaseUntil: Date,
  limit: number,
): Promise<QueuedMail[]> {
  const claimed = await sql<QueuedMail>`
    UPDATE mail_queue SET lease_until = ${leaseUntil}
    WHERE id IN (
      SELECT id FROM mail_queue
      WHERE next_at <= ${now} AND expires_at > ${now} AND (lease_until IS NULL OR lease_until <= ${now})
      ORDER BY next_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    RETURNING id, recipient, kind, body, attempts, expires_at AS "expiresAt"`.execute(database.kysely);
  return claimed.rows;
}

/** Sent, or refused for good. */
export async function forgetMail(database: Database, id: string): Promise<void> {
  await database.kysely.deleteFrom('mail_queue').where('id', '=', id).execute();
}

export async function retryMail(
  database: Database,
  id: string,
  failure: { readonly attempts: number; readonly nextAt: Date; readonly error: string },
): Promise<void> {
  await database.kysely
    .updateTable('mail_queue')
    .set({ attempts: failure.attempts, next_at: failure.nextAt, error: failure.error, lease_until: null })
    .where('id', '=', id)
    .execute();
}
