/**
 * The job that deletes for ever what has lain in the trash for thirty days.
 *
 * Promise: a purge is an edit of the document like any other, in the name of `system`, and leaves the mark `purged`. The
 * document is asked again right before it: what was restored meanwhile is not touched, and the edit is written only while
 * the space ends where it was read. What arrives later, from a device that was away, shows as a fragment.
 * Limits: the projection must be up to date and the log readable as a whole; else the space waits for the next turn. The
 * document is built in this process, so a very large one holds others up for a moment, at most once in a turn.
 */
import { randomUUID } from 'node:crypto';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs } from '@holdfast/core/document.ts';
import type { TaskId } from '@holdfast/core/ids.ts';
import type { Database } from '@holdfast/db/database.ts';
import { trashToPurge } from '@holdfast/db/housekeeping.ts';
import type { SpaceTrash } from '@holdfast/db/housekeeping.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import { appendIfHead, readLatestSnapshot, readLog } from '@holdfast/db/update-log.ts';
import * as Y from 'yjs';
import type { Job } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';

export interface PurgeTrashOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  /** Between reading the document and writing the edit; for tests. */
  readonly beforeWriting?: () => Promise<void>;
}

/** Who did it, in the log and in the audit. */
export const SYSTEM_USER = 'system';
export const TRASH_DAYS = 30;

const DAY_MS = 24 * 60 * 60_000;
const EVERY_MS = 60 * 60_000;
const SPACES_PER_TURN = 20;
const TASKS_PER_EDIT = 500;
const ROWS_AT_ONCE = 500;

export function purgeTrashJob({ database, logger, metrics, beforeWriting }: PurgeTrashOptions): Job {
  const purged = metrics.counter('holdfast_purged_tasks_total', 'Tasks that were deleted for ever.');

  async function purge(trash: SpaceTrash, nowMs: number): Promise<void> {
    const doc = await readDocument(database, trash.spaceId, trash.head);
    if (doc === null) {
      logger.warn(
        { spaceId: trash.spaceId },
        'the trash of a space has to wait: its log cannot be read as a whole',
      );
      return;
    }
    const document = openDocument({ doc, now: () => nowMs as EpochMs, random: Math.random });
    try {
      const updates: Uint8Array[] = [];
      doc.on('update', (update: Uint8Array) => updates.push(update));
      let count = 0;
      for (const id of trash.taskIds as readonly TaskId[]) {
        const trashedAt = document.task(id)?.trashedAt ?? null;
        if (trashedAt === null || trashedAt > nowMs - TRASH_DAYS * DAY_MS) continue;
        if (document.purgeTask(id).ok) count += 1;
      }
      if (updates.length === 0) return;
      await beforeWriting?.();
      const entry = { body: Y.mergeUpdates(updates), userId: SYSTEM_USER, deviceId: null };
      const seq = await appendIfHead(database, randomUUID(), trash, entry);
      // Somebody was faster: the next turn looks again.
      if (seq === null) return;
      purged.add(count);
      await announceOnce(database, { kind: 'head', spaceId: trash.spaceId, seq });
      logger.info({ spaceId: trash.spaceId, tasks: count, seq }, 'emptied the trash of what is old');
    } finally {
      document.close();
      doc.destroy();
    }
  }

  return {
    name: 'purge-trash',
    everyMs: EVERY_MS,
    async turn(turn) {
      const since = new Date(turn.now() - TRASH_DAYS * DAY_MS);
      const limits = { spaces: SPACES_PER_TURN, tasks: TASKS_PER_EDIT };
      for (const trash of await trashToPurge(database, since, limits)) {
        if (turn.isStopping) return;
        try {
          await purge(trash, turn.now());
        } catch (error) {
          logger.error({ err: error, spaceId: trash.spaceId }, 'the trash of a space could not be emptied');
        }
      }
    },
  };
}

/** The document up to exactly `head`; null when the log cannot be applied as a whole, or goes on already. */
async function readDocument(database: Database, spaceId: string, head: number): Promise<Y.Doc | null> {
  const doc = new Y.Doc();
  const snapshot = await readLatestSnapshot(database, spaceId);
  let seq = snapshot?.seq ?? 0;
  try {
    if (snapshot) Y.applyUpdate(doc, snapshot.body);
    for (;;) {
      const rows = await readLog(database, spaceId, seq, ROWS_AT_ONCE);
      for (const row of rows) {
        Y.applyUpdate(doc, row.body);
        seq = row.seq;
      }
      if (rows.length < ROWS_AT_ONCE) break;
    }
  } catch {
    doc.destroy();
    return null;
  }
  const isWhole = seq <= head && doc.store.pendingStructs === null && doc.store.pendingDs === null;
  if (isWhole) return doc;
  doc.destroy();
  return null;
}
