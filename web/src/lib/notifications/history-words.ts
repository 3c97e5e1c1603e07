/**
 * The history of notifications in words: what was planned, sent, shown and done, and why something was not.
 *
 * Promise: a code that this version does not know is shown as it came, never hidden.
 */

import { momentWords } from '../words/due-words.ts';
import type { Delivery, NotificationEntry } from './notification-api.ts';

export type HistoryTone = 'coming' | 'good' | 'quiet' | 'problem';

export interface HistoryWords {
  readonly tone: HistoryTone;
  /** What became of it. */
  readonly outcome: string;
  /** How, to whom, and what was done then. */
  readonly details: readonly string[];
}

const REASONS: Record<string, string> = {
  done: 'it was done before',
  skipped: 'it was skipped',
  trashed: 'the task was in the trash',
  gone: 'the task was gone',
  over: 'it was done before',
  moved: 'its date was moved',
  removed: 'the reminder was removed',
  snoozed: 'it was snoozed',
  'not-theirs': 'it is someone else’s now',
  late: 'the server was away at its time',
  'quiet-hours': 'quiet hours',
  'channels-off': 'every way to reach you is turned off',
  'no-mail-server': 'the server has no mail server',
  'no-subscription': 'no device has notifications on',
  'nothing-open': 'nothing was left to do',
};

const CHANNELS: Record<string, string> = {
  push: 'to a device',
  email: 'by e-mail',
  app: 'in the app',
};

export function historyWords(entry: NotificationEntry, now: number, locale: string): HistoryWords {
  const moment = (at: number): string => momentWords(at, now, locale);
  const why = entry.reason === null ? '' : (REASONS[entry.reason] ?? entry.reason);
  const because = why === '' ? '' : `: ${why}`;
  const details = [
    ...sentWords(entry.deliveries),
    ...entry.deliveries.flatMap(failureWords),
    ...(entry.shownAt === null ? [] : [`Shown ${moment(entry.shownAt)}`]),
    ...(entry.actedAt === null ? [] : [`${actionWords(entry.action)} ${moment(entry.actedAt)}`]),
  ];
  switch (entry.state) {
    case 'planned':
      return { tone: 'coming', outcome: `Planned for ${moment(entry.fireAt)}`, details };
    case 'sending':
      return { tone: 'coming', outcome: 'Being sent', details };
    case 'held':
      return { tone: 'coming', outcome: `Held until your quiet hours end`, details };
    case 'sent':
      return { tone: 'good', outcome: `Sent ${moment(entry.fireAt)}`, details };
    case 'missed':
      return { tone: 'problem', outcome: `Missed ${moment(entry.fireAt)}${because}`, details };
    case 'cancelled':
      return { tone: 'quiet', outcome: `Not sent${because}`, details };
    case 'failed':
      return { tone: 'problem', outcome: `Not delivered${because}`, details };
    default:
      return { tone: 'quiet', outcome: `${entry.state}${because}`, details };
  }
}

function sentWords(deliveries: readonly Delivery[]): string[] {
  const sent = deliveries.filter(({ state }) => state === 'sent');
  const counts = new Map<string, number>();
  for (const { channel } of sent) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  if (counts.size === 0) return [];
  const words = [...counts].map(([channel, count]) =>
    channel === 'push' && count > 1 ? `to ${String(count)} devices` : (CHANNELS[channel] ?? channel),
  );
  return [`Sent ${words.join(', ')}`];
}

function failureWords({ channel, state, error }: Delivery): string[] {
  if (state === 'pending') return [`Not yet ${CHANNELS[channel] ?? channel}${error ? `: ${error}` : ''}`];
  if (state === 'expired') return ['A device no longer takes notifications and was forgotten'];
  return state === 'failed' ? [`Not ${CHANNELS[channel] ?? channel}: ${error ?? 'no reason given'}`] : [];
}

function actionWords(action: string | null): string {
  if (action === 'complete') return 'Completed from it';
  if (action === 'snooze') return 'Snoozed from it';
  return action === 'open' ? 'Opened' : 'Answered';
}
