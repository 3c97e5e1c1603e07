/**
 * The job that sends the mails of the queue.
 *
 * Promise: each is tried until the mail server has it, refuses it for good, or it has expired; later each time, and its
 * Message-ID stays the same. Addresses and words are not logged.
 */
import type { Database } from '@holdfast/db/database.ts';
import { claimMails, forgetMail, retryMail } from '@holdfast/db/mail-queue.ts';
import type { QueuedMail } from '@holdfast/db/mail-queue.ts';
import type { MailChannel, MailOutcome } from '../channels/mail.ts';
import type { Job } from '../job.ts';
import type { WorkerLogger, WorkerMetrics } from '../telemetry.ts';
import { wordsOfQueuedMail } from './queued-mail-words.ts';

export interface SendMailOptions {
  readonly database: Database;
  readonly logger: WorkerLogger;
  readonly metrics: WorkerMetrics;
  readonly mail: MailChannel;
  readonly publicUrl: string | undefined;
}

const EVERY_MS = 2000;
const AT_ONCE = 4;
/** Longer than one attempt. */
const LEASE_MS = 60_000;
const FIRST_RETRY_MS = 5000;
const MAX_RETRY_MS = 10 * 60_000;

export function sendMailJob({ database, logger, metrics, mail, publicUrl }: SendMailOptions): Job {
  const sent = metrics.counter('holdfast_mails_total', 'Mails of the queue that were tried, by outcome.', [
    'outcome',
  ]);

  async function send(queued: QueuedMail, nowMs: number): Promise<void> {
    const { id, recipient, kind } = queued;
    const words = wordsOfQueuedMail(kind, queued.body, publicUrl);
    const outcome: MailOutcome = words
      ? await mail.sendMail({ ...words, to: recipient, id })
      : { kind: 'refused', reason: 'This version has no words for it, or PUBLIC_URL is not set.' };
    sent.add(1, { outcome: outcome.kind });
    if (outcome.kind !== 'later') {
      if (outcome.kind === 'refused') {
        logger.error({ mailId: id, kind, reason: withoutAddresses(outcome.reason) }, 'a mail was not sent');
      }
      await forgetMail(database, id);
      return;
    }
    const attempts = queued.attempts + 1;
    const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(queued.attempts, 20));
    const error = withoutAddresses(outcome.reason);
    if (attempts === 1) logger.warn({ mailId: id, kind, reason: error }, 'a mail has to wait');
    await retryMail(database, id, { attempts, nextAt: new Date(nowMs + delayMs), error });
  }

  return {
    name: 'send-mail',
    everyMs: EVERY_MS,
    wokenBy: ['mail'],
    async turn(turn) {
      const nowMs = turn.now();
      const claimed = await claimMails(database, new Date(nowMs), new Date(nowMs + LEASE_MS), AT_ONCE);
      await Promise.all(claimed.map((queued) => send(queued, nowMs)));
      return claimed.length === AT_ONCE ? 'again' : undefined;
    },
  };
}

function withoutAddresses(reason: string): string {
  return reason.replaceAll(/\S+@\S+/g, '[address]');
}
