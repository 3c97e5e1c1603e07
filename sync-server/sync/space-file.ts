/**
 * A space as the app's export file, and such a file into a space, without a client.
 *
 * Promise: an export holds what is committed, exactly as the app would write it (core/export.ts). An import is one
 * edit appended to the log in the owner's name, so it merges with whatever is there and with what devices do
 * meanwhile; servers are told, and connected devices have it at once. Importing a file twice appends nothing more.
 * Limits: the whole document is built in memory, by the caller's process, so this is for an operator's command
 * and not for a server that others wait for. What the log cannot give is a failure, never half a file.
 */
import { randomUUID } from 'node:crypto';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, ExportFile, HoldfastDocument, ImportSummary } from '@holdfast/core/document.ts';
import type { Database } from '@holdfast/db/database.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import { appendBatch, readLatestSnapshot, readLog } from '@holdfast/db/update-log.ts';
import * as Y from 'yjs';

export type SpaceFileOutcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const ROWS_AT_ONCE = 500;
const APPEND_TIMEOUT_MS = 60_000;

/** The space must exist. */
export async function exportSpace(
  database: Database,
  spaceId: string,
): Promise<SpaceFileOutcome<ExportFile>> {
  return withDocument(database, spaceId, (document) =>
    Promise.resolve({ ok: true, value: document.exportJson() }),
  );
}

/** `file` is what JSON.parse gave; `userId` is whose edit it is. */
export async function importSpace(
  database: Database,
  target: { readonly spaceId: string; readonly userId: string },
  file: unknown,
): Promise<SpaceFileOutcome<ImportSummary>> {
  const { spaceId, userId } = target;
  return withDocument(database, spaceId, async (document) => {
    const updates: Uint8Array[] = [];
    document.doc.on('update', (update: Uint8Array) => updates.push(update));
    const result = document.importJson(file);
    if (!result.ok) return { ok: false, message: result.message };
    const { created, merged, unchanged } = result;
    if (updates.length > 0) {
      const body = Y.mergeUpdates(updates);
      const entries = [{ body, userId, deviceId: null }];
      const written = await appendBatch(database, randomUUID(), [{ spaceId, entries }], APPEND_TIMEOUT_MS);
      const seq = written.get(spaceId);
      if (seq === undefined) return { ok: false, message: `There is no space ${spaceId} any more.` };
      await announceOnce(database, { kind: 'head', spaceId, seq });
    }
    return { ok: true, value: { created, merged, unchanged } };
  });
}

async function withDocument<T>(
  database: Database,
  spaceId: string,
  work: (document: HoldfastDocument) => Promise<SpaceFileOutcome<T>>,
): Promise<SpaceFileOutcome<T>> {
  const doc = new Y.Doc();
  const fault = await load(database, spaceId, doc);
  if (fault !== undefined) {
    doc.destroy();
    return { ok: false, message: fault };
  }
  const document = openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
  try {
    return await work(document);
  } finally {
    document.close();
    doc.destroy();
  }
}

/** A sentence when the log cannot be read as a whole. */
async function load(database: Database, spaceId: string, doc: Y.Doc): Promise<string | undefined> {
  const snapshot = await readLatestSnapshot(database, spaceId);
  if (snapshot) Y.applyUpdate(doc, snapshot.body);
  let seq = snapshot?.seq ?? 0;
  for (;;) {
    const rows = await readLog(database, spaceId, seq, ROWS_AT_ONCE);
    for (const row of rows) {
      try {
        Y.applyUpdate(doc, row.body);
      } catch {
        // A document in which something failed is not used any further.
        return `Update ${row.seq} of space ${spaceId} cannot be read. A running server sets such updates aside by itself; then try again.`;
      }
      seq = row.seq;
    }
    if (rows.length < ROWS_AT_ONCE) break;
  }
  if (doc.store.pendingStructs === null && doc.store.pendingDs === null) return undefined;
  return `Space ${spaceId} has updates that build on something that is not there yet. A running server sets such updates aside by itself; then try again.`;
}
