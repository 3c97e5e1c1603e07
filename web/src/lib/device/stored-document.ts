/**
 * What lies in a document's database, and how a document is built from it.
 *
 * The stores `updates` (Yjs updates under growing keys) and `custom` are y-indexeddb's, so that
 * y-indexeddb can open and read the same database. The others are ours.
 *
 * Promise: a row that cannot be applied never keeps the others from loading, and leaves nothing of
 * itself in the document: when one throws, the document is built again without it.
 */

import type { Steps } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import { request } from './database.ts';
import type { EpochMs } from './status.ts';
import { applyQuickly } from './update-decoder.ts';

/** Keys of the store `meta`. */
export const META = {
  /** There is an account: unsent edits are kept one by one. */
  attached: 'attached',
  /** Which making of this database it is; another one after the browser deleted it. */
  incarnation: 'incarnation',
  /** `UnsentMarker` */
  marker: 'everything-unsent',
  /** The key of the last row that a trim wrote. */
  trimmed: 'trimmed',
} as const;

/** Origin of what was read from the database: committed already, not to be stored again. */
export const STORED_ORIGIN = Symbol('holdfast: read from this device');
/** Origin of what came from the server: to be stored, not to be sent back. */
export const SERVER_ORIGIN = Symbol('holdfast: came from the server');
/** Edits of a window that went: to be stored and sent as those of this one. */
export const LEFT_ORIGIN = Symbol('holdfast: left by another window');

export interface Row {
  readonly key: number;
  readonly update: Uint8Array;
}

/** An edit of this device that no receipt has covered. It has its own copy of the bytes, so that no trimming touches it. */
export interface UnsentEntry {
  readonly update: Uint8Array;
  readonly at: EpochMs;
  /** The Yjs client id that wrote it. */
  readonly writer: number;
}

/** Edits whose single updates were not kept: everything on this device has to be compared with the server. */
export interface UnsentMarker {
  readonly edits: number;
  readonly since: EpochMs;
}

export interface QuarantinedRow {
  readonly row: unknown;
  readonly key: IDBValidKey;
  readonly error: string;
  readonly at: EpochMs;
}

export interface Corrupt {
  readonly key: number;
  readonly row: unknown;
  readonly error: string;
}

export interface BuiltDocument {
  readonly doc: Y.Doc;
  readonly corrupt: readonly Corrupt[];
}

/** Bytes that are applied between two rests: some milliseconds of work. A row is never divided, so a trim writes small ones. */
const BYTES_A_STEP = 32 * 1024;
/** Of those that a trim writes, a megabyte at most. */
const ROWS_A_READ = 16;

export function* buildDocument(rows: readonly { key: number; value: unknown }[]): Steps<BuiltDocument> {
  const corrupt = new Map<number, Corrupt>();
  const condemn = (row: { key: number; value: unknown }, error: unknown) =>
    corrupt.set(row.key, { key: row.key, row: row.value, error: String(error) });
  let isChecked = false;
  for (;;) {
    const doc = new Y.Doc();
    const failed = yield* applyRows(doc, rows, corrupt, condemn);
    if (!failed) {
      return { doc, corrupt: [...corrupt.values()] };
    }
    doc.destroy();
    // Most damage shows on decoding alone: find all of it at once instead of one rebuild per row.
    if (!isChecked) {
      isChecked = true;
      for (const row of rows) {
        const error = decodingError(row.value);
        if (error !== null) condemn(row, error);
      }
    }
  }
}

/** Null for a sound update, else what is wrong with it. */
export function decodingError(value: unknown): string | null {
  const update = asBytes(value);
  if (!update) return 'The row is not bytes.';
  try {
    Y.decodeUpdate(update);
    return null;
  } catch (error) {
    return String(error);
  }
}

export function asBytes(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return null;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

// --- reads within a transaction

export interface StoredMeta {
  readonly incarnation: string | null;
  readonly isAttached: boolean;
  marker: UnsentMarker | null;
  /** Rows up to this key are what a trim wrote; 0: none of them is known to be. */
  readonly trimmed: number;
}

export async function readMeta(meta: IDBObjectStore): Promise<StoredMeta> {
  const [incarnation, isAttached, marker, trimmed] = await Promise.all([
    request(meta.get(META.incarnation)) as Promise<string | undefined>,
    request(meta.get(META.attached)) as Promise<boolean | undefined>,
    request(meta.get(META.marker)) as Promise<UnsentMarker | undefined>,
    request(meta.get(META.trimmed)) as Promise<number | undefined>,
  ]);
  return {
    incarnation: incarnation ?? null,
    isAttached: isAttached ?? false,
    marker: marker ?? null,
    trimmed: trimmed ?? 0,
  };
}

/** In pieces, each an event of its own: thousands of tasks in one would keep the page from answering. */
export async function readRows(
  updates: IDBObjectStore,
  after: number,
): Promise<{ key: number; value: unknown }[]> {
  const keys = await request(updates.getAllKeys(IDBKeyRange.lowerBound(after, true)));
  const pieces: Promise<unknown[]>[] = [];
  for (let first = 0; first < keys.length; first += ROWS_A_READ) {
    const last = Math.min(first + ROWS_A_READ, keys.length) - 1;
    pieces.push(request(updates.getAll(IDBKeyRange.bound(keys[first], keys[last]))) as Promise<unknown[]>);
  }
  const values = (await Promise.all(pieces)).flat();
  return keys.map((key, index) => ({ key: Number(key), value: values[index] }));
}

export async function readEntries(
  store: IDBObjectStore,
  after: number,
): Promise<{ key: number; value: UnsentEntry }[]> {
  const range = IDBKeyRange.lowerBound(after, true);
  const [keys, values] = await Promise.all([
    request(store.getAllKeys(range)),
    request(store.getAll(range)) as Promise<UnsentEntry[]>,
  ]);
  return values.map((value, index) => ({ key: Number(keys[index]), value }));
}

export async function countEntries(
  store: IDBObjectStore,
): Promise<{ entries: number; oldestAt: EpochMs | null }> {
  const [entries, [oldest]] = await Promise.all([
    request(store.count()),
    request(store.getAll(null, 1)) as Promise<UnsentEntry[]>,
  ]);
  return { entries, oldestAt: oldest?.at ?? null };
}

/** True when one threw; the document is of no use then. */
function* applyRows(
  doc: Y.Doc,
  rows: readonly { key: number; value: unknown }[],
  corrupt: ReadonlyMap<number, Corrupt>,
  condemn: (row: { key: number; value: unknown }, error: unknown) => void,
): Steps<boolean> {
  let next = 0;
  while (next < rows.length) {
    let failed = false;
    doc.transact(() => {
      for (let bytes = 0; bytes < BYTES_A_STEP && next < rows.length && !failed; next++) {
        const row = rows[next];
        if (!row || corrupt.has(row.key)) continue;
        const update = asBytes(row.value);
        try {
          if (!update) throw new TypeError('The row is not bytes.');
          applyQuickly(doc, update, STORED_ORIGIN);
          bytes += update.length;
        } catch (error) {
          condemn(row, error);
          failed = true;
        }
      }
    }, STORED_ORIGIN);
    if (failed) return true;
    yield;
  }
  return false;
}
