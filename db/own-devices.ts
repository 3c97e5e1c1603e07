/**
 * The devices of an account, as their owner sees them.
 *
 * Promise: revoking a device ends the sessions that are known to be of it, in the same transaction in which it is marked;
 * it is neither listed nor waited for ("seen on") any more, and gets no more pushes. Signed in again it is back.
 * Limits: a session is known to be of the device that last said hello over it: one that never did ends with "sign out
 * everywhere" only. API tokens are no device's and stay. The device's client ids stay its own for ever (see devices.ts),
 * because its edits do.
 */
import { sql } from 'kysely';
import type { Database } from './database.ts';

export interface OwnDevice {
  readonly id: string;
  readonly name: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
}

/** What goes with a device, besides the device itself, which stays as a mark that it was revoked. */
const OF_DEVICE = ['account_session', 'push_subscription', 'device_progress'] as const;

/** The most recently seen first. */
export async function devicesOf(database: Database, userId: string): Promise<OwnDevice[]> {
  return database.kysely
    .selectFrom('device')
    .select(['id', 'name', 'first_seen as firstSeen', 'last_seen as lastSeen'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('last_seen', 'desc')
    .limit(200)
    .execute();
}

/** False when that user has no such device. */
export async function revokeDevice(database: Database, userId: string, deviceId: string): Promise<boolean> {
  return database.kysely.transaction().execute(async (tx) => {
    // The clock and not the transaction's begin: a session that began meanwhile is one from before.
    const marked = await tx
      .updateTable('device')
      .set({ revoked_at: sql<Date>`clock_timestamp()` })
      .where('user_id', '=', userId)
      .where('id', '=', deviceId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (marked.numUpdatedRows === 0n) return false;
    for (const table of OF_DEVICE) {
      await tx.deleteFrom(table).where('user_id', '=', userId).where('device_id', '=', deviceId).execute();
    }
    return true;
  });
}
