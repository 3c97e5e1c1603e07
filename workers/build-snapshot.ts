/**
 * Makes one snapshot of a snapshot and the rows after it.
 *
 * Promise: what comes out holds every row that can be applied, and nothing that waits for something missing;
 * rows that throw, that nest types too deep, or that still wait after `patienceMs`, are named with the reason
 * and left out; the rest goes on as if they did not exist.
 * Limits: a row that waits and is still young stops the snapshot (null): what it waits for may be on its way.
 * Why from rows and never from a document in memory: only what is committed may ever replace rows.
 */
import * as Y from 'yjs';

export interface BuildInput {
  readonly snapshot: Uint8Array | null;
  readonly rows: readonly {
    readonly seq: number;
    readonly body: Uint8Array;
    readonly receivedAtMs: number;
  }[];
  readonly nowMs: number;
  readonly patienceMs: number;
}

export interface BuiltSnapshot {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly stateVector: Uint8Array;
  readonly quarantined: readonly { readonly seq: number; readonly error: string }[];
}

/** Types nested deeper than this overflow the stack of whoever reads or deletes them. */
export const MAX_TYPE_DEPTH = 100;

/** Why a row is set aside that waited too long. Should what it waited for come after all, the projection sees to it. */
export const NEVER_CAME = 'It builds on something that never came.';

type Row = BuildInput['rows'][number];

export function buildSnapshot(input: BuildInput): BuiltSnapshot | null {
  const last = input.rows.at(-1);
  if (!last) return null;
  const all = tryAll(input.snapshot, input.rows);
  if (all) return finish(all, last.seq, []);
  return buildWithoutBadRows(input, last.seq);
}

/** The usual case: everything applies. Null when something does not. */
function tryAll(snapshot: Uint8Array | null, rows: readonly Row[]): Y.Doc | null {
  const doc = new Y.Doc();
  try {
    doc.transact(() => {
      if (snapshot) Y.applyUpdate(doc, snapshot);
      for (const row of rows) Y.applyUpdate(doc, row.body);
    });
  } catch {
    doc.destroy();
    return null;
  }
  if (isComplete(doc) && typeDepth(doc) <= MAX_TYPE_DEPTH) return doc;
  doc.destroy();
  return null;
}

function buildWithoutBadRows(input: BuildInput, lastSeq: number): BuiltSnapshot | null {
  const quarantined: { seq: number; error: string }[] = [];
  const applied: Row[] = [];
  let waiting: Row[] = [...input.rows];
  let doc = start(input.snapshot, applied);
  // Each pass takes what can be taken; a row may wait for one that came later.
  for (let progress = true; progress && waiting.length > 0;) {
    progress = false;
    const still: Row[] = [];
    for (const row of waiting) {
      const error = apply(doc, row);
      if (error === null) {
        applied.push(row);
        progress = true;
        continue;
      }
      // A document in which something failed or waits is not used any further.
      doc.destroy();
      doc = start(input.snapshot, applied);
      if (error === WAITS) still.push(row);
      else quarantined.push({ seq: row.seq, error });
    }
    waiting = still;
  }
  if (waiting.some((row) => input.nowMs - row.receivedAtMs < input.patienceMs)) {
    doc.destroy();
    return null;
  }
  for (const row of waiting) quarantined.push({ seq: row.seq, error: NEVER_CAME });
  return finish(doc, lastSeq, quarantined);
}

const WAITS = 'waits';

function apply(doc: Y.Doc, row: Row): string | null {
  try {
    Y.applyUpdate(doc, row.body);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!isComplete(doc)) return WAITS;
  const depth = typeDepth(doc);
  return depth > MAX_TYPE_DEPTH ? `It nests types ${depth} deep.` : null;
}

function start(snapshot: Uint8Array | null, rows: readonly Row[]): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    if (snapshot) Y.applyUpdate(doc, snapshot);
    for (const row of rows) Y.applyUpdate(doc, row.body);
  });
  return doc;
}

function finish(doc: Y.Doc, seq: number, quarantined: BuiltSnapshot['quarantined']): BuiltSnapshot {
  const built = { seq, body: Y.encodeStateAsUpdate(doc), stateVector: Y.encodeStateVector(doc), quarantined };
  doc.destroy();
  return built;
}

function isComplete(doc: Y.Doc): boolean {
  return doc.store.pendingStructs === null && doc.store.pendingDs === null;
}

/** How deep types stand in types; 0 when there are none but roots. */
export function typeDepth(doc: Y.Doc): number {
  const depths = new Map<Y.AbstractType<unknown>, number>();
  let deepest = 0;
  for (const structs of doc.store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentType)) continue;
      deepest = Math.max(deepest, depthOf(struct.content.type as Y.AbstractType<unknown>, depths));
    }
  }
  return deepest;
}

/** By a loop: the document that this looks for is the one on which recursion fails. */
function depthOf(type: Y.AbstractType<unknown>, depths: Map<Y.AbstractType<unknown>, number>): number {
  const chain: Y.AbstractType<unknown>[] = [];
  let at: Y.AbstractType<unknown> | null = type;
  while (at && at._item !== null && !depths.has(at)) {
    chain.push(at);
    at = at._item.parent as Y.AbstractType<unknown> | null;
  }
  let depth = at && at._item !== null ? (depths.get(at) ?? 0) : 0;
  for (let i = chain.length - 1; i >= 0; i--) depths.set(chain[i] as Y.AbstractType<unknown>, ++depth);
  return depth;
}
