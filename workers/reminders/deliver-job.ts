/**
 * The job that sends what fired: each delivery by its channel, many at once, none in the way of another.
 *
 * Promise: sending happens outside of transactions. A delivery is claimed, looked at once more (what is done is not told of),
 * tried, and settled: sent; or tried again later, each time later, as long as it is of use; or failed with the reason. A
 * subscription that its push service does not know any more is removed.
 * Limits: a process that dies after a push service took a message and before that was written sends it again. The message
 * then has the same tag and topic, so a device shows it once.
 * Why sending is not bounded by turns: a service that hangs would hold back all others until its time is over.
 */
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import type { When } from '@holdfast/core/task.ts';
import type { Database } from '@holdfast/db/database.ts';
import {
  claimDeliveries,
  dueEntries,
  heldEntries,
  nextDelivery,
  settleDeliveries,
} from '@holdfast/db/notification-delivery.ts';
import type {
  ClaimedDelivery,
  DeliveryOutcome,
  DigestEntry,
  SettledDelivery,
} from '@holdfast/db/notification-delivery.ts';
import { DAILY_KEY } from '@holdfast/db/reminder-plan.ts';
import { unsubscribeToken } from '@holdfast/db/unsubscribe-token.ts';
import { digestMail, reminderMail, testMail } from '../channels/mail-words.ts';
import type { MailContext, MailTask, MailWords } from '../channels/mail-words.ts';
import type { MailChannel } from '../channels/mail.ts';
import type { PushChannel } from '../channels/web-push.ts';
import type { WorkersConfig } from '../config.ts';
import type { Job, Turn } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';
import type { WorkerTraces } from '../traces.ts';
import { preferencesFrom } from './plan.ts';
import {
  ATTEMPT_MS,
  CLOSE_TTL_MS,
  DELIVERY_LEASE_MS,
  LOOK_MS,
  MAIL_RETRY_MS,
  MAX_ATTEMPTS,
  MAX_RETRY_MS,
  PUSH_RETRY_MS,
  PUSH_TTL_MS,
} from './timing.ts';

export interface DeliverJobOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly traces?: WorkerTraces | undefined;
  readonly config: Pick<WorkersConfig, 'publicUrl' | 'secret'>;
  /** undefined: not set up. */
  readonly push: PushChannel | undefined;
  readonly mail: MailChannel | undefined;
  /** At least 0, below 1. */
  readonly random?: () => number;
}

/** Sent at once. More would only wait in the agents' queues. */
const MAX_IN_FLIGHT = 512;
const WRITTEN_TOGETHER = 128;
const WRITE_AFTER_MS = 25;

export function deliverNotificationsJob(options: DeliverJobOptions): Job {
  const { database, logger, metrics, traces, config, push, mail, random = Math.random } = options;
  const outcomes = metrics.counter(
    'holdfast_notification_deliveries_total',
    'Tries to deliver a notification, by channel and outcome.',
    ['channel', 'outcome'],
  );
  let inFlight = 0;
  let clock: () => number = Date.now;
  const settled: SettledDelivery[] = [];
  let news = Promise.withResolvers<void>();

  let soon: NodeJS.Timeout | undefined;

  function wake(): void {
    news.resolve();
  }

  /** What ends at about the same time is written together. */
  function ended(): void {
    inFlight--;
    if (inFlight === 0 || settled.length >= WRITTEN_TOGETHER) wake();
    else soon ??= setTimeout(wake, WRITE_AFTER_MS);
  }

  function start(delivery: ClaimedDelivery, turn: Turn): void {
    inFlight++;
    const span = traces?.delivering(delivery);
    attempt(delivery, turn)
      .catch((error: unknown): DeliveryOutcome => {
        logger.error(
          {
            err: error,
            spaceId: delivery.spaceId,
            notificationId: delivery.notificationId,
            channel: delivery.channel,
          },
          'a notification could not be made ready to be sent',
        );
        return later(
          delivery,
          'It could not be made ready to be sent; the log of the server has more.',
          null,
          turn,
        );
      })
      .then((outcome) => {
        outcomes.add(1, { channel: delivery.channel, outcome: outcome.state });
        span?.set({ 'holdfast.outcome': outcome.state });
        span?.end(outcome.state === 'failed' || outcome.state === 'pending');
        settled.push({ delivery, outcome });
        ended();
      }, ended);
  }

  async function attempt(delivery: ClaimedDelivery, turn: Turn): Promise<DeliveryOutcome> {
    if (delivery.channel !== 'close' && !delivery.isOpen) return { state: 'expired', error: 'over' };
    switch (delivery.channel) {
      case 'push':
        return sendPush(delivery, turn);
      case 'close':
        return sendClose(delivery, turn);
      case 'email':
        return sendMail(delivery, turn);
    }
  }

  async function sendPush(delivery: ClaimedDelivery, turn: Turn): Promise<DeliveryOutcome> {
    const { subscription, kind } = delivery;
    if (subscription === null) return { state: 'expired', error: 'The subscription is gone.', gone: true };
    if (push === undefined) return { state: 'failed', error: 'The server has no keys for push.' };
    const leftMs = deadlineOf(delivery) - turn.now();
    if (leftMs <= 0) return { state: 'expired', error: 'late' };
    const { showText } = preferencesFrom(delivery.preferences);
    const title =
      showText && delivery.title !== null ? { title: delivery.title.slice(0, MAX_TITLE_CHARS) } : {};
    const outcome = await push.send({
      subscription,
      payload: { ...payloadOf(delivery, kind), ...title },
      ttlMs: leftMs,
      urgency: 'high',
      tag: delivery.key,
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    switch (outcome.kind) {
      case 'sent':
        return { state: 'sent' };
      case 'gone':
        return { state: 'expired', error: outcome.reason, gone: true };
      case 'refused':
        return { state: 'failed', error: outcome.reason };
      case 'later':
        return later(delivery, outcome.reason, outcome.retryAfterMs, turn);
    }
  }

  /** Best effort: the device may be off, and some platforms punish pushes that show nothing. */
  async function sendClose(delivery: ClaimedDelivery, turn: Turn): Promise<DeliveryOutcome> {
    const { subscription, settledAt } = delivery;
    if (subscription === null) return { state: 'expired', error: 'The subscription is gone.', gone: true };
    if (push === undefined || forbidsSilence(subscription.endpoint)) {
      return { state: 'expired', error: 'This platform takes no push that shows nothing.' };
    }
    const outcome = await push.send({
      subscription,
      payload: payloadOf(delivery, 'close'),
      ttlMs: settledAt === null ? 0 : CLOSE_TTL_MS,
      urgency: 'normal',
      tag: delivery.key,
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    if (outcome.kind === 'sent') return { state: 'sent' };
    if (outcome.kind === 'gone') return { state: 'expired', error: outcome.reason, gone: true };
    if (outcome.kind === 'refused' || delivery.attempt >= CLOSE_ATTEMPTS) {
      return { state: 'expired', error: outcome.reason };
    }
    return later(delivery, outcome.reason, outcome.retryAfterMs, turn);
  }

  async function sendMail(delivery: ClaimedDelivery, turn: Turn): Promise<DeliveryOutcome> {
    if (mail === undefined) return { state: 'failed', error: 'The server has no mail server.' };
    if (turn.now() > deadlineOf(delivery)) return { state: 'expired', error: 'late' };
    const { publicUrl, secret } = config;
    const unsubscribeUrl =
      publicUrl === undefined
        ? undefined
        : new URL(`/api/v1/unsubscribe?token=${unsubscribeToken(secret, delivery.userId)}`, publicUrl).href;
    const words = await wordsOf(
      delivery,
      { preferences: preferencesFrom(delivery.preferences), publicUrl, unsubscribeUrl },
      turn.now(),
    );
    if (words === null) return { state: 'expired', error: 'nothing-open' };
    const outcome = await mail.sendMail({
      ...words,
      to: delivery.target,
      id: `${delivery.notificationId} ${delivery.target}`,
      unsubscribeUrl,
    });
    switch (outcome.kind) {
      case 'sent':
        return { state: 'sent' };
      case 'refused':
        return { state: 'failed', error: outcome.reason };
      case 'later':
        return later(delivery, outcome.reason, null, turn);
    }
  }

  /** null: there is nothing left to tell. */
  async function wordsOf(
    delivery: ClaimedDelivery,
    context: MailContext,
    now: number,
  ): Promise<MailWords | null> {
    switch (delivery.kind) {
      case 'test':
        return testMail(context);
      case 'reminder':
        return reminderMail(
          { taskId: delivery.taskId ?? '', title: delivery.title ?? '', due: delivery.due as When | null },
          context,
        );
      case 'digest': {
        const isDaily = delivery.key.startsWith(DAILY_KEY);
        const entries = isDaily
          ? await dueEntries(database, delivery.userId, dayAt(context.preferences, now))
          : await heldEntries(database, delivery.notificationId);
        if (entries.length === 0) return null;
        return digestMail(isDaily ? 'daily' : 'held', entries.map(mailTaskOf), context);
      }
    }
  }

  function later(
    delivery: ClaimedDelivery,
    error: string,
    retryAfterMs: number | null,
    turn: Pick<Turn, 'now'>,
  ): DeliveryOutcome {
    if (delivery.attempt >= MAX_ATTEMPTS) return { state: 'failed', error };
    const base = delivery.channel === 'email' ? MAIL_RETRY_MS : PUSH_RETRY_MS;
    // From half to one and a half times: many that failed at once do not come back at once.
    const waitMs = base * 2 ** (delivery.attempt - 1) * (0.5 + random());
    const retryAt = turn.now() + Math.min(MAX_RETRY_MS, Math.max(waitMs, retryAfterMs ?? 0));
    if (retryAt > deadlineOf(delivery)) return { state: 'failed', error };
    return { state: 'pending', error, retryAt };
  }

  async function settle(): Promise<void> {
    const batch = settled.splice(0);
    try {
      await settleDeliveries(database, batch, clock());
    } catch (error) {
      // Kept: else what was sent would be sent again when the leases end.
      settled.unshift(...batch);
      throw error;
    }
  }

  async function startDue(turn: Turn): Promise<void> {
    const limit = MAX_IN_FLIGHT - inFlight;
    if (limit === 0) return;
    const now = turn.now();
    const due = await claimDeliveries(database, { now, until: now + DELIVERY_LEASE_MS, limit });
    for (const delivery of due) start(delivery, turn);
  }

  async function finish(): Promise<void> {
    while (inFlight > 0) {
      await news.promise;
      news = Promise.withResolvers();
    }
    await settle();
  }

  return {
    name: 'deliver-notifications',
    everyMs: LOOK_MS,
    wokenBy: ['deliver'],
    onHint: wake,
    async turn(turn) {
      clock = () => turn.now();
      for (;;) {
        clearTimeout(soon);
        soon = undefined;
        if (turn.isStopping) return undefined;
        // At the same time: each waits for the disk once.
        await Promise.all([settle(), startDue(turn)]);
        if (inFlight === 0 && settled.length === 0) break;
        const timer = setTimeout(wake, LOOK_MS);
        await news.promise;
        news = Promise.withResolvers();
        clearTimeout(timer);
      }
      const next = await nextDelivery(database);
      const look = turn.now() + LOOK_MS;
      return next === null ? look : Math.min(look, Math.max(next, turn.now() + 5));
    },
    close: finish,
  };
}

const CLOSE_ATTEMPTS = 2;
const MAX_TITLE_CHARS = 200;

/** What the device gets; the shape is shared with web/ (see workers/SPEC.md, CH4). */
function payloadOf(delivery: ClaimedDelivery, kind: 'reminder' | 'digest' | 'test' | 'close'): object {
  return {
    v: 1,
    id: delivery.notificationId,
    tag: delivery.key,
    kind,
    spaceId: delivery.spaceId,
    taskId: delivery.taskId,
    ordinal: delivery.ordinal,
    at: delivery.fireAt.getTime(),
  };
}

/** Until when it is of use to anyone. */
function deadlineOf({ settledAt, fireAt }: ClaimedDelivery): number {
  return (settledAt ?? fireAt).getTime() + PUSH_TTL_MS;
}

/** WebKit takes a subscription away after three pushes that show nothing. */
function forbidsSilence(endpoint: string): boolean {
  return /(^|\.)push\.apple\.com$/i.test(new URL(endpoint).hostname);
}

function mailTaskOf({ taskId, title, due }: DigestEntry): MailTask {
  return { taskId, title, due: due as When | null };
}

function dayAt({ timeZone }: NotificationPreferences, now: number): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(now);
}
