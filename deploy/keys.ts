/**
 * The keys of this server: from the environment, else those that were made once and kept.
 *
 * Promise: a setting in the environment wins. With DATABASE_URL the keys are kept in that database, so that all
 * servers on it share sessions, and a container that loses its data folder loses none. With the embedded database
 * they stay in the data folder's keys.json, where they always were.
 * Why not the database for both: the two lie in one folder and last equally long, a file that others may not read
 * is the safer place, and leaving it signs nobody out. For the same reason a data folder that has keys gives them
 * to a database that has none yet: whoever moves to DATABASE_URL keeps the sessions that moved along.
 */
import type { Database } from '@holdfast/db/database.ts';
import { keepServerKeys } from '@holdfast/db/server-keys.ts';
import type { Config } from './config.ts';
import { makeKeys } from './data-folder.ts';
import type { DataFolder, Keys } from './data-folder.ts';

/** The database must be migrated. */
export async function serverKeys(config: Config, dataFolder: DataFolder, database: Database): Promise<Keys> {
  const kept =
    config.DATABASE_URL === undefined
      ? await dataFolder.keys()
      : await keepServerKeys(database, async () => (await dataFolder.storedKeys()) ?? makeKeys());
  return {
    authSecret: config.AUTH_SECRET ?? kept.authSecret,
    // Set both or none: config.ts sees to it.
    vapidPublicKey: config.VAPID_PUBLIC_KEY ?? kept.vapidPublicKey,
    vapidPrivateKey: config.VAPID_PRIVATE_KEY ?? kept.vapidPrivateKey,
  };
}
