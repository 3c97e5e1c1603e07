/**
 * One IndexedDB database that stays usable although browsers close connections.
 *
 * Promise: `run` is one transaction, and its promise resolves only after the transaction's `complete`
 * event. A connection that the browser or another tab closed (`close`, `versionchange`) is opened again
 * by the next `run`. A missing object store is added whatever the database's version is, so a database
 * made by y-indexeddb, or by a newer Holdfast, opens too.
 *
 * Limits: inside `work` only requests of the same transaction may be awaited (IndexedDB commits a
 * transaction that is left alone). Nothing is retried here: who calls knows what is worth repeating.
 */

export interface StoreDefinition {
  readonly name: string;
  readonly options?: IDBObjectStoreParameters;
}

export type Stores = (name: string) => IDBObjectStore;

/**
 * What is asked of one transaction. `commit` says that all requests have been made: then the browser needs this window no
 * more to keep them, where it would otherwise wait to hear that nothing follows the last answer, and give up what a window
 * that goes in between has asked for.
 */
export type Work<T> = (stores: Stores, commit: () => void) => Promise<T>;

export interface RunOptions {
  readonly mode: IDBTransactionMode;
  /** Chrome's default is 'relaxed': complete before it is on the disk. */
  readonly durability?: IDBTransactionDurability;
}

export interface Database {
  run<T>(stores: readonly string[], options: RunOptions, work: Work<T>): Promise<T>;
  /** The browser or another tab closed the connection; the next `run` opens a new one. */
  onLost(listener: () => void): void;
  close(): void;
}

/** The database was given up on purpose (signed out, cleared); nothing may be written to it any more. */
export class DatabaseGone extends Error {
  override name = 'DatabaseGone';
}

interface DatabaseOptions {
  /** Asked before every opening. May throw `DatabaseGone`. */
  name: () => Promise<string>;
  stores: readonly StoreDefinition[];
}

export function createDatabase(options: DatabaseOptions): Database {
  let opening: Promise<IDBDatabase> | null = null;
  let current: IDBDatabase | null = null;
  let closed = false;
  const lostListeners: (() => void)[] = [];

  function connect(): Promise<IDBDatabase> {
    if (closed) return Promise.reject(new DatabaseGone('The database was closed by this window.'));
    if (opening) return opening;
    const attempt = openWithStores().catch((error: unknown) => {
      if (opening === attempt) opening = null;
      throw error;
    });
    opening = attempt;
    return attempt;
  }

  async function openWithStores(): Promise<IDBDatabase> {
    const name = await options.name();
    let database = await open(name, undefined, options.stores);
    const isIncomplete = options.stores.some((store) => !database.objectStoreNames.contains(store.name));
    if (isIncomplete) {
      const version = database.version + 1;
      database.close();
      database = await open(name, version, options.stores);
    }
    if (closed) {
      database.close();
      throw new DatabaseGone('The database was closed by this window.');
    }
    const opened = database;
    const forget = () => {
      if (current !== opened) return;
      current = null;
      opening = null;
      for (const listener of lostListeners) listener();
    };
    // Another connection wants to upgrade or delete the database: make room, and come back when needed.
    opened.onversionchange = () => {
      opened.close();
      forget();
    };
    // The browser closed the connection by itself (data cleared, disk trouble).
    opened.onclose = forget;
    current = opened;
    return opened;
  }

  async function begin(stores: readonly string[], { mode, durability }: RunOptions): Promise<IDBTransaction> {
    const names = [...stores];
    const transactionOptions = durability ? { durability } : {};
    const database = await connect();
    try {
      return database.transaction(names, mode, transactionOptions);
    } catch (error) {
      // The connection died without an event (seen after a crash of the storage process): open once more.
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error;
      if (current === database) {
        current = null;
        opening = null;
      }
      return (await connect()).transaction(names, mode, transactionOptions);
    }
  }

  return {
    async run(stores, runOptions, work) {
      const transaction = await begin(stores, runOptions);
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () =>
          reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'));
      });
      let result;
      try {
        const working = work(
          (name) => transaction.objectStore(name),
          () => transaction.commit(),
        );
        // Chromium answers no request of a transaction that fails after `commit` was called: its end is all that is heard.
        result = await Promise.race([working, done.then(() => working)]);
      } catch (error) {
        abortQuietly(transaction);
        // The abort's own reason (quota, disk) says more than the request that it took down.
        await done.catch((reason: unknown) => {
          if (transaction.error) throw reason;
        });
        throw error;
      }
      await done;
      return result;
    },
    onLost: (listener) => void lostListeners.push(listener),
    close() {
      closed = true;
      current?.close();
      current = null;
      opening = null;
    },
  };
}

/** One request as a promise. To be awaited only within the transaction's `work`. */
export function request<T>(idbRequest: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    idbRequest.onsuccess = () => resolve(idbRequest.result);
    idbRequest.onerror = () =>
      reject(idbRequest.error ?? new DOMException('Request failed.', 'UnknownError'));
  });
}

/** Deletes a database. Waits for other tabs to close theirs, which they do when told (`versionchange`). */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deletion = indexedDB.deleteDatabase(name);
    deletion.onsuccess = () => resolve();
    deletion.onerror = () => reject(deletion.error ?? new DOMException('Deletion failed.', 'UnknownError'));
  });
}

function open(
  name: string,
  version: number | undefined,
  stores: readonly StoreDefinition[],
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = version === undefined ? indexedDB.open(name) : indexedDB.open(name, version);
    opening.onupgradeneeded = () => {
      for (const store of stores) {
        if (!opening.result.objectStoreNames.contains(store.name)) {
          opening.result.createObjectStore(store.name, store.options);
        }
      }
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new DOMException('Opening failed.', 'UnknownError'));
  });
}

function abortQuietly(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It had already ended, which is what was wanted.
  }
}
