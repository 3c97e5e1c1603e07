/**
 * The workers: what is done for the spaces while nobody waits for it.
 *
 * Promise: any number of processes may run them on one database; a job that fails is logged and tried again
 * at its next turn, and disturbs no other. `drain` begins nothing new and waits for what runs.
 * Limits: one turn at a time in a process.
 */
import { spacesToCompact } from '@holdfast/db/compaction.ts';
import type { Database } from '@holdfast/db/database.ts';
import { COMPACTION, compactSpace } from './compact.ts';
import type { CompactionSettings } from './compact.ts';

/** The slice of the logger that workers use. */
export interface WorkerLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface WorkersOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly now?: () => number;
  /** Time from the end of one turn to the next; default 2 s. */
  readonly turnMs?: number;
  readonly compaction?: Partial<CompactionSettings>;
}

export interface Workers {
  start(): void;
  /** One turn now: everything that is due. For tests and for the command line. */
  runOnce(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const SPACES_PER_TURN = 20;
const TURN_MS = 2000;
const RETRY_MS = 60_000;

export function createWorkers(options: WorkersOptions): Workers {
  const { database, logger, now = Date.now, turnMs = TURN_MS } = options;
  const compaction: CompactionSettings = { ...COMPACTION, ...options.compaction };
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let stopped = true;
  let draining = false;
  /** Spaces that failed: not at every turn, which would fill the log and the processor. */
  const retryAtMs = new Map<string, number>();

  async function compactWhatIsDue(): Promise<void> {
    const { minRows, maxRows, quietMs } = compaction;
    const need = { minRows, maxRows, quietSince: new Date(now() - quietMs) };
    for (const spaceId of await spacesToCompact(database, need, SPACES_PER_TURN)) {
      if (draining) return;
      if ((retryAtMs.get(spaceId) ?? 0) > now()) continue;
      try {
        const outcome = await compactSpace(database, spaceId, compaction, now());
        retryAtMs.delete(spaceId);
        if (outcome) logger.info({ spaceId, ...outcome }, 'compacted a space');
        if (outcome && outcome.quarantined > 0) {
          logger.error(
            { spaceId, rows: outcome.quarantined },
            'rows were set aside; see the table quarantine',
          );
        }
      } catch (error) {
        retryAtMs.set(spaceId, now() + RETRY_MS);
        logger.error({ err: error, spaceId }, 'a space could not be compacted; it is tried again later');
      }
    }
  }

  function run(): Promise<void> {
    turn = compactWhatIsDue().catch((error: unknown) => {
      logger.warn({ err: error }, 'the workers could not do their turn');
    });
    return turn;
  }

  function schedule(): void {
    timer = setTimeout(() => {
      void run().then(() => {
        if (!stopped) schedule();
      });
    }, turnMs);
    timer.unref();
  }

  async function drain(): Promise<void> {
    stopped = true;
    draining = true;
    clearTimeout(timer);
    await turn;
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      schedule();
    },
    async runOnce() {
      await turn;
      await run();
    },
    drain,
    close: drain,
  };
}
