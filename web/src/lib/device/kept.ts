/**
 * What this device remembers besides the document: preferences, which reminders were shown, history that was fetched.
 *
 * Promise: it lies in the document's database and goes with it when someone signs out. `change` is one transaction, so of
 * two tabs (or a tab and the service worker) that want to show one reminder, one does. Where nothing can be stored, it is
 * kept in memory for as long as the window is open.
 *
 * Limits: nothing here is a person's work. It is not synced, and not counted by the sync status.
 */

import { DatabaseGone, request, type Database } from './database.ts';

export const KEPT_STORE = 'kept';

export interface Kept {
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
  /** One transaction: gives what `make` returns as second, after the first is stored. `undefined` first: leave it. */
  change<T>(key: string, make: (current: unknown) => readonly [next: unknown, answer: T]): Promise<T>;
}

export function createKept(database: Database): Kept {
  const memory = new Map<string, unknown>();

  async function change<T>(key: string, make: (current: unknown) => readonly [unknown, T]): Promise<T> {
    try {
      return await database.run(
        [KEPT_STORE],
        { mode: 'readwrite', durability: 'relaxed' },
        async (stores) => {
          const current: unknown = (await request(stores(KEPT_STORE).get(key))) ?? memory.get(key);
          const [next, answer] = make(current);
          if (next !== undefined) await request(stores(KEPT_STORE).put(next, key));
          return answer;
        },
      );
    } catch (error) {
      if (error instanceof DatabaseGone) throw error;
      const [next, answer] = make(memory.get(key));
      if (next !== undefined) memory.set(key, next);
      return answer;
    }
  }

  return {
    async read(key) {
      try {
        return await database.run([KEPT_STORE], { mode: 'readonly' }, (stores) =>
          request(stores(KEPT_STORE).get(key) as IDBRequest<unknown>),
        );
      } catch {
        return memory.get(key);
      }
    },
    write: (key, value) => change(key, () => [value, undefined]),
    change,
  };
}
