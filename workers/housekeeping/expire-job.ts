/**
 * The job that removes what has had its time: sessions, links, invitations, mails, old notifications, events and dead letters.
 *
 * Promise: in small pieces, every quarter of an hour; what fails leaves the rest to be done. Devices are never forgotten by
 * themselves, however long they are away: what they bring back must find its place.
 */
import type { Database } from '@holdfast/db/database.ts';
import { KINDS, RETENTION, removeExpired } from '@holdfast/db/housekeeping.ts';
import type { Kind, RetentionSettings } from '@holdfast/db/housekeeping.ts';
import type { Job } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';

export interface ExpireJobOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly retention?: Partial<RetentionSettings>;
}

const EVERY_MS = 15 * 60_000;
const ROWS_AT_ONCE = 2000;

export function expireJob({ database, logger, metrics, retention }: ExpireJobOptions): Job {
  const settings: RetentionSettings = { ...RETENTION, ...retention };
  const removed = metrics.counter(
    'holdfast_expired_rows_total',
    'Rows that were removed because their time was over, by kind.',
    ['kind'],
  );

  async function expire(kind: Kind, nowMs: number): Promise<boolean> {
    const rows = await removeExpired(database, kind, new Date(nowMs), settings, ROWS_AT_ONCE);
    if (rows > 0) removed.add(rows, { kind });
    return rows === ROWS_AT_ONCE;
  }

  return {
    name: 'expire',
    everyMs: EVERY_MS,
    async turn(turn) {
      let isMore = false;
      const failures: unknown[] = [];
      for (const kind of KINDS) {
        if (turn.isStopping) return undefined;
        try {
          isMore = (await expire(kind, turn.now())) || isMore;
        } catch (error) {
          failures.push(error);
          logger.warn({ err: error, kind }, 'what has expired could not be removed');
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Some of what has expired is still there.');
      return isMore ? 'again' : undefined;
    },
  };
}
