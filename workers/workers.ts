/**
 * The workers: what is done for the spaces while nobody waits for it. Puts the jobs together and runs them.
 *
 * Promise: any number of processes may run them on one database; a job that fails is logged and tried again, and
 * disturbs no other. `drain` begins nothing new and waits for what runs.
 * Limits: hints (`hint`, or Postgres notifications with `listens`) only make it faster; every job also looks by itself.
 */
import type { Database } from '@holdfast/db/database.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import { createEndpointGuard } from './channels/endpoint-guard.ts';
import { createMailChannel } from './channels/mail.ts';
import { compactJob } from './compact-job.ts';
import type { CompactionSettings } from './compact.ts';
import { WORKERS_DEFAULTS } from './config.ts';
import type { WorkersConfig } from './config.ts';
import { expireJob } from './housekeeping/expire-job.ts';
import { purgeTrashJob } from './housekeeping/purge-trash-job.ts';
import { createJobLoop } from './job.ts';
import type { Hint, Job } from './job.ts';
import { sendMailJob } from './mail/send-mail-job.ts';
import { NO_METRICS } from './telemetry.ts';
import type { WorkerLogger, WorkerMetrics } from './telemetry.ts';
import { deliverWebhooksJob } from './webhooks/deliver-job.ts';

export type { WorkerLogger } from './telemetry.ts';

export interface WorkersOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics?: WorkerMetrics;
  readonly now?: () => number;
  readonly config?: Partial<WorkersConfig>;
  /** Hear from other processes by Postgres notifications. Where everything is one process, `hint` does instead. */
  readonly listens?: boolean;
  readonly compaction?: Partial<CompactionSettings>;
}

export interface Workers {
  start(): void;
  /** Something may be there to do. Never waits. */
  hint(hint: Hint): void;
  /** One turn of every job now. For tests and for the command line. */
  runOnce(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createWorkers(options: WorkersOptions): Workers {
  const { database, logger, metrics = NO_METRICS, now = Date.now } = options;
  const config: WorkersConfig = { ...WORKERS_DEFAULTS, ...options.config };
  const { publicUrl } = config;
  const guard = createEndpointGuard({ allowPrivate: config.allowPrivateEndpoints });
  const mail = config.smtp && createMailChannel(config.smtp);
  const jobs: readonly Job[] = [
    compactJob({ database, logger, settings: options.compaction }),
    deliverWebhooksJob({ database, logger, metrics, guard, publicUrl }),
    ...(mail ? [sendMailJob({ database, logger, metrics, mail, publicUrl })] : []),
    purgeTrashJob({ database, logger, metrics }),
    expireJob({ database, logger, metrics }),
  ];
  const loops = jobs.map((job) => ({ job, loop: createJobLoop({ job, logger, metrics, now }) }));
  let events: ReturnType<typeof createSpaceEvents> | undefined;
  let drained: Promise<void> | undefined;

  function hint(given: Hint): void {
    for (const { job, loop } of loops) {
      if (!job.wokenBy?.includes(given.kind)) continue;
      job.onHint?.(given);
      loop.wake();
    }
  }

  function listen(): void {
    events = createSpaceEvents({
      url: database.url,
      onError: (error) =>
        logger.warn({ err: error }, 'the servers cannot be heard; the database is polled meanwhile'),
    });
    events.subscribe((event) => {
      if (event.kind === 'head') hint({ kind: 'head', id: event.spaceId });
    });
    events.onRestored(() => {
      for (const { loop } of loops) loop.wake();
    });
  }

  function drain(): Promise<void> {
    drained ??= (async () => {
      await Promise.all(loops.map(({ loop }) => loop.drain()));
      await events?.close();
      mail?.close();
    })();
    return drained;
  }

  return {
    start() {
      if (options.listens === true) listen();
      for (const { loop } of loops) loop.start();
    },
    hint,
    async runOnce() {
      for (const { loop } of loops) await loop.runOnce();
    },
    drain,
    close: drain,
  };
}
