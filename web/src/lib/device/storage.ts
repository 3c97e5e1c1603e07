/**
 * The document's storage on this device.
 *
 * Promise: an edit counts as saved only after the `complete` event of the strict transaction that holds
 * its row and its unsent entry, both or neither. An edit that could not be written stays in memory and in
 * the count of unsaved ones, and is tried again until it is stored. Every tab that shares the database
 * stores its own edits once and reads the others'; nothing is stored twice. Trimming is one transaction
 * and never touches unsent entries.
 *
 * Limits: between an edit and its commit (milliseconds) a crash loses the edit; until then it is shown as
 * not saved. y-indexeddb was not used, only its format: one bad row stops it, it writes nothing after the
 * browser closed its connection, it tells nobody, it stores what other tabs stored, grows at each opening,
 * and trims by row count (tests/device/stock-faults.test.ts shows each).
 *
 * Why so long: storing, reading what other tabs stored and trimming keep one account of rows and unsent
 * entries between them, and in several files each would have to trust the others with it.
 */

import * as Y from 'yjs';
import { chunkUpdate } from './chunks.ts';
import { DatabaseGone, request, type Database, type Stores } from './database.ts';
import type { LeftBehind } from './left-behind.ts';
import { inSlices } from './slices.ts';
import type { EpochMs } from './status.ts';
import {
  LEFT_ORIGIN,
  asBytes,
  buildDocument,
  countEntries,
  decodingError,
  META,
  readEntries,
  readMeta,
  readRows,
  sameBytes,
  SERVER_ORIGIN,
  STORED_ORIGIN,
  type Corrupt,
  type QuarantinedRow,
  type Row,
  type StoredMeta,
  type UnsentEntry,
  type UnsentMarker,
} from './stored-document.ts';
import { t } from '../words/language.ts';

export interface StorageState {
  readonly failing: string | null;
  /** Local edits not committed yet. */
  readonly unsaved: number;
  /** Edits of all tabs that no receipt covers. Counted without an account too. */
  readonly unsent: number;
  readonly oldestUnsentAt: EpochMs | null;
}

/** Rows that this tab has just committed, for the other tabs. */
export interface Commit {
  readonly rows: readonly Row[];
  readonly incarnation: string;
}

export interface Unsent {
  readonly entries: readonly (UnsentEntry & { readonly key: number })[];
  readonly marker: UnsentMarker | null;
}

export interface PendingWrite {
  readonly update: Uint8Array;
  readonly at: EpochMs;
  readonly writer: number;
  readonly isLocal: boolean;
  /** The server has it although this device could not store it. */
  isSent: boolean;
}

export interface Storage {
  readonly doc: Y.Doc;
  readonly state: StorageState;
  /** Rows were set aside: the ids of the pool must not be written with, part of what they wrote may be gone. */
  readonly isDamaged: boolean;
  onState(listener: () => void): void;
  onCommit(listener: (commit: Commit) => void): void;
  onTrim(listener: (trimmed: { upTo: number; key: number }) => void): void;
  /** Rows that another tab committed. */
  receive(commit: Commit): void;
  receiveTrim(trimmed: { upTo: number; key: number }): void;
  /** Reads what other tabs stored and counts again. */
  catchUp(): Promise<void>;
  /** Unsent entries with keys above `after`; the document holds all of them when this resolves. */
  readUnsent(after: number): Promise<Unsent>;
  /** Receipts cover these. */
  confirm(covered: { keys: readonly number[]; marker: UnsentMarker | null }): void;
  /** Local edits that cannot be stored now and should be sent all the same. */
  unstored(): readonly PendingWrite[];
  /** What the server lacks, of what is committed (or, while storing fails, of what there is). */
  encodeCommitted(serverStateVector: Uint8Array): Promise<Uint8Array>;
  /** Everything made so far is committed, or storing is failing. */
  settled(): Promise<void>;
  /** From now on single unsent updates are kept: there is a server to send them to. */
  attach(): Promise<void>;
  retryNow(): void;
  /** The window goes: what is not committed yet is left for the next one. */
  leave(): void;
  close(): Promise<void>;
}

interface StorageOptions {
  database: Database;
  now: () => EpochMs;
  /** Trim when this many bytes lie behind the last trim, and as many as that wrote. */
  minTrimBytes?: number;
  /** Without an edit for this long, a row that is too large to be read without a stop is divided. */
  quietMs?: number;
  /** What to store of a client id with its first row. */
  recordOf?: (writer: number) => object;
  /** Where a window that goes leaves what it could not store, and where this one finds it. */
  leftBehind?: LeftBehind;
}

const DEFAULT_MIN_TRIM_BYTES = 256 * 1024;
const MAX_BATCH_ROWS = 1000;
/** What a trim writes in one row: read in a few milliseconds, on a phone in some ten. */
const PART_BYTES = 64 * 1024;
const LUMP_BYTES = 4 * PART_BYTES;
const DEFAULT_QUIET_MS = 5_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { database, now, leftBehind } = options;
  const recordOf = options.recordOf ?? ((writer) => ({ id: writer, createdAt: now() }));
  const minTrimBytes = options.minTrimBytes ?? DEFAULT_MIN_TRIM_BYTES;
  const quietMs = options.quietMs ?? DEFAULT_QUIET_MS;
  const stateListeners: (() => void)[] = [];
  const commitListeners: ((commit: Commit) => void)[] = [];
  const trimListeners: ((trimmed: { upTo: number; key: number }) => void)[] = [];
  const queue: PendingWrite[] = [];
  const confirmed: { keys: readonly number[]; marker: UnsentMarker | null }[] = [];
  const settling: (() => void)[] = [];
  const knownWriters = new Set<number>();
  let unsaved = 0;
  let failing: string | null = null;
  let failures = 0;
  let unsent = 0;
  let oldestUnsentAt: EpochMs | null = null;
  let lastSeen = 0;
  let incarnation: string | null = null;
  let isAttached = false;
  let isDamaged = false;
  let baseBytes = 0;
  let tailBytes = 0;
  /** A row behind the last trim is too large to be read without a stop: what a file or a first download brought. */
  let isLumped = false;
  let isQuiet = false;
  let quietTimer: ReturnType<typeof setTimeout> | undefined;
  let isFlushing = false;
  let mustRewrite = false;
  let isCatchingUp = false;
  let catchUpAgain = false;
  let isClosed = false;
  let isSomethingLeft = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let flushed = Promise.resolve();

  const doc = await load();
  doc.on('update', keep);
  takeWhatWasLeft();
  awaitQuiet();
  database.onLost(() => void catchUp());

  async function load(): Promise<Y.Doc> {
    try {
      const found = await database.run(
        ['updates', 'unsent', 'meta'],
        { mode: 'readonly' },
        async (stores) => ({
          rows: await readRows(stores('updates'), 0),
          unsent: await readEntries(stores('unsent'), 0),
          meta: await readMeta(stores('meta')),
        }),
      );
      // Unsent entries hold the same bytes as their rows: what a bad row lost may still be there.
      const built = await inSlices(
        buildDocument([
          ...found.rows,
          ...found.unsent.map(({ key, value }) => ({ key: -key, value: value.update })),
        ]),
      );
      incarnation = found.meta.incarnation;
      isAttached = found.meta.isAttached;
      lastSeen = found.rows.at(-1)?.key ?? 0;
      isDamaged = built.corrupt.length > 0;
      for (const { key, value } of found.rows) {
        const bytes = asBytes(value)?.length ?? 0;
        if (key <= found.meta.trimmed) baseBytes += bytes;
        else addToTail(bytes);
      }
      count(found.unsent.length, found.unsent[0]?.value.at ?? null, found.meta.marker);
      if (built.corrupt.length > 0) await setAside(built.corrupt).catch(fail);
      return built.doc;
    } catch (error) {
      // No storage now. The window works from memory, says so, and keeps trying.
      fail(error);
      return new Y.Doc();
    }
  }

  /** Before anything else is written: what was left may have been written under an id that is used again. */
  function takeWhatWasLeft(): void {
    // To a document that could not be read it would be a part without what it builds on.
    if (failing !== null) return;
    const found = leftBehind?.read() ?? [];
    isSomethingLeft = found.length > 0;
    for (const update of found) if (decodingError(update) === null) Y.applyUpdate(doc, update, LEFT_ORIGIN);
    forgetWhatIsStored();
  }

  function forgetWhatIsStored(): void {
    if (!isSomethingLeft || queue.length > 0) return;
    isSomethingLeft = false;
    leftBehind?.clear();
  }

  function keep(update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void {
    if (origin === STORED_ORIGIN || isClosed) return;
    const isLocal = origin !== SERVER_ORIGIN;
    const writer = transaction.local ? doc.clientID : writerOf(update, doc.clientID);
    queue.push({ update, at: now(), writer, isLocal, isSent: false });
    if (isLocal) {
      unsaved += 1;
      changed();
    }
    void flush();
  }

  function flush(): Promise<void> {
    if (!isFlushing && !isClosed) {
      isFlushing = true;
      clearTimeout(retryTimer);
      flushed = flushAll();
    }
    return flushed;
  }

  async function flushAll(): Promise<void> {
    try {
      do {
        while (hasWork()) await commitBatch();
        if (tailBytes > Math.max(minTrimBytes, baseBytes) || (isLumped && isQuiet)) await trim();
      } while (hasWork());
    } catch (error) {
      fail(error);
    }
    awaitQuiet();
    // In the same turn as the last look at the queue: an edit in between would find nobody writing.
    isFlushing = false;
    for (const resolve of settling.splice(0)) resolve();
  }

  /** Dividing takes a while, and is worth it only at the next start. */
  function awaitQuiet(): void {
    clearTimeout(quietTimer);
    isQuiet = false;
    if (!isLumped || isClosed || failing !== null) return;
    quietTimer = setTimeout(() => {
      isQuiet = true;
      void flush();
    }, quietMs);
  }

  function addToTail(bytes: number): void {
    tailBytes += bytes;
    isLumped ||= bytes > LUMP_BYTES;
  }

  function hasWork(): boolean {
    return queue.length > 0 || confirmed.length > 0 || mustRewrite;
  }

  async function commitBatch(): Promise<void> {
    try {
      await writeBatch({ isEarly: true });
    } catch (error) {
      if (error instanceof DatabaseGone) throw error;
      // Of a transaction that was told to commit, Chromium often says only that it failed; this one says why.
      await writeBatch({ isEarly: false });
    }
  }

  /** `isEarly`: nothing more is waited for once all has been asked, so that a window which is being closed loses less. */
  async function writeBatch({ isEarly }: { isEarly: boolean }): Promise<void> {
    const batch = queue.slice(0, MAX_BATCH_ROWS);
    const covered = confirmed.slice();
    const durability = batch.some((write) => write.isLocal) ? 'strict' : 'relaxed';
    const committed = await database.run(
      ['updates', 'unsent', 'clients', 'meta'],
      { mode: 'readwrite', durability },
      async (stores, commit) => {
        const local = batch.filter((write) => write.isLocal);
        const [meta, sinceLast, strangers] = await Promise.all([
          readMeta(stores('meta')),
          readRows(stores('updates'), incarnation === null ? 0 : lastSeen),
          unknownWriters(stores('clients'), local),
        ]);
        const known = meta.incarnation === incarnation ? incarnation : null;
        const isReplaced = known === null && incarnation !== null;
        const newer = isReplaced ? await readRows(stores('updates'), 0) : sinceLast;
        const identity = known === null ? await takeOver(stores, meta) : { ...meta, incarnation: known };

        const asked: Promise<unknown>[] = [];
        const ask = <T>(asking: IDBRequest<T>): Promise<T> => {
          const answer = request(asking);
          asked.push(answer);
          answer.catch(() => undefined);
          return answer;
        };
        // Two tabs that are both connected get the same frame: the second finds it stored.
        const added = batch.filter(
          (write) => write.isLocal || !newer.some(({ value }) => isSameUpdate(value, write.update)),
        );
        const keys = added.map((write) => ask(stores('updates').add(write.update)));
        const isAttachedNow = identity.isAttached || isAttached;
        if (isAttachedNow && !meta.isAttached) void ask(stores('meta').put(true, META.attached));
        for (const writer of strangers) void ask(stores('clients').put(recordOf(writer)));
        let marker = identity.marker;
        for (const write of local) {
          if (write.isSent) continue;
          if (isAttachedNow) {
            const entry: UnsentEntry = { update: write.update, at: write.at, writer: write.writer };
            void ask(stores('unsent').add(entry));
          } else {
            marker = { edits: (marker?.edits ?? 0) + 1, since: marker?.since ?? write.at };
          }
        }
        for (const receipt of covered) {
          for (const key of receipt.keys) void ask(stores('unsent').delete(key));
          marker = subtract(marker, receipt.marker);
        }
        if (marker) void ask(stores('meta').put(marker, META.marker));
        else void ask(stores('meta').delete(META.marker));
        const counting = countEntries(stores('unsent'));
        counting.catch(() => undefined);
        if (isEarly) commit();

        await Promise.all(asked);
        const rows: Row[] = [];
        for (const [index, write] of added.entries())
          rows.push({ key: Number(await keys[index]), update: write.update });
        return { newer, rows, identity, marker, counted: await counting, lastKey: rows.at(-1)?.key };
      },
    );
    queue.splice(0, batch.length);
    unsaved -= batch.filter((write) => write.isLocal).length;
    confirmed.splice(0, covered.length);
    forgetWhatIsStored();
    mustRewrite = false;
    if (incarnation !== committed.identity.incarnation) lastSeen = 0;
    incarnation = committed.identity.incarnation;
    isAttached ||= committed.identity.isAttached;
    absorb(committed.newer);
    for (const row of committed.rows) addToTail(row.update.length);
    lastSeen = Math.max(lastSeen, committed.lastKey ?? 0);
    for (const write of batch) if (write.isLocal) knownWriters.add(write.writer);
    failures = 0;
    failing = null;
    count(committed.counted.entries, committed.counted.oldestAt, committed.marker);
    if (committed.rows.length > 0 || covered.length > 0) {
      const commit = { rows: committed.rows, incarnation: committed.identity.incarnation };
      for (const listener of commitListeners) listener(commit);
    }
  }

  /**
   * The database is not the one that was loaded: it is new, or the browser deleted it under an open window.
   * What this window holds is written whole, so that nothing is lost with the old one.
   */
  async function takeOver(stores: Stores, found: StoredMeta): Promise<StoredMeta & { incarnation: string }> {
    const isReplacement = incarnation !== null;
    const identity = {
      incarnation: found.incarnation ?? newIncarnation(),
      isAttached: found.isAttached || isAttached,
      marker: found.marker,
      trimmed: 0,
    };
    await request(stores('meta').put(identity.incarnation, META.incarnation));
    await request(stores('meta').put(identity.isAttached, META.attached));
    if (isReplacement) {
      await request(stores('updates').add(Y.encodeStateAsUpdate(doc)));
      for (const writer of knownWriters) {
        const known: unknown = await request(stores('clients').get(writer));
        if (known === undefined) await request(stores('clients').put(recordOf(writer)));
      }
      if (unsent > 0 && !identity.marker) {
        identity.marker = { edits: unsent, since: oldestUnsentAt ?? now() };
      }
    }
    return identity;
  }

  /** Those that the database has no record of; who is known to this window is not looked up again. */
  async function unknownWriters(
    clients: IDBObjectStore,
    writes: readonly { writer: number }[],
  ): Promise<readonly number[]> {
    const writers = [...new Set(writes.map(({ writer }) => writer))].filter(
      (writer) => !knownWriters.has(writer),
    );
    const records: readonly unknown[] = await Promise.all(
      writers.map((writer) => request(clients.get(writer)) as Promise<unknown>),
    );
    return writers.filter((_, index) => records[index] === undefined);
  }

  /** Applies rows of other tabs. A bad one is set aside like any other. */
  function absorb(rows: readonly { key: number; value: unknown }[]): void {
    const corrupt: Corrupt[] = [];
    for (const { key, value } of rows) {
      const error = decodingError(value);
      const update = asBytes(value);
      if (error !== null || !update) {
        corrupt.push({ key, row: value, error: error ?? t('The row is not bytes.') });
      } else {
        Y.applyUpdate(doc, update, STORED_ORIGIN);
        addToTail(update.length);
      }
      lastSeen = Math.max(lastSeen, key);
    }
    if (corrupt.length > 0) void setAside(corrupt).catch(fail);
  }

  /**
   * Moves bad rows to `quarantine`, and retires every client id of the pool in the same transaction: whose rows
   * they were cannot be told, and an id must not write again what it once wrote otherwise. Negative keys are
   * unsent entries, whose content is then sent with everything.
   */
  function setAside(corrupt: readonly Corrupt[]): Promise<void> {
    return database.run(
      ['updates', 'unsent', 'clients', 'meta', 'quarantine'],
      { mode: 'readwrite', durability: 'strict' },
      async (stores) => {
        const records = (await request(stores('clients').getAll())) as { retired?: string }[];
        for (const record of records) {
          await request(stores('clients').put({ retired: 'rows were set aside', ...record }));
        }
        for (const { key, row, error } of corrupt) {
          const entry: QuarantinedRow = { row, key: Math.abs(key), error, at: now() };
          await request(stores('quarantine').add(entry));
          if (key > 0) {
            await request(stores('updates').delete(key));
          } else {
            await request(stores('unsent').delete(-key));
            const marker = (await request(stores('meta').get(META.marker))) as UnsentMarker | undefined;
            const raised = { edits: (marker?.edits ?? 0) + 1, since: marker?.since ?? now() };
            await request(stores('meta').put(raised, META.marker));
          }
        }
      },
    );
  }

  async function trim(): Promise<void> {
    const trimmed = await database.run(
      ['updates', 'meta'],
      { mode: 'readwrite', durability: 'strict' },
      async (stores) => {
        const meta = await readMeta(stores('meta'));
        const newer = await readRows(stores('updates'), lastSeen);
        // Only when the document is exactly what is committed: no row unread, no edit unwritten.
        if (meta.incarnation !== incarnation || newer.length > 0 || queue.length > 0) return { newer };
        const upTo = lastSeen;
        // In parts, so that the next start can read them with rests in between.
        const parts = chunkUpdate(Y.encodeStateAsUpdate(doc), PART_BYTES);
        const keys = await Promise.all(parts.map((part) => request(stores('updates').add(part))));
        const key = Number(keys.at(-1));
        await request(stores('updates').delete(IDBKeyRange.upperBound(upTo)));
        await request(stores('meta').put(key, META.trimmed));
        return { newer, done: { upTo, key, bytes: parts.reduce((sum, part) => sum + part.length, 0) } };
      },
    );
    absorb(trimmed.newer);
    if (!trimmed.done) return;
    lastSeen = trimmed.done.key;
    baseBytes = trimmed.done.bytes;
    tailBytes = 0;
    isLumped = false;
    for (const listener of trimListeners) listener(trimmed.done);
  }

  function fail(error: unknown): void {
    if (error instanceof DatabaseGone || isClosed) return;
    failing = sentenceFor(error);
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => void retry(), delay);
    changed();
  }

  async function retry(): Promise<void> {
    if (hasWork()) return flush();
    // Nothing to write: reading shows whether storage is back.
    await catchUp();
  }

  async function catchUp(): Promise<void> {
    catchUpAgain = true;
    if (isCatchingUp || isClosed) return;
    isCatchingUp = true;
    try {
      while (catchUpAgain) {
        catchUpAgain = false;
        await readUnsent(Number.MAX_SAFE_INTEGER);
      }
    } catch (error) {
      fail(error);
    } finally {
      isCatchingUp = false;
    }
  }

  async function readUnsent(after: number): Promise<Unsent> {
    const found = await database.run(['updates', 'unsent', 'meta'], { mode: 'readonly' }, async (stores) => {
      const meta = await readMeta(stores('meta'));
      const isSame = meta.incarnation === incarnation || incarnation === null;
      return {
        newer: await readRows(stores('updates'), isSame ? lastSeen : 0),
        entries: await readEntries(stores('unsent'), after),
        counted: await countEntries(stores('unsent')),
        meta,
      };
    });
    const before = lastSeen;
    absorb(found.newer);
    if (incarnation !== null && found.meta.incarnation !== incarnation) {
      // Deleted under this window, and perhaps made anew by another: write what is here into it.
      lastSeen = before;
      mustRewrite = true;
      void flush();
    }
    incarnation ??= found.meta.incarnation;
    isAttached = found.meta.isAttached || isAttached;
    if (queue.length === 0) {
      failing = null;
      failures = 0;
    }
    count(found.counted.entries, found.counted.oldestAt, found.meta.marker);
    return {
      entries: found.entries.map(({ key, value }) => ({ ...value, key })),
      marker: found.meta.marker,
    };
  }

  function count(entries: number, oldestAt: EpochMs | null, marker: UnsentMarker | null): void {
    unsent = entries + (marker?.edits ?? 0);
    oldestUnsentAt = marker
      ? oldestAt !== null && oldestAt < marker.since
        ? oldestAt
        : marker.since
      : oldestAt;
    changed();
  }

  function changed(): void {
    for (const listener of stateListeners) listener();
  }

  return {
    doc,
    get state() {
      // What a receipt covers is on the server from that moment, not from when it is crossed off here.
      const covered = confirmed.reduce(
        (sum, { keys, marker }) => sum + keys.length + (marker?.edits ?? 0),
        0,
      );
      const left = Math.max(0, unsent - covered);
      return { failing, unsaved, unsent: left, oldestUnsentAt: left === 0 ? null : oldestUnsentAt };
    },
    get isDamaged() {
      return isDamaged;
    },
    onState: (listener) => void stateListeners.push(listener),
    onCommit: (listener) => void commitListeners.push(listener),
    onTrim: (listener) => void trimListeners.push(listener),
    receive(commit) {
      const isNext = commit.rows.every((row, index) => row.key === lastSeen + 1 + index);
      if (commit.incarnation === incarnation && isNext && !isFlushing) {
        absorb(commit.rows.map(({ key, update }) => ({ key, value: update })));
      }
      void catchUp();
    },
    receiveTrim({ upTo, key }) {
      if (lastSeen < upTo) return;
      lastSeen = Math.max(lastSeen, key);
      tailBytes = 0;
      isLumped = false;
    },
    catchUp,
    readUnsent,
    confirm(covered) {
      confirmed.push(covered);
      changed();
      void flush();
    },
    unstored: () => (failing === null ? [] : queue.filter((write) => write.isLocal && !write.isSent)),
    async encodeCommitted(serverStateVector) {
      await catchUp();
      if (queue.length === 0 || failing !== null) return Y.encodeStateAsUpdate(doc, serverStateVector);
      // Edits are on their way to the disk: take only what is there already.
      const rows = await database.run(['updates'], { mode: 'readonly' }, (stores) =>
        readRows(stores('updates'), 0),
      );
      const updates = rows.flatMap(({ value }) =>
        decodingError(value) === null ? [asBytes(value) ?? new Uint8Array()] : [],
      );
      return Y.diffUpdate(Y.mergeUpdates(updates), serverStateVector);
    },
    settled: () =>
      queue.length === 0 || failing !== null
        ? Promise.resolve()
        : new Promise((resolve) => void settling.push(resolve)),
    async attach() {
      isAttached = true;
      await database.run(['meta'], { mode: 'readwrite', durability: 'strict' }, async (stores) => {
        await request(stores('meta').put(true, META.attached));
      });
    },
    retryNow() {
      if (failing !== null) void retry();
    },
    leave() {
      const left = queue.filter(({ isLocal }) => isLocal);
      if (left.length === 0 || isClosed) return;
      leftBehind?.write(left.map(({ update }) => update));
      isSomethingLeft = true;
    },
    async close() {
      await flush();
      isClosed = true;
      clearTimeout(retryTimer);
      clearTimeout(quietTimer);
      doc.off('update', keep);
      database.close();
    },
  };
}

function subtract(marker: UnsentMarker | null, covered: UnsentMarker | null): UnsentMarker | null {
  if (!marker || !covered) return marker;
  const edits = marker.edits - covered.edits;
  return edits > 0 ? { edits, since: marker.since } : null;
}

/** Of an edit that another tab made and could not store. */
function writerOf(update: Uint8Array, otherwise: number): number {
  const [writer = otherwise] = Y.parseUpdateMeta(update).from.keys();
  return writer;
}

/** `crypto.randomUUID` is missing over plain http. */
function newIncarnation(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

function isSameUpdate(value: unknown, update: Uint8Array): boolean {
  const bytes = asBytes(value);
  return bytes !== null && sameBytes(bytes, update);
}

function sentenceFor(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') {
    return t(
      'There is no room left for Holdfast in this browser. Free some space; until then keep this window open.',
    );
  }
  if (typeof indexedDB === 'undefined' || name === 'SecurityError') {
    return t(
      'This browser lets Holdfast store nothing here, as some do in private windows. Keep this window open.',
    );
  }
  return t(
    'This browser could not write to its storage ({name}). Keep this window open; it is tried again.',
    { name: name || String(error) },
  );
}
