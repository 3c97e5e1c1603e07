/**
 * The whole truth about the edits of this device, for the sync page: where they are, what threatens them, and for each
 * what is safe and what there is to do.
 *
 * Promise: being offline and a server that does not answer are told apart, and nothing is called safe that exists in one
 * place only. Every number comes from the device; the present is an argument.
 *
 * Limits: what another device has not sent yet only that device knows. Browsers round what they say about room.
 */

import type { MissingFeature, StorageReport } from './device/device.ts';
import type { SyncStatus } from './device/status.ts';
import { isNearlyFull } from './storage-room.ts';
import { edits } from './sync-words.ts';
import { agoWords, momentWords } from './words/due-words.ts';
import { t } from './words/language.ts';

export type TruthState = 'good' | 'waiting' | 'bad' | 'none';

/** One place where the edits are or should be. */
export interface Place {
  readonly state: TruthState;
  /** What is the case. */
  readonly text: string;
  /** What is safe all the same, and what there is to do; empty where nothing need be said. */
  readonly advice: string;
}

/** Something that may cost edits later and can be mended now. */
export interface Caution {
  readonly id: 'nearly-full' | 'not-kept' | 'insecure' | 'clock' | 'long-silence';
  readonly title: string;
  readonly text: string;
}

export interface Truth {
  readonly here: Place;
  readonly server: Place;
  readonly cautions: readonly Caution[];
}

export interface TruthContext {
  readonly now: number;
  readonly locale: string;
  /** Edits made before the document was loaded. */
  readonly queued: number;
  /** Null: not known (yet). */
  readonly storage: StorageReport | null;
  readonly missing: readonly MissingFeature[];
  readonly isSecure: boolean;
  /** When this device last had a connection to the server; null: not known. */
  readonly inTouchAt: number | null;
}

const LONG_SILENCE_MS = 3 * 24 * 60 * 60_000;

export function syncTruth(status: SyncStatus, context: TruthContext): Truth {
  return {
    here: placeHere(status, context),
    server: placeServer(status, context),
    cautions: cautionsOf(status, context),
  };
}

function placeHere(status: SyncStatus, { queued }: TruthContext): Place {
  const hasServer = status.connection === 'online';
  if (status.storage === 'failing') {
    return {
      state: 'bad',
      text: t('Not stored. {sentence}', {
        sentence: sentence(status.storageError ?? t('This browser refuses to store anything')),
      }),
      advice: hasServer
        ? t(
            'What you do still goes to the server while this page is open. Make room or leave private browsing, and reload when the line says that all is saved.',
          )
        : t(
            'What you do is kept only while this page is open. Do not close it: make room, leave private browsing, or export your tasks under Settings.',
          ),
    };
  }
  const open = status.unsaved + queued;
  if (open > 0) {
    return {
      state: 'waiting',
      text: t('{edits} being stored', { edits: edits(open) }),
      advice: t('This takes a moment.'),
    };
  }
  return { state: 'good', text: t('Every edit is stored in this browser'), advice: '' };
}

function placeServer(status: SyncStatus, { now, locale, inTouchAt }: TruthContext): Place {
  const { waiting } = status;
  const since =
    status.oldestWaitingAt === null
      ? ''
      : t(', the oldest from {moment}', { moment: momentWords(status.oldestWaitingAt, now, locale) });
  const missing =
    waiting > 0 ? t('{edits} not on the server yet{since}.', { edits: edits(waiting), since }) : '';
  const balance = missing || t('It has every edit of this device.');
  const isKept = status.storage !== 'failing';
  const touch =
    inTouchAt === null ? '' : t(' Last in touch {ago}.', { ago: agoWords(inTouchAt, now, locale) });
  switch (status.connection) {
    case 'none':
      return {
        state: 'none',
        text: t('There is no account here, so nothing is sent anywhere.'),
        advice: t(
          'Your tasks exist on this device only. An account brings them to your other devices; an export is a copy that you keep.',
        ),
      };
    case 'signed-out':
      return {
        state: 'waiting',
        text: words(t('Your session has ended.'), missing),
        advice: words(
          isKept ? t('Everything is stored here and goes up by itself once you sign in again.') : '',
          t('Sign in to go on.'),
        ),
      };
    case 'offline':
      return status.offlineReason === 'server'
        ? {
            state: 'waiting',
            text: words(
              t('The network is there, but the server does not answer.{touch}', { touch }),
              balance,
            ),
            advice: words(
              isKept ? t('Everything is stored here and goes up by itself when it answers.') : '',
              t(
                'If this lasts, tell who runs the server. Nothing is given up: it is tried again all the time.',
              ),
            ),
          }
        : {
            state: waiting > 0 ? 'waiting' : 'none',
            text: words(t('This device has no network.{touch}', { touch }), balance),
            advice: words(
              isKept ? t('Everything is stored here and goes up by itself when the network is back.') : '',
            ),
          };
    case 'refused':
      return {
        state: 'bad',
        text: words(
          sentence(status.refusal ?? t('The server does not take edits from this device')),
          missing,
        ),
        advice: t(
          'Your tasks and edits stay on this device. An export under Settings is a copy that you keep.',
        ),
      };
    case 'connecting':
      return { state: 'waiting', text: words(t('Connecting.'), balance), advice: '' };
    case 'online':
      return waiting > 0
        ? { state: 'waiting', text: missing, advice: t('They are on their way.') }
        : { state: 'good', text: t('The server has every edit of this device'), advice: '' };
  }
}

function cautionsOf(status: SyncStatus, context: TruthContext): Caution[] {
  const { now, locale, storage, missing, isSecure, inTouchAt } = context;
  const hasAccount = status.connection !== 'none';
  const cautions: Caution[] = [];
  if (
    hasAccount &&
    status.connection !== 'online' &&
    inTouchAt !== null &&
    now - inTouchAt > LONG_SILENCE_MS
  ) {
    cautions.push({
      id: 'long-silence',
      title: t('The server was last reached {ago}', { ago: agoWords(inTouchAt, now, locale) }),
      text: t(
        'What you do here is in this browser only until it is reached again. Export a copy under Settings, and ask who runs the server.',
      ),
    });
  }
  if (isNearlyFull(storage) && status.storage === 'ok') {
    cautions.push({
      id: 'nearly-full',
      title: t('This browser is almost full'),
      text: t(
        'What is stored stays. The next edits may find no room: free space on this device, or remove the data of sites that you do not need.',
      ),
    });
  }
  if (!isSecure) {
    cautions.push({
      id: 'insecure',
      title: t('This address is plain http'),
      text: t(
        'What you do is stored, but Holdfast cannot be opened here without a network, and others on the network can read along. Open it by an https address.',
      ),
    });
  } else if (
    storage !== null &&
    !storage.persisted &&
    !missing.some(({ feature }) => feature === 'persistent-storage')
  ) {
    cautions.push({
      id: 'not-kept',
      title: t('The browser may clear what is stored here'),
      text: hasAccount
        ? t(
            'It does so when the device runs out of room, and some do after weeks without a visit. What the server has is safe.',
          )
        : t(
            'It does so when the device runs out of room, and some do after weeks without a visit. Your tasks exist here only.',
          ),
    });
  }
  const skewMs = status.clockSkewMs;
  if (skewMs !== null) {
    const how = spanWords(Math.abs(skewMs), locale);
    cautions.push({
      id: 'clock',
      title:
        skewMs > 0
          ? t("The clock of this device is {how} behind the server's", { how })
          : t("The clock of this device is {how} ahead of the server's", { how }),
      text: t(
        'Nothing is lost by it. But reminders come at the wrong moment, and where two devices change the same thing at once the later edit stands: set the clock of this device.',
      ),
    });
  }
  return cautions;
}

/** "12 minutes", "3 hours", "2 days": as coarse as it matters. */
function spanWords(spanMs: number, locale: string): string {
  const minutes = Math.max(1, Math.round(spanMs / 60_000));
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

function sentence(text: string): string {
  const whole = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.?]$/.test(whole) ? whole : `${whole}.`;
}

function words(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
