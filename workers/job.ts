/**
 * A job: one kind of work, done again and again in turns.
 *
 * Promise: each job has a loop of its own, so that a slow or failing one delays no other. A turn that throws is logged,
 * counted, and tried again later, later each time. `wake` brings the next turn forward; a wake during a turn is not lost.
 * Limits: one turn of a job at a time in a process. Between processes a job must claim what it works on.
 */
import type { WorkerLogger, WorkerMetrics } from './telemetry.ts';

export interface Turn {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Begin nothing new: what is left is for the next turn, or for another process. */
  readonly isStopping: boolean;
}

/** `again`: there is more to do at once. A number: not before that instant, unless woken. Nothing: after `everyMs`. */
export type NextTurn = 'again' | number | undefined;

export interface Job {
  /** For logs and metrics, in a few words. */
  readonly name: string;
  /** From the end of a turn to the next. */
  readonly everyMs: number;
  /** Which hints bring the next turn forward. */
  readonly wokenBy?: readonly Hint['kind'][];
  /** Told before the turn that it leads to. */
  onHint?(hint: Hint): void;
  turn(turn: Turn): Promise<NextTurn>;
  close?(): Promise<void>;
}

/** What other parts tell the workers. A hint may be lost: whoever gets none looks again after `everyMs`. */
export interface Hint {
  /**
   * head: a space has new rows. projected: they are in the projection, the audit and the outbox. mail: a mail was queued.
   * plan: reminders must be planned anew. deliver: notifications wait to be sent. webhook: one changed.
   */
  readonly kind: 'head' | 'projected' | 'mail' | 'plan' | 'deliver' | 'webhook';
  /** The space, or the user for `plan`. */
  readonly id: string;
  /** The traceparent of what led to it, where traces are on. */
  readonly trace?: string;
}

export interface JobLoop {
  start(): void;
  wake(): void;
  /** One turn now, after the one that runs. For tests and for the command line: a failure is thrown. */
  runOnce(): Promise<void>;
  /** Begins no new turn and waits for the one that runs. */
  drain(): Promise<void>;
}

export interface JobLoopOptions {
  readonly job: Job;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly now: () => number;
}

const MAX_RETRY_MS = 60_000;
const SECONDS_BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export function createJobLoop({ job, logger, metrics, now }: JobLoopOptions): JobLoop {
  const turns = metrics.counter('holdfast_job_turns_total', 'Turns of the jobs of the workers, by outcome.', [
    'job',
    'outcome',
  ]);
  const durations = metrics.histogram(
    'holdfast_job_turn_duration_seconds',
    'How long a turn of a job took.',
    SECONDS_BUCKETS,
    ['job'],
  );
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let started = false;
  let stopping = false;
  let woken = false;
  let failures = 0;
  const turn: Turn = {
    now,
    get isStopping() {
      return stopping;
    },
  };

  async function take(): Promise<NextTurn> {
    const startedMs = performance.now();
    woken = false;
    try {
      const next = await job.turn(turn);
      failures = 0;
      turns.add(1, { job: job.name, outcome: 'done' });
      return next;
    } catch (error) {
      failures++;
      turns.add(1, { job: job.name, outcome: 'failed' });
      throw error;
    } finally {
      durations.observe((performance.now() - startedMs) / 1000, { job: job.name });
    }
  }

  async function run(): Promise<void> {
    let delayMs: number;
    try {
      const next = await take();
      delayMs = next === 'again' ? 0 : next === undefined ? job.everyMs : Math.max(0, next - now());
    } catch (error) {
      delayMs = Math.min(MAX_RETRY_MS, job.everyMs * 2 ** Math.min(failures, 10));
      // Once while it lasts is enough to be seen; the counter tells the rest.
      if (failures === 1) logger.error({ err: error, job: job.name }, 'a job could not do its turn');
      else logger.warn({ err: error, job: job.name, failures }, 'a job still cannot do its turn');
      woken = false;
    }
    running = undefined;
    schedule(woken ? 0 : Math.min(delayMs, MAX_TIMER_MS));
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer);
    if (!started || stopping) return;
    timer = setTimeout(() => {
      running = run();
    }, delayMs);
    timer.unref();
  }

  return {
    start() {
      if (started) return;
      started = true;
      schedule(0);
    },
    wake() {
      woken = true;
      if (!running && failures === 0) schedule(0);
    },
    async runOnce() {
      clearTimeout(timer);
      await running;
      const once = take();
      running = once.then(
        () => undefined,
        () => undefined,
      );
      try {
        await once;
      } finally {
        running = undefined;
        schedule(job.everyMs);
      }
    },
    async drain() {
      stopping = true;
      clearTimeout(timer);
      await running;
      await job.close?.();
    },
  };
}

/** What setTimeout can count. */
const MAX_TIMER_MS = 2 ** 31 - 1;
