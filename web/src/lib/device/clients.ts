/**
 * The pool of Yjs client ids that this device writes with.
 *
 * Why: every transaction costs in proportion to the client ids that a document has ever seen, so a fresh
 * id at each page load would slow it for ever; but one id in two live replicas is silent, permanent
 * divergence. So ids are used again, and only where nobody else can be using them:
 *
 * - A tab leases an id by Web Lock for as long as it lives. No Web Locks (plain http): always a fresh id.
 * - With an account, a leased id is written with only once the server confirmed that it knows exactly as
 *   much of it as this device does. More there than here means that the database was rolled back or
 *   cloned: the id is retired for ever. Less there means unsent edits: asked again once they are sent.
 * - Without an account a leased id is used at once. Should a copy of such a database ever be attached to
 *   the same account, `findForeign` finds it before anything is sent.
 * - When rows were set aside, every id of the pool is retired (storage.ts); an id with a hole behind which
 *   its later edits wait is not used while they do.
 * - A service worker has ids of its own. What a window left in local storage (left-behind.ts) was written with a
 *   window's id, and a worker can neither read it nor know of it.
 * - An id that was written with in this window is kept until the window closes; a fresh id may be changed
 *   for the leased one only while nothing was written with it, and never inside a transaction.
 */

import * as Y from 'yjs';
import { request, type Database } from './database.ts';
import type { EpochMs } from './status.ts';

export interface ClientRecord {
  readonly id: number;
  readonly createdAt: number;
  /** Set for ever. */
  readonly retired?: string;
  /** The space that this device has registered the id with. */
  readonly space?: string;
  /** Only a service worker writes with it. */
  readonly isWorkers?: true;
}

/** What the server knows of ids, from the answer to a hello. */
export interface ServerView {
  readonly spaceId: string;
  readonly clocks: ReadonlyMap<number, number>;
  readonly refused: ReadonlySet<number>;
}

export interface ClientIds {
  /** Leases an id if one is free and may be used at once. Call once, after loading, before the first edit. */
  begin(o: { hasAccount: boolean; isDamaged: boolean }): Promise<void>;
  /** The id that waits for the server's word, if any. */
  readonly candidate: number | null;
  /** Reads again what other tabs wrote. */
  refresh(): Promise<void>;
  /** Ids to name in a hello: all that this device may have unsent edits of, and those it wants to write with. */
  toRegister(spaceId: string): number[];
  /** An id of this device that was never registered from here and that the server knows: this database is a copy. */
  findForeign(view: ServerView): number | null;
  /** Notes which ids the server bound to this device. Resolves when that is stored: before anything is sent. */
  accept(view: ServerView): Promise<void>;
  /** Adopts the candidate, keeps it waiting, or retires it; leaves an id that another replica writes with. */
  decide(view: ServerView): Promise<void>;
  /** What to store of an id with its first row. */
  recordOf(id: number): ClientRecord;
  /** Frees the leases. */
  close(): void;
}

interface ClientIdOptions {
  database: Database;
  doc: Y.Doc;
  /** Prefix of lock names; one per document database. */
  scope: string;
  locks: LockManager | null;
  now: () => EpochMs;
  /** Not a window. */
  isWorker?: boolean;
  onSwitch?: (id: number) => void;
}

export function createClientIds(options: ClientIdOptions): ClientIds {
  const { database, doc, locks } = options;
  const leases = new Map<number, () => void>();
  const known = new Map<number, ClientRecord>();
  const spaceOf = new Map<number, string>();
  let candidate: number | null = null;
  // As loaded: what is downloaded later under that id was written by someone else and must not count.
  let candidateClock = 0;
  let lastId = doc.clientID;
  doc.on('afterTransactionCleanup', noticeSwitch);

  function lease(id: number): Promise<boolean> {
    if (!locks) return Promise.resolve(false);
    if (leases.has(id)) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      locks
        .request(`${options.scope}:client:${id}`, { ifAvailable: true }, (lock) => {
          if (!lock) {
            resolve(false);
            return undefined;
          }
          const held = new Promise<void>((release) => leases.set(id, release));
          resolve(true);
          return held;
        })
        .catch(reject);
    });
  }

  function release(id: number): void {
    leases.get(id)?.();
    leases.delete(id);
  }

  async function refresh(): Promise<void> {
    const records = await database.run(
      ['clients'],
      { mode: 'readonly' },
      (stores) => request(stores('clients').getAll()) as Promise<ClientRecord[]>,
    );
    for (const record of records) known.set(record.id, record);
  }

  function retire(id: number, retired: string): Promise<void> {
    return change([id], (record) => ({ ...(record ?? recordOf(id)), retired }));
  }

  /** `make` returns null to leave things as they are. */
  async function change(
    ids: readonly number[],
    make: (record: ClientRecord | undefined) => ClientRecord | null,
  ): Promise<void> {
    if (ids.length === 0) return;
    await database.run(['clients'], { mode: 'readwrite', durability: 'strict' }, async (stores) => {
      for (const id of ids) {
        const record = (await request(stores('clients').get(id))) as ClientRecord | undefined;
        const next = make(record);
        if (!next) continue;
        await request(stores('clients').put(next));
        known.set(id, next);
      }
    });
  }

  function recordOf(id: number): ClientRecord {
    const space = spaceOf.get(id);
    return {
      id,
      createdAt: options.now(),
      ...(space === undefined ? {} : { space }),
      ...(options.isWorker === true ? { isWorkers: true } : {}),
    };
  }

  /**
   * Yjs takes a new id by itself when an edit arrives that was made elsewhere with this window's id. The old
   * one is then in two hands and is retired; the new one is leased like any other.
   */
  function noticeSwitch(): void {
    if (doc.clientID === lastId) return;
    const lost = lastId;
    lastId = doc.clientID;
    void lease(doc.clientID).catch(() => undefined);
    void retire(lost, 'another replica wrote with it').catch(() => undefined);
    options.onSwitch?.(doc.clientID);
  }

  function switchTo(id: number): void {
    lastId = id;
    doc.clientID = id;
    options.onSwitch?.(id);
  }

  async function leaveCurrent(): Promise<void> {
    const left = doc.clientID;
    const fresh = freshId();
    await lease(fresh);
    if (doc.clientID === left) switchTo(fresh);
  }

  return {
    get candidate() {
      return candidate;
    },
    async begin({ hasAccount, isDamaged }) {
      if (locks && !isDamaged) await refresh();
      // The id with the most behind it first, so that few ids are ever in play.
      const holed = idsWithHoles(doc);
      const usable = [...known.values()]
        .filter(
          (record) =>
            !record.retired &&
            !holed.has(record.id) &&
            (record.isWorkers ?? false) === (options.isWorker ?? false),
        )
        .sort((a, b) => Y.getState(doc.store, b.id) - Y.getState(doc.store, a.id));
      for (const { id } of usable) {
        if (await lease(id)) {
          candidate = id;
          candidateClock = Y.getState(doc.store, id);
          break;
        }
      }
      if (candidate !== null && !hasAccount) {
        switchTo(candidate);
        candidate = null;
      } else {
        await lease(doc.clientID);
      }
    },
    refresh,
    toRegister(spaceId) {
      const unregistered = [...known.values()].filter(
        (record) => !record.retired && record.space !== spaceId,
      );
      const ids = unregistered.map((record) => record.id);
      return [...new Set([...ids, doc.clientID, ...(candidate === null ? [] : [candidate])])];
    },
    findForeign({ spaceId, clocks }) {
      for (const [id, clock] of clocks) {
        const isRegistered = (known.get(id)?.space ?? spaceOf.get(id)) === spaceId;
        if (clock > 0 && !isRegistered && Y.getState(doc.store, id) > 0) return id;
      }
      return null;
    },
    async accept({ spaceId, clocks, refused }) {
      const accepted = [...clocks.keys()].filter((id) => !refused.has(id));
      for (const id of accepted) spaceOf.set(id, spaceId);
      // An id that nothing was written with is not kept: it gets its record with its first row.
      await change(accepted, (record) =>
        record && record.space !== spaceId ? { ...record, space: spaceId } : null,
      );
    },
    async decide({ clocks, refused }) {
      const current = doc.clientID;
      const here = Y.getState(doc.store, current);
      const there = clocks.get(current) ?? 0;
      if (there > here) {
        // Someone else writes with the id that this window writes with: stop at once.
        await leaveCurrent();
        await retire(current, `the server has ${there}, this device ${here}`);
      } else if (refused.has(current)) {
        await leaveCurrent();
      }
      if (candidate === null || !clocks.has(candidate)) return;
      const id = candidate;
      const mine = candidateClock;
      const theirs = clocks.get(id) ?? 0;
      if (theirs > mine) {
        candidate = null;
        await retire(id, `the server has ${theirs}, this device ${mine}`);
      } else if (refused.has(id) || Y.getState(doc.store, doc.clientID) > 0) {
        // Taken, or this window has written with a fresh id already, which it then keeps.
        candidate = null;
        release(id);
      } else if (theirs === mine && doc._transaction === null) {
        candidate = null;
        switchTo(id);
      }
    },
    recordOf: (id) => known.get(id) ?? recordOf(id),
    close() {
      doc.off('afterTransactionCleanup', noticeSwitch);
      for (const release of leases.values()) release();
      leases.clear();
    },
  };
}

function freshId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Ids of which later structs wait for earlier ones that are missing. */
function idsWithHoles(doc: Y.Doc): ReadonlySet<number> {
  const { pendingStructs } = doc.store;
  return new Set(pendingStructs ? Y.parseUpdateMetaV2(pendingStructs.update).from.keys() : []);
}
