/**
 * The job that compacts what needs it.
 *
 * Promise: a space that cannot be compacted is tried again after a minute and stands in no other's way.
 */
import { spacesToCompact, uncompactedRows } from '@holdfast/db/compaction.ts';
import type { Database } from '@holdfast/db/database.ts';
import { COMPACTION, compactSpaceBy } from './compact.ts';
import type { CompactionSettings } from './compact.ts';
import type { Job } from './job.ts';
import { createSnapshotBuilder } from './snapshot-builder.ts';
import type { WorkerLogger, WorkerMetrics } from './telemetry.ts';

export interface CompactJobOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly settings: Partial<CompactionSettings> | undefined;
}

const SPACES_PER_TURN = 20;
const TURN_MS = 2000;
const RETRY_MS = 60_000;
/** It looks at every space. */
const COUNT_EVERY_MS = 30_000;

export function compactJob({ database, logger, metrics, settings }: CompactJobOptions): Job {
  const compaction: CompactionSettings = { ...COMPACTION, ...settings };
  const builder = createSnapshotBuilder(compaction);
  /** Spaces that failed: not at every turn, which would fill the log and the processor. */
  const retryAtMs = new Map<string, number>();
  let backlogRows = 0;
  let countedAtMs = Number.NEGATIVE_INFINITY;
  metrics.gauge(
    'holdfast_log_uncompacted_rows',
    'Rows of the log beyond the newest snapshot of their space.',
    () => backlogRows,
  );

  return {
    name: 'compact',
    everyMs: TURN_MS,
    async turn(turn) {
      if (performance.now() - countedAtMs >= COUNT_EVERY_MS) {
        countedAtMs = performance.now();
        backlogRows = await uncompactedRows(database);
      }
      const { minRows, maxRows, quietMs } = compaction;
      const need = { minRows, maxRows, quietSince: new Date(turn.now() - quietMs) };
      const spaceIds = await spacesToCompact(database, need, SPACES_PER_TURN);
      for (const spaceId of spaceIds) {
        if (turn.isStopping) return;
        if ((retryAtMs.get(spaceId) ?? 0) > turn.now()) continue;
        try {
          const outcome = await compactSpaceBy(builder, database, spaceId, compaction, turn.now());
          retryAtMs.delete(spaceId);
          if (outcome) logger.info({ spaceId, ...outcome }, 'compacted a space');
          if (outcome && outcome.quarantined > 0) {
            logger.error(
              { spaceId, rows: outcome.quarantined },
              'rows were set aside; see the table quarantine',
            );
          }
        } catch (error) {
          retryAtMs.set(spaceId, turn.now() + RETRY_MS);
          logger.error({ err: error, spaceId }, 'a space could not be compacted; it is tried again later');
        }
      }
      if (spaceIds.length < SPACES_PER_TURN) await builder.rest();
    },
    close: () => builder.rest(),
  };
}
