/**
 * The job that keeps the projection up with the log.
 *
 * Promise: a space that fails is tried again later, later each time, and delays no other. A single edit is projected at once.
 * While edits pour in beside a server, the job works a fifth of the time, in pieces that are short for the disk they share, so
 * that the server keeps its pace; when they stop, it catches up at full speed. In a process of its own it never rests.
 * Why hints are counted: how fast edits come is all that tells a busy server from one person typing.
 */
import type { Database } from '@holdfast/db/database.ts';
import { behindAmong, projectionState, putOff, spacesToProject } from '@holdfast/db/projection.ts';
import type { Job, Turn } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';
import type { WorkerTraces } from '../traces.ts';
import { CAME_LATER } from './project.ts';
import type { Projector } from './projector.ts';

export interface ProjectionJobOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly projector: Projector;
  /** There is a sync server in this process, to whose edits it gives way. */
  readonly isBesideServer: boolean;
  readonly traces?: WorkerTraces | undefined;
  /** A space's rows are in the projection now. */
  readonly onProjected?: (spaceId: string) => void;
}

const EVERY_MS = 1000;
const SPACES_PER_LOOK = 50;
/** How long after a start devices come back. */
const COMING_BACK_MS = 10_000;
/** So much is left to do only by a flood of edits or a long rest of the workers, and takes seconds whenever it is begun. */
const MUCH_ROWS = 1000;
const LATER_MS = 2000;
const BUSY_HINTS_PER_SECOND = 5;
const VERY_BUSY_HINTS_PER_SECOND = 20;
/** Of the time that it worked, while the server is busy: a fifth of the time is left for the work. */
const REST_FACTOR = 4;
/** Between two rounds, so that what comes meanwhile is taken together. */
const MIN_REST_MS = 250;
const MAX_REST_MS = 3000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 5 * 60_000;

export function projectionJob(options: ProjectionJobOptions): Job {
  const { database, logger, metrics, projector, traces } = options;
  const hinted = new Set<string>();
  const rate = createRate();
  const failures = new Map<string, number>();
  const rows = metrics.counter('holdfast_projection_rows_total', 'Rows of the log that were projected.');
  const audits = metrics.counter('holdfast_audit_rows_total', 'Rows that were written to the audit.');
  const jobStartedMs = performance.now();
  let isBegun = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Hinted ones first; all others once a second, since hints may be lost. */
  async function spacesToDo(nowMs: number): Promise<string[]> {
    const asked = [...hinted];
    hinted.clear();
    const now = new Date(nowMs);
    const found = await behindAmong(database, asked, now);
    if (traces) for (const id of asked) if (!found.includes(id)) traces.projectedBefore(id);
    if (asked.length > 0 && performance.now() - lookedAtMs < EVERY_MS) return found;
    lookedAtMs = performance.now();
    return [...new Set([...found, ...(await spacesToProject(database, now, SPACES_PER_LOOK))])];
  }

  async function project(spaceId: string, nowMs: number): Promise<void> {
    const startedAtMs = Date.now();
    try {
      const outcome = await projector.project(spaceId, nowMs);
      failures.delete(spaceId);
      if (outcome === null) return;
      rows.add(outcome.rows);
      audits.add(outcome.auditRows);
      if (outcome.quarantined > 0) {
        logger.error({ spaceId, rows: outcome.quarantined }, 'rows were set aside; see the table quarantine');
      }
      if (outcome.waitsUntil !== null) {
        const retryAt = new Date(Math.min(outcome.waitsUntil, nowMs + EVERY_MS));
        await putOff(database, spaceId, retryAt, 'A row waits for what it builds on.', false);
      }
      if (outcome.rows > 0) {
        traces?.projected(spaceId, startedAtMs, outcome);
        options.onProjected?.(spaceId);
      }
      if (outcome.isFull) hinted.add(spaceId);
    } catch (error) {
      const count = (failures.get(spaceId) ?? 0) + 1;
      failures.set(spaceId, count);
      const retryAt = new Date(nowMs + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1)));
      logger.error(
        { err: error, spaceId, failures: count },
        'a space could not be projected; tried again later',
      );
      const reason = error instanceof Error ? error.message : String(error);
      // When the database is away there is nowhere to write this, and no need: everything is tried again then.
      await putOff(database, spaceId, retryAt, reason, true).catch(() => undefined);
    }
  }

  const isVeryBusy = (): boolean => options.isBesideServer && rate.perSecond() > VERY_BUSY_HINTS_PER_SECOND;

  async function restAfter(turn: Turn, workedMs: number): Promise<void> {
    if (!options.isBesideServer) return;
    const sinceStartMs = performance.now() - jobStartedMs;
    await rest(turn, restMs({ hintsPerSecond: rate.perSecond(), sinceStartMs }, workedMs));
  }

  return {
    name: 'project',
    everyMs: EVERY_MS,
    wokenBy: ['head'],
    onHint({ id, trace }) {
      if (trace !== undefined) traces?.heard(id, trace);
      hinted.add(id);
      rate.count();
    },
    async turn(turn) {
      if (!isBegun && options.isBesideServer) {
        const { lagRows } = await projectionState(database, new Date(turn.now()), CAME_LATER);
        await rest(turn, beginsAfterMs(lagRows));
      }
      isBegun = true;
      for (;;) {
        const spaces = await spacesToDo(turn.now());
        for (const spaceId of spaces) {
          if (turn.isStopping) return undefined;
          const startedMs = performance.now();
          await project(spaceId, turn.now());
          await restAfter(turn, performance.now() - startedMs);
        }
        if (spaces.length > 0 && isVeryBusy()) await rest(turn, MIN_REST_MS);
        if (turn.isStopping || (hinted.size === 0 && spaces.length < SPACES_PER_LOOK)) return undefined;
      }
    },
    close: () => projector.close(),
  };
}

/** How long to leave the machine to others after having worked so long. */
export function restMs(
  { hintsPerSecond, sinceStartMs }: { hintsPerSecond: number; sinceStartMs: number },
  workedMs: number,
): number {
  const isBusy = hintsPerSecond > BUSY_HINTS_PER_SECOND || sinceStartMs < COMING_BACK_MS;
  return isBusy ? Math.min(MAX_REST_MS, workedMs * REST_FACTOR) : 0;
}

/** How long after a start it begins, with so many rows left to do. */
export function beginsAfterMs(lagRows: number): number {
  return lagRows > MUCH_ROWS ? LATER_MS : 0;
}

const SLICE_MS = 100;

/** In slices, so that a stop is not kept waiting. */
async function rest(turn: Turn, ms: number): Promise<void> {
  for (let left = ms; left > 0 && !turn.isStopping; left -= SLICE_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, SLICE_MS)));
  }
}

/** Events of the last second or two. */
function createRate(): { count(): void; perSecond(): number } {
  let windowAt = performance.now();
  let now = 0;
  let before = 0;
  const turnOver = (): void => {
    const passed = performance.now() - windowAt;
    if (passed < 1000) return;
    before = passed < 2000 ? now : 0;
    now = 0;
    windowAt = performance.now();
  };
  return {
    count() {
      turnOver();
      now++;
    },
    perSecond() {
      turnOver();
      return Math.max(before, now);
    },
  };
}
