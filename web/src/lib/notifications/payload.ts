/**
 * What a push message says, and what a notification on the screen remembers of it.
 *
 * Promise: a message is checked before it is believed; one that is not understood still gives something to show, since
 * a browser takes push away from an app that shows nothing. Pure: it runs in the page and in the service worker.
 */

import { t } from '../words/language.ts';

/** One occurrence of a task in one space, and the firing that it is about. */
export interface Target {
  readonly spaceId: string;
  readonly taskId: string;
  readonly ordinal: number;
  /** Epoch ms: when the reminder was due. */
  readonly at: number;
}

export type PushKind = 'reminder' | 'digest' | 'test' | 'close';

export interface PushPayload {
  readonly kind: PushKind;
  /** The server's id of the notification; null when this device made it itself. */
  readonly id: string | null;
  /** The key of the firing (core/reminders.ts): the same for a push and for what the page shows by itself. */
  readonly tag: string;
  readonly target: Target | null;
  readonly at: number;
  /** Only where the person allows that text is sent. */
  readonly title: string | null;
}

/** The `data` of a notification. */
export interface NotificationData {
  readonly id: string | null;
  readonly tag: string;
  readonly target: Target | null;
}

export type ActionName = 'complete' | 'snooze';

/** The buttons of a notification. */
export function notificationActions(): { readonly action: ActionName; readonly title: string }[] {
  return [
    { action: 'complete', title: t('Complete') },
    { action: 'snooze', title: t('Snooze 1 hour') },
  ];
}

export const SNOOZE_MS = 60 * 60_000;

/** null: not a message of ours. */
export function readPayload(message: unknown): PushPayload | null {
  if (!isRecord(message) || message['v'] !== 1) return null;
  const { id, tag, kind, at, title } = message;
  if (kind !== 'reminder' && kind !== 'digest' && kind !== 'test' && kind !== 'close') return null;
  if (typeof tag !== 'string' || tag === '') return null;
  const instant = typeof at === 'number' ? at : Date.parse(String(at));
  return {
    kind,
    id: typeof id === 'string' ? id : null,
    tag,
    target: readTarget(message, instant),
    at: instant,
    title: typeof title === 'string' && title !== '' ? title : null,
  };
}

/** null: not a notification of ours. */
export function readData(data: unknown): NotificationData | null {
  if (!isRecord(data) || typeof data['tag'] !== 'string') return null;
  const target: unknown = data['target'];
  return {
    id: typeof data['id'] === 'string' ? data['id'] : null,
    tag: data['tag'],
    target: isRecord(target) ? readTarget(target, Number(target['at'])) : null,
  };
}

function readTarget(value: Record<string, unknown>, at: number): Target | null {
  const { spaceId, taskId, ordinal } = value;
  if (typeof spaceId !== 'string' || typeof taskId !== 'string' || taskId === '') return null;
  return { spaceId, taskId, ordinal: typeof ordinal === 'number' ? ordinal : 0, at };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
