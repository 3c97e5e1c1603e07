/**
 * Where the last change of one task is: on this device, on the server, on the other devices.
 *
 * Promise: it says only what follows from what the device counts. A change is on the server when no edit waits, or when
 * the oldest that waits is younger than the change; another device has it when it has all that the server has. Whatever
 * does not follow is called not known. Pure.
 *
 * Why by time: the unsent edits are bytes; which tasks they are of is not written beside them. A stamp is never earlier
 * than the clock it was made by, so the comparison errs on the side of waiting.
 */

import type { OtherDevice, SyncStatus } from '../device/status.ts';
import { agoWords } from '../words/due-words.ts';
import { t } from '../words/language.ts';

export interface ReceiptWords {
  readonly here: string;
  /** Empty: there is no account. */
  readonly server: string;
  /** Empty: there is no other device, or it is known of none. */
  readonly others: string;
}

/** Clocks are read a moment apart when an edit is stamped and when it is stored. */
const TOLERANCE_MS = 1_000;

export function receiptWords(
  changedAt: number,
  status: SyncStatus,
  o: { now: number; locale: string },
): ReceiptWords {
  const here =
    status.storage === 'failing'
      ? t('Not stored on this device')
      : status.unsaved > 0
        ? t('Being stored on this device')
        : t('On this device');
  if (status.connection === 'none') return { here: t('{here} only', { here }), server: '', others: '' };
  const isSent = isOnServer(changedAt, status);
  return {
    here,
    server: isSent ? t('on the server') : t('not known to be on the server yet'),
    others: isSent ? othersWords(status.seenBy, o) : '',
  };
}

function isOnServer(changedAt: number, { waiting, unsaved, oldestWaitingAt }: SyncStatus): boolean {
  if (waiting === 0) return unsaved === 0;
  return oldestWaitingAt !== null && changedAt + TOLERANCE_MS < oldestWaitingAt;
}

function othersWords(
  devices: readonly OtherDevice[],
  { now, locale }: { now: number; locale: string },
): string {
  const [latest, ...further] = devices.filter(({ current }) => current).sort((a, b) => b.at - a.at);
  if (latest === undefined) {
    return devices.length === 0 ? '' : t('not known to be on another device yet');
  }
  const when = latest.connected ? t('now') : agoWords(latest.at, now, locale);
  const more = further.length === 0 ? '' : t(' and {count} more', { count: String(further.length) });
  return t('seen on {name} {when}{more}', { name: latest.name, when, more });
}
