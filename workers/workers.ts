/**
 * The workers: what is done for the spaces while nobody waits for it. Puts the jobs together and runs them.
 *
 * Promise: any number of processes may run them on one database; a job that fails is logged and tried again, and
 * disturbs no other. `drain` begins nothing new and waits for what runs.
 * Limits: hints (`hint`, or Postgres notifications with `listens`) only make it faster; every job also looks by itself.
 */
import type { Database } from '@holdfast/db/database.ts';
import { announceOnce, createSpaceEvents } from '@holdfast/db/space-events.ts';
import type { SpaceEvent } from '@holdfast/db/space-events.ts';
import { auditRetentionJob } from './audit/retention-job.ts';
import { createEndpointGuard } from './channels/endpoint-guard.ts';
import { createMailChannel } from './channels/mail.ts';
import { createPushChannel } from './channels/web-push.ts';
import { compactJob } from './compact-job.ts';
import type { CompactionSettings } from './compact.ts';
import { WORKERS_DEFAULTS } from './config.ts';
import type { WorkersConfig } from './config.ts';
import { expireJob } from './housekeeping/expire-job.ts';
import { purgeTrashJob } from './housekeeping/purge-trash-job.ts';
import { createJobLoop } from './job.ts';
import type { Hint, Job } from './job.ts';
import { EFFECTS } from './projection/effects.ts';
import type { ProjectionEffect } from './projection/effect.ts';
import { projectionJob } from './projection/job.ts';
import { measureProjectionJob } from './projection/measure-job.ts';
import type { ProjectionSettings } from './projection/project.ts';
import { createProjector, createThreadProjector, PROJECTION } from './projection/projector.ts';
import { reconcileJob } from './projection/reconcile.ts';
import { sendMailJob } from './mail/send-mail-job.ts';
import { deliverNotificationsJob } from './reminders/deliver-job.ts';
import { fireRemindersJob } from './reminders/fire-job.ts';
import { replanRemindersJob } from './reminders/replan-job.ts';
import { NO_METRICS } from './telemetry.ts';
import type { WorkerLogger, WorkerMetrics } from './telemetry.ts';
import { createWorkerTraces } from './traces.ts';
import type { WorkerTracing } from './traces.ts';
import { deliverWebhooksJob } from './webhooks/deliver-job.ts';

export type { WorkerLogger } from './telemetry.ts';

export interface WorkersOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics?: WorkerMetrics;
  /** Left out: no traces are sent. */
  readonly tracing?: WorkerTracing | undefined;
  readonly now?: () => number;
  readonly config?: Partial<WorkersConfig>;
  /** Hear from other processes by Postgres notifications. Where everything is one process, `hint` does instead. */
  readonly listens?: boolean;
  /** Tells the sync servers. Default: by a Postgres notification. */
  readonly announce?: (event: SpaceEvent) => void;
  readonly compaction?: Partial<CompactionSettings>;
  readonly projection?: Partial<ProjectionSettings> & {
    /** In a thread of its own, with connections of its own. Default false. */
    readonly isThreaded?: boolean;
    /** Instead of those of the product; not in a thread. */
    readonly effects?: readonly ProjectionEffect[];
  };
  /** PEM of an authority that push services are trusted by besides the usual ones. */
  readonly ca?: string;
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

/** What an event of the servers means to the jobs; null: nothing. */
export function hintOf({ kind, spaceId, trace }: SpaceEvent): Hint | null {
  if (kind !== 'head' && kind !== 'plan') return null;
  return trace === undefined ? { kind, id: spaceId } : { kind, id: spaceId, trace };
}

export function createWorkers(options: WorkersOptions): Workers {
  const { database, logger, metrics = NO_METRICS, now = Date.now } = options;
  const { isThreaded = false, effects = EFFECTS, ...projection } = options.projection ?? {};
  const settings = { ...PROJECTION, ...projection };
  const config: WorkersConfig = { ...WORKERS_DEFAULTS, ...options.config };
  const traces = options.tracing && createWorkerTraces(options.tracing, now);
  const guard = createEndpointGuard({ allowPrivate: config.allowPrivateEndpoints });
  const push = config.vapid && createPushChannel({ vapid: config.vapid, guard, now, ca: options.ca });
  const mail = config.smtp && createMailChannel(config.smtp);
  const jobs: readonly Job[] = [
    projectionJob({
      database,
      logger,
      metrics,
      projector: isThreaded
        ? createThreadProjector(database.url, settings)
        : createProjector(database, effects, settings),
      isBesideServer: !options.listens,
      traces,
      onProjected: (id) => hint({ kind: 'projected', id }),
    }),
    measureProjectionJob({ database, metrics }),
    reconcileJob({ database, logger, effects }),
    auditRetentionJob({ database, logger, keepDays: config.auditRetentionDays }),
    compactJob({ database, logger, metrics, settings: options.compaction }),
    replanRemindersJob({ database, onPlanned: () => hint({ kind: 'plan', id: '' }) }),
    fireRemindersJob({
      database,
      metrics,
      traces,
      config,
      onFired: () => hint({ kind: 'deliver', id: '' }),
      onTold: (userId) => announce({ kind: 'notify', spaceId: userId }),
    }),
    deliverNotificationsJob({ database, logger, metrics, traces, config, push, mail }),
    deliverWebhooksJob({ database, logger, metrics, traces, guard, publicUrl: config.publicUrl }),
    ...(mail ? [sendMailJob({ database, logger, metrics, mail, publicUrl: config.publicUrl })] : []),
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

  function announce(event: SpaceEvent): void {
    if (options.announce) options.announce(event);
    else {
      announceOnce(database, event).catch((error: unknown) =>
        logger.warn({ err: error }, 'the servers could not be told of something; apps see it later'),
      );
    }
  }

  function listen(): void {
    events = createSpaceEvents({
      url: database.url,
      onError: (error) =>
        logger.warn({ err: error }, 'the servers cannot be heard; the database is polled meanwhile'),
    });
    events.subscribe((event) => {
      const heard = hintOf(event);
      if (heard) hint(heard);
    });
    events.onRestored(() => {
      for (const { loop } of loops) loop.wake();
    });
  }

  function drain(): Promise<void> {
    drained ??= (async () => {
      await Promise.all(loops.map(({ loop }) => loop.drain()));
      await events?.close();
      push?.close();
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
