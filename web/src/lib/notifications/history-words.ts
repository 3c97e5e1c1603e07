/**
 * The history of notifications in words: what was planned, sent, shown and done, and why something was not.
 *
 * Promise: a code that this version does not know is shown as it came, never hidden.
 */

import { momentWords } from '../words/due-words.ts';
import type { Delivery, NotificationEntry } from './notification-api.ts';
import { t, translated } from '../words/language.ts';

export type HistoryTone = 'coming' | 'good' | 'quiet' | 'problem';

export interface HistoryWords {
  readonly tone: HistoryTone;
  /** What became of it. */
  readonly outcome: string;
  /** How, to whom, and what was done then. */
  readonly details: readonly string[];
}

const REASONS: Record<string, string> = {
  done: t('it was done before'),
  skipped: t('it was skipped'),
  trashed: t('the task was in the trash'),
  gone: t('the task was gone'),
  over: t('it was done before'),
  moved: t('its date was moved'),
  removed: t('the reminder was removed'),
  snoozed: t('it was snoozed'),
  'not-theirs': t('it is someone else’s now'),
  late: t('the server was away at its time'),
  'quiet-hours': t('quiet hours'),
  'channels-off': t('every way to reach you is turned off'),
  'no-mail-server': t('the server has no mail server'),
  'no-subscription': t('no device has notifications on'),
  'nothing-open': t('nothing was left to do'),
};

const CHANNELS: Record<string, string> = {
  push: t('to a device'),
  email: t('by e-mail'),
  app: t('in the app'),
};

export function historyWords(entry: NotificationEntry, now: number, locale: string): HistoryWords {
  const moment = (at: number): string => momentWords(at, now, locale);
  const why = entry.reason === null ? '' : (REASONS[entry.reason] ?? entry.reason);
  const because = why === '' ? '' : `: ${why}`;
  const details = [
    ...sentWords(entry.deliveries),
    ...entry.deliveries.flatMap(failureWords),
    ...(entry.shownAt === null ? [] : [t('Shown {moment}', { moment: moment(entry.shownAt) })]),
    ...(entry.actedAt === null ? [] : [`${actionWords(entry.action)} ${moment(entry.actedAt)}`]),
  ];
  switch (entry.state) {
    case 'planned':
      return {
        tone: 'coming',
        outcome: t('Planned for {moment}', { moment: moment(entry.fireAt) }),
        details,
      };
    case 'sending':
      return { tone: 'coming', outcome: t('Being sent'), details };
    case 'held':
      return { tone: 'coming', outcome: t('Held until your quiet hours end'), details };
    case 'sent':
      return { tone: 'good', outcome: t('Sent {moment}', { moment: moment(entry.fireAt) }), details };
    case 'missed':
      return {
        tone: 'problem',
        outcome: t('Missed {moment}{because}', { moment: moment(entry.fireAt), because }),
        details,
      };
    case 'cancelled':
      return { tone: 'quiet', outcome: t('Not sent{because}', { because }), details };
    case 'failed':
      return { tone: 'problem', outcome: t('Not delivered{because}', { because }), details };
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
    channel === 'push' && count > 1
      ? t('to {count} devices', { count: String(count) })
      : (CHANNELS[channel] ?? channel),
  );
  return [t('Sent {words}', { words: words.join(', ') })];
}

function failureWords({ channel: name, state, error }: Delivery): string[] {
  const channel = CHANNELS[name] ?? name;
  const why = error ? deliveryErrorWords(error) : '';
  if (state === 'pending') return [t('Not yet {channel}{why}', { channel, why: why && `: ${why}` })];
  // By a code: it came too late, or there was nothing left to tell. Else the push service has let go of the device.
  if (state === 'expired' && !REASONS[error ?? ''])
    return [t('A device no longer takes notifications and was forgotten')];
  return state === 'failed' || state === 'expired'
    ? [t('Not {channel}: {error}', { channel, error: why || t('no reason given') })]
    : [];
}

/**
 * Why one delivery failed, as the server has noted it: a code, or a sentence with what another server or the system said
 * behind a colon. Each part is said in the language of the app where its shape is known, and else as it came.
 */
export function deliveryErrorWords(error: string): string {
  const known = REASONS[error];
  if (known !== undefined) return known;
  const at = error.indexOf(': ');
  if (at === -1) return translated(error);
  return `${translated(error.slice(0, at))}: ${deliveryErrorWords(error.slice(at + 2))}`;
}

function actionWords(action: string | null): string {
  if (action === 'complete') return t('Completed from it');
  if (action === 'snooze') return t('Snoozed from it');
  return action === 'open' ? t('Opened') : t('Answered');
}
