/**
 * The keys that all servers of one database share: what signs sessions, and what push services know us by.
 *
 * Promise: of any number of servers that start at once, one makes the keys and all get those; they are never
 * changed afterwards.
 * Limits: whoever reads the database reads the keys, and with a session's row could then make its cookie. Who
 * wants the two apart sets AUTH_SECRET in the environment, which the caller prefers.
 * Why the database: servers that share one need the same keys, and in a container nothing else of them lasts.
 */
import type { Database } from './database.ts';

export interface ServerKeys {
  readonly authSecret: string;
  readonly vapidPublicKey: string;
  readonly vapidPrivateKey: string;
}

/** The stored keys; where there are none, those that `make` gives are stored, unless another was faster. */
export async function keepServerKeys(
  database: Database,
  make: () => Promise<ServerKeys>,
): Promise<ServerKeys> {
  const stored = await readKeys(database);
  if (stored) return stored;
  const keys = await make();
  // A row that another process is just inserting is waited for, so that it can be read afterwards.
  await database.kysely
    .insertInto('server_keys')
    .values({
      auth_secret: keys.authSecret,
      vapid_public_key: keys.vapidPublicKey,
      vapid_private_key: keys.vapidPrivateKey,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const kept = await readKeys(database);
  if (!kept) throw new Error('The row of server_keys was removed right after it was written.');
  return kept;
}

async function readKeys(database: Database): Promise<ServerKeys | undefined> {
  return database.kysely
    .selectFrom('server_keys')
    .select([
      'auth_secret as authSecret',
      'vapid_public_key as vapidPublicKey',
      'vapid_private_key as vapidPrivateKey',
    ])
    .executeTakeFirst();
}
