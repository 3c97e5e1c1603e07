/**
 * Where the edits are, in one sentence: the text of the "Sync" status.
 *
 * Promise: the sentence begins with the first of these that is true: "Not saved", "Signed out", "Offline",
 * "N edits waiting", "Saving", "All saved" or, with no account, "On this device only". It never says that an edit
 * is on the server before the server has confirmed it. Pure: the present is an argument.
 *
 * "Saving" and "N edits waiting" differ in age only: an edit that is on its way, or that was made a moment ago,
 * is being saved; one that has not arrived after a few seconds is waiting, and is counted.
 */

import type { SyncStatus } from './device/status.ts';
import { agoWords, momentWords } from './words/due-words.ts';
import { plural, t } from './words/language.ts';

export type SyncKind = 'not-saved' | 'signed-out' | 'offline' | 'waiting' | 'saving' | 'saved' | 'local';

export interface SyncWords {
  readonly kind: SyncKind;
  readonly text: string;
}

/** How long an edit may be under way before it counts as waiting. */
const PATIENCE_MS = 3_000;

interface SyncWordsContext {
  readonly now: number;
  readonly locale: string;
  readonly queued?: number;
  readonly isNearlyFull?: boolean;
}

export function syncWords(status: SyncStatus, o: SyncWordsContext): SyncWords {
  const { waiting } = status;
  const since = sinceWords(status, o);
  if (status.storage === 'failing') {
    return {
      kind: 'not-saved',
      text: t('Not saved · {storageError}', {
        storageError: status.storageError ?? t('this browser does not store anything'),
      }),
    };
  }
  if (status.connection === 'signed-out') {
    return {
      kind: 'signed-out',
      text:
        waiting > 0
          ? t('Signed out · {edits} waiting{since}', { edits: edits(waiting), since })
          : t('Signed out · sign in to go on syncing'),
    };
  }
  if (status.connection === 'offline') {
    // Not the same: the one mends itself, the other someone has to mend.
    const why = status.offlineReason === 'server' ? t(' · the server does not answer') : '';
    return {
      kind: 'offline',
      text:
        waiting > 0
          ? t('Offline · {edits} waiting, saved on this device{why}', { edits: edits(waiting), why })
          : t('Offline · everything is saved on this device{why}', { why }),
    };
  }
  if (status.connection === 'refused') {
    const why = status.refusal ?? t('the server does not take edits from this device');
    return waiting > 0
      ? { kind: 'waiting', text: t('{edits} waiting · {why}', { edits: edits(waiting), why }) }
      : { kind: 'offline', text: t('Offline · {why}', { why }) };
  }
  const isSettling = (o.queued ?? 0) > 0 || status.unsaved > 0;
  if (waiting > 0 && !isOnItsWay(status, o.now)) {
    return {
      kind: 'waiting',
      text: t('{edits} waiting for the server{since}', { edits: edits(waiting), since }),
    };
  }
  if (isSettling || (status.connection !== 'none' && (waiting > 0 || status.saving))) {
    return { kind: 'saving', text: t('Saving') };
  }
  // The room that is left matters more than who has seen it.
  const full = o.isNearlyFull === true ? t(' · this browser is almost full') : '';
  if (status.connection === 'none') return { kind: 'local', text: t('On this device only{full}', { full }) };
  return { kind: 'saved', text: full === '' ? savedWords(status, o) : t('All saved{full}', { full }) };
}

/** "1 edit", "3 edits". */
export function edits(count: number): string {
  return plural(count, '{count} edit', '{count} edits');
}

function isOnItsWay(status: SyncStatus, now: number): boolean {
  if (status.oldestWaitingAt === null) return status.connection === 'online';
  // A connection that is being made again takes a moment too.
  const isUp = status.connection === 'online' || status.connection === 'connecting';
  return isUp && now - status.oldestWaitingAt < PATIENCE_MS;
}

function sinceWords(status: SyncStatus, o: { now: number; locale: string }): string {
  return status.oldestWaitingAt === null
    ? ''
    : t(' since {moment}', { moment: momentWords(status.oldestWaitingAt, o.now, o.locale) });
}

function savedWords(status: SyncStatus, o: { now: number; locale: string }): string {
  if (status.connection === 'connecting') return t('All saved · connecting');
  const latest = status.seenBy
    .filter((device) => device.current)
    .reduce<SyncStatus['seenBy'][number] | null>((a, b) => (a === null || b.at > a.at ? b : a), null);
  return latest === null
    ? t('All saved')
    : t('All saved · seen on {name} {ago}', { name: latest.name, ago: agoWords(latest.at, o.now, o.locale) });
}
