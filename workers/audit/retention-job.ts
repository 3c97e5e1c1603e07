/**
 * The job that removes what the audit need not keep any longer (AUDIT_RETENTION_DAYS).
 *
 * Promise: the oldest rows of a space go first and none in between, so what is left can still be verified.
 */
import { pruneAudit, spacesToPrune } from '@holdfast/db/audit.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { Job } from '../job.ts';
import type { WorkerLogger } from '../telemetry.ts';

const DAY_MS = 24 * 60 * 60_000;
const EVERY_MS = 10 * 60_000;
const SPACES_PER_TURN = 100;
const ROWS_AT_ONCE = 5000;

export function auditRetentionJob(options: {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly keepDays: number;
}): Job {
  const { database, logger, keepDays } = options;
  return {
    name: 'audit-retention',
    everyMs: EVERY_MS,
    async turn(turn) {
      const before = new Date(turn.now() - keepDays * DAY_MS);
      const spaces = await spacesToPrune(database, before, SPACES_PER_TURN);
      for (const spaceId of spaces) {
        let rows = 0;
        for (let gone = ROWS_AT_ONCE; gone === ROWS_AT_ONCE && !turn.isStopping;) {
          gone = await pruneAudit(database, spaceId, before, ROWS_AT_ONCE);
          rows += gone;
        }
        logger.info({ spaceId, rows }, 'audit rows past their time were removed');
      }
      return spaces.length === SPACES_PER_TURN ? 'again' : undefined;
    },
  };
}
