/**
 * The job that measures how far the projection is.
 *
 * Why a job of its own: the one that projects may hang, on a lock or in its thread, and is then what these numbers have to show.
 */
import type { Database } from '@holdfast/db/database.ts';
import { projectionState } from '@holdfast/db/projection.ts';
import type { ProjectionState } from '@holdfast/db/projection.ts';
import type { Job } from '../job.ts';
import type { WorkerMetrics } from '../telemetry.ts';
import { CAME_LATER } from './project.ts';

const EVERY_MS = 10_000;

export function measureProjectionJob({
  database,
  metrics,
}: {
  readonly database: Database;
  readonly metrics: WorkerMetrics;
}): Job {
  let state: ProjectionState = { lagRows: 0, lagSeconds: 0, failing: 0, quarantined: 0, drift: 0 };
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(`holdfast_projection_${name}`, help, read);
  gauge('lag_rows', 'Rows of the log that are not projected yet.', () => state.lagRows);
  gauge('lag_seconds', 'Age of the oldest of them.', () => state.lagSeconds);
  gauge('failing_spaces', 'Spaces that could not be projected and are tried again.', () => state.failing);
  gauge(
    'quarantined_rows',
    'Rows of the log that are set aside and wait for something.',
    () => state.quarantined,
  );
  gauge(
    'drift_rows',
    'Rows that differed from the document when they were last compared.',
    () => state.drift,
  );
  return {
    name: 'measure-projection',
    everyMs: EVERY_MS,
    async turn(turn) {
      state = await projectionState(database, new Date(turn.now()), CAME_LATER);
      return undefined;
    },
  };
}
