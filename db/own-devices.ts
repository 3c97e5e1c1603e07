/**
 * The devices of an account, as their owner sees them.
 *
 * Promise: a forgotten device is neither listed nor waited for ("seen on"); if it connects again it is back.
 * Limits: forgetting ends no session, because a session does not know its device; and the device's client
 * ids stay its own for ever (see devices.ts), because its edits do.
 */
import type { Database } from './database.ts';

export interface OwnDevice {
  readonly id: string;
  readonly name: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
}

/** The most recently seen first. */
export async function devicesOf(database: Database, userId: string): Promise<OwnDevice[]> {
  return database.kysely
    .selectFrom('device')
    .select(['id', 'name', 'first_seen as firstSeen', 'last_seen as lastSeen'])
    .where('user_id', '=', userId)
    .orderBy('last_seen', 'desc')
    .limit(200)
    .execute();
}

/** False when that user has no such device. */
export async function forgetDevice(database: Database, userId: string, deviceId: string): Promise<boolean> {
  return database.kysely.transaction().execute(async (tx) => {
    await tx
      .deleteFrom('device_progress')
      .where('user_id', '=', userId)
      .where('device_id', '=', deviceId)
      .execute();
    const gone = await tx
      .deleteFrom('device')
      .where('user_id', '=', userId)
      .where('id', '=', deviceId)
      .executeTakeFirst();
    return gone.numDeletedRows > 0n;
  });
}
