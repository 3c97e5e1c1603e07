/**
 * Is the projection what the document says?
 *
 * Promise: the document is made anew of snapshot and rows, every row is compared in every column, the search vector too, and
 * what differs is counted; mending writes it as it should be and plans anew what follows from it. What is counted is a
 * fault of this program or a hand in the database; it is kept as `projection_cursor.drift` and shown as a metric.
 * Limits: while a space is compared it is not projected.
 */
import type { Database } from '@holdfast/db/database.ts';
import { driftedRows, forgetDigests, writeProjection } from '@holdfast/db/projected-rows.ts';
import { noteReconciled, spacesToReconcile, withCursor } from '@holdfast/db/projection.ts';
import type { Job } from '../job.ts';
import type { WorkerLogger } from '../telemetry.ts';
import type { ProjectionEffect } from './effect.ts';
import { openReplica, projectedRows, touchAll } from './project.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 60_000;
const SPACES_PER_TURN = 20;

/** How many tasks, lists and tags differed. Null: another process is at this space. */
export async function reconcileSpace(
  database: Database,
  effects: readonly ProjectionEffect[],
  spaceId: string,
  nowMs: number,
): Promise<number | null> {
  return withCursor(database, spaceId, async (tx, cursor) => {
    const { replica } = await openReplica(
      { tx, spaceId, cursor, nowMs, known: undefined },
      { count: 0, last: cursor.seq },
    );
    const touched = replica.takeTouched();
    await touchAll(tx, spaceId, replica, touched);
    const { rows } = projectedRows(replica, touched, new Map());
    replica.close();
    const drifted = await driftedRows(tx, spaceId, rows);
    const drift = drifted.tasks.length + drifted.lists.length + drifted.tags.length;
    if (drift > 0) {
      await forgetDigests(tx, spaceId, drifted.tasks);
      await writeProjection(tx, spaceId, rows);
      const change = {
        spaceId,
        taskIds: new Set(drifted.tasks),
        mayRemind: () => true,
        now: nowMs,
        receivedAt: () => nowMs,
      };
      for (const effect of effects) await effect(tx, change);
    }
    await noteReconciled(tx, spaceId, drift, new Date(nowMs));
    return drift;
  });
}

/** As reconcileSpace, for who only wants to know: nothing is changed. */
export async function compareSpace(
  database: Database,
  spaceId: string,
  nowMs: number,
): Promise<number | null> {
  return withCursor(database, spaceId, async (tx, cursor) => {
    const { replica } = await openReplica(
      { tx, spaceId, cursor, nowMs, known: undefined },
      { count: 0, last: cursor.seq },
    );
    const touched = replica.takeTouched();
    await touchAll(tx, spaceId, replica, touched);
    const drifted = await driftedRows(tx, spaceId, projectedRows(replica, touched, new Map()).rows);
    replica.close();
    return drifted.tasks.length + drifted.lists.length + drifted.tags.length;
  });
}

/** Each space once a day, a day after it was first projected. */
export function reconcileJob(options: {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly effects: readonly ProjectionEffect[];
}): Job {
  const { database, logger, effects } = options;
  /** Spaces that failed: told once an hour and not at every turn. */
  const retryAtMs = new Map<string, number>();
  return {
    name: 'reconcile',
    everyMs: EVERY_MS,
    async turn(turn) {
      const before = new Date(turn.now() - DAY_MS);
      for (const spaceId of await spacesToReconcile(database, before, SPACES_PER_TURN)) {
        if (turn.isStopping) return;
        if ((retryAtMs.get(spaceId) ?? 0) > turn.now()) continue;
        try {
          const drift = await reconcileSpace(database, effects, spaceId, turn.now());
          if (drift !== null && drift > 0) {
            logger.error(
              { spaceId, rows: drift },
              'rows of the projection differed from the document and were mended',
            );
          }
          retryAtMs.delete(spaceId);
        } catch (error) {
          retryAtMs.set(spaceId, turn.now() + HOUR_MS);
          logger.error({ err: error, spaceId }, 'a space could not be compared with its projection');
        }
      }
    },
  };
}
