/**
 * The job that hands the events of the outbox to webhooks.
 *
 * Promise: a webhook gets the events of its space in order, each at least once and always with the same id; the next one
 * is not sent before the one before it has arrived or was given up, which is after about a day of trying. A slow or
 * dead endpoint delays no other. What was given up is kept and can be sent again.
 * Limits: events that arrive twice are told apart by their id, and by their `sequence` whether they came late.
 * Why a turn does not wait for slow endpoints: others would wait with it. What is under way goes on beside the next turns.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '@holdfast/db/database.ts';
import {
  claimWebhooks,
  nextEvents,
  nextReplay,
  pauseWebhook,
  recordDead,
  recordDelivered,
  recordFailed,
  recordReplay,
  recordTest,
  releaseWebhook,
  renewLease,
  webhookBacklog,
} from '@holdfast/db/webhook-delivery.ts';
import type { DueWebhook, Lease } from '@holdfast/db/webhook-delivery.ts';
import type { EndpointGuard } from '../channels/endpoint-guard.ts';
import type { Job, NextTurn, Turn } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';
import type { WorkerTraces } from '../traces.ts';
import { CLOUD_EVENT_TYPE, TEST_EVENT, cloudEvent, signedHeaders } from './cloud-event.ts';
import type { CloudEvent } from './cloud-event.ts';
import { postEvent } from './post-event.ts';
import type { PostOutcome } from './post-event.ts';

export interface DeliverWebhooksOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly traces?: WorkerTraces | undefined;
  readonly guard: EndpointGuard;
  readonly publicUrl: string | undefined;
  /** Of the time until the next attempt; default Math.random. */
  readonly random?: () => number;
  /** For one attempt; default 15 s. */
  readonly timeoutMs?: number;
  /** A turn waits so long for those it began; default 1 s. */
  readonly patienceMs?: number;
}

const EVERY_MS = 1000;
const COUNT_EVERY_MS = 10_000;
const AT_ONCE = 50;
/** Then another webhook, or another process, may have its turn. */
const EVENTS_PER_TURN = 200;
const EVENTS_PER_READ = 50;
const TIMEOUT_MS = 15_000;
/** Longer than one attempt with its record. */
const LEASE_MS = 60_000;
const PATIENCE_MS = 1000;
const CLOSE_WAIT_MS = 10_000;

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60 * 60_000;
/** 1 s, 2 s, 4 s and so on to an hour, then hourly: about a day in all. */
export const MAX_ATTEMPTS = 35;
/** Nothing arrived for so long, and events are being given up one after another: nobody is there. */
const DESERTED_MS = 5 * 24 * 60 * 60_000;

export function deliverWebhooksJob(options: DeliverWebhooksOptions): Job {
  const {
    database,
    logger,
    metrics,
    traces,
    guard,
    publicUrl,
    random = Math.random,
    timeoutMs = TIMEOUT_MS,
  } = options;
  const worker = randomUUID();
  const underWay = new Map<string, Promise<void>>();
  const aborter = new AbortController();
  let isClosing = false;
  const attempts = metrics.counter(
    'holdfast_webhook_attempts_total',
    'Attempts to deliver an event to a webhook, by outcome.',
    ['outcome'],
  );
  let backlog = { failing: 0, deadLetters: 0 };
  let countedAtMs = Number.NEGATIVE_INFINITY;
  metrics.gauge(
    'holdfast_webhooks_failing',
    'Webhooks whose due event was tried in vain.',
    () => backlog.failing,
  );
  metrics.gauge(
    'holdfast_webhook_dead_letters',
    'Events that were given up and kept.',
    () => backlog.deadLetters,
  );

  const leaseFrom = (nowMs: number): Lease => ({ by: worker, until: new Date(nowMs + LEASE_MS) });

  async function post(webhook: DueWebhook, event: CloudEvent | object, nowMs: number): Promise<PostOutcome> {
    const { id } = event as CloudEvent;
    const body = JSON.stringify(event);
    const headers = { 'content-type': CLOUD_EVENT_TYPE, ...signedHeaders(webhook.secret, id, body, nowMs) };
    const outcome = await postEvent(webhook.url, headers, body, { guard, timeoutMs, signal: aborter.signal });
    attempts.add(1, { outcome: outcome.kind });
    return outcome;
  }

  async function test(webhook: DueWebhook, testId: string, turn: Turn): Promise<void> {
    const event = cloudEvent(
      { id: testId, type: TEST_EVENT, at: new Date(turn.now()), data: { webhookId: webhook.id } },
      { publicUrl, spaceId: webhook.spaceId },
    );
    const outcome = await post(webhook, event, turn.now());
    if (outcome.kind === 'stopped') return;
    await recordTest(
      database,
      { webhookId: webhook.id, testId, error: errorOf(outcome) },
      new Date(turn.now()),
    );
  }

  /** Those that were given up and asked for again; true when the webhook may go on with what is due. */
  async function replay(webhook: DueWebhook, turn: Turn): Promise<boolean> {
    for (;;) {
      const letter = await nextReplay(database, webhook.id);
      if (!letter) return true;
      if (turn.isStopping) return false;
      const outcome = await post(webhook, letter.event as object, turn.now());
      if (outcome.kind === 'stopped') return false;
      await recordReplay(database, { webhookId: webhook.id, seq: letter.seq, error: errorOf(outcome) });
      if (!(await renewLease(database, webhook.id, leaseFrom(turn.now())))) return false;
    }
  }

  /** Whether the webhook goes on to the next event. */
  async function settle(
    webhook: DueWebhook,
    event: CloudEvent,
    seq: number,
    outcome: PostOutcome,
    tried: number,
    nowMs: number,
  ): Promise<boolean> {
    const [lease, now] = [leaseFrom(nowMs), new Date(nowMs)];
    switch (outcome.kind) {
      case 'delivered':
        return recordDelivered(database, { id: webhook.id, url: webhook.url, seq, sent: true }, lease, now);
      case 'stopped':
        await releaseWebhook(database, webhook.id, lease);
        return false;
      case 'gone':
        await pauseWebhook(database, webhook.id, 'The endpoint answered 410: it is gone.', lease, now);
        return false;
      case 'failed': {
        const count = tried + 1;
        if (count < MAX_ATTEMPTS) {
          const delayMs = Math.max(retryDelayMs(count, random), outcome.retryAfterMs ?? 0);
          const failure = { attempts: count, nextAt: new Date(nowMs + delayMs), error: outcome.error };
          await recordFailed(database, webhook.id, failure, lease);
          return false;
        }
        const { id, spaceId } = webhook;
        const letter = {
          webhookId: id,
          spaceId,
          seq,
          event: JSON.stringify(event),
          attempts: count,
          error: outcome.error,
        };
        const held = await recordDead(database, letter, lease, now);
        logger.warn(
          { spaceId, webhookId: id, attempts: count },
          'an event could not be delivered and was set aside',
        );
        const lastMs = (webhook.succeededAt ?? webhook.createdAt).getTime();
        if (!held || nowMs - lastMs < DESERTED_MS) return held;
        await pauseWebhook(database, id, 'Nothing arrived there for five days.', lease, now);
        return false;
      }
    }
  }

  async function events(webhook: DueWebhook, turn: Turn): Promise<void> {
    let { seq, attempts: tried } = webhook;
    let budget = EVENTS_PER_TURN;
    while (budget > 0) {
      const due = await nextEvents(database, { ...webhook, seq }, EVENTS_PER_READ);
      if (due.length === 0) break;
      let passed = false;
      for (const row of due) {
        if (turn.isStopping) break;
        if (!row.isWanted) {
          seq = row.seq;
          passed = true;
          continue;
        }
        passed = false;
        const event = cloudEvent(row, { publicUrl, spaceId: webhook.spaceId });
        const { id, spaceId } = webhook;
        const span = traces?.posting({ id, spaceId, seq: row.seq });
        const outcome = await post(webhook, event, turn.now());
        span?.set({ 'holdfast.outcome': outcome.kind });
        span?.end(outcome.kind !== 'delivered');
        if (!(await settle(webhook, event, row.seq, outcome, tried, turn.now())))
          return release(webhook, turn);
        seq = row.seq;
        tried = 0;
        budget -= 1;
      }
      if (passed) {
        const place = { id: webhook.id, url: webhook.url, seq, sent: false };
        const lease = leaseFrom(turn.now());
        if (!(await recordDelivered(database, place, lease, new Date(turn.now()))))
          return release(webhook, turn);
        tried = 0;
      }
      if (turn.isStopping) break;
    }
    await release(webhook, turn);
  }

  /** Where it is still held. */
  async function release(webhook: DueWebhook, turn: Turn): Promise<void> {
    await releaseWebhook(database, webhook.id, leaseFrom(turn.now()));
  }

  async function work(webhook: DueWebhook, turn: Turn): Promise<void> {
    const lease = leaseFrom(turn.now());
    if (!webhook.isMember) {
      const error = 'Its owner is no longer a member of the space.';
      const now = new Date(turn.now());
      if (webhook.testId !== null) {
        await recordTest(database, { webhookId: webhook.id, testId: webhook.testId, error }, now);
      }
      return pauseWebhook(database, webhook.id, error, lease, now);
    }
    if (webhook.testId !== null) await test(webhook, webhook.testId, turn);
    if (!webhook.isDue || !(await replay(webhook, turn))) return release(webhook, turn);
    await events(webhook, turn);
  }

  return {
    name: 'deliver-webhooks',
    everyMs: EVERY_MS,
    wokenBy: ['webhook', 'projected'],
    async turn(turn): Promise<NextTurn> {
      if (turn.now() - countedAtMs >= COUNT_EVERY_MS) {
        countedAtMs = turn.now();
        backlog = await webhookBacklog(database);
      }
      const free = AT_ONCE - underWay.size;
      if (free <= 0) return undefined;
      const claimed = await claimWebhooks(database, leaseFrom(turn.now()), new Date(turn.now()), free);
      const begun = claimed.map((webhook) => {
        const done = work(webhook, turn)
          .catch((error: unknown) => {
            // Its lease ends by itself; until then it is left alone.
            const { id, spaceId } = webhook;
            logger.error({ err: error, spaceId, webhookId: id }, 'a webhook could not be worked on');
          })
          .finally(() => underWay.delete(webhook.id));
        underWay.set(webhook.id, done);
        return done;
      });
      if (begun.length === 0) return undefined;
      const isAllDone = await within(options.patienceMs ?? PATIENCE_MS, Promise.all(begun));
      return isAllDone && !isClosing ? 'again' : undefined;
    },
    async close() {
      isClosing = true;
      if (await within(CLOSE_WAIT_MS, Promise.all(underWay.values()))) return;
      aborter.abort();
      await Promise.all(underWay.values());
    },
  };
}

/** With a fifth more or less, so that many webhooks of one endpoint do not come at once. */
function retryDelayMs(attempts: number, random: () => number): number {
  const plainMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1));
  return plainMs * (0.8 + 0.4 * random());
}

function errorOf(outcome: Exclude<PostOutcome, { kind: 'stopped' }>): string | null {
  switch (outcome.kind) {
    case 'delivered':
      return null;
    case 'gone':
      return 'It answered 410: it is gone.';
    case 'failed':
      return outcome.error;
  }
}

/** Whether it was done in that time. */
async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), limitMs);
  const isDone = await Promise.race([work.then(() => true as const), late]);
  clearTimeout(timer);
  return isDone;
}
