/**
 * Whether this device may be reached while Holdfast is closed, and how that is turned on and off.
 *
 * Promise: permission is asked for only by `turnOn`, which a button calls. A subscription is sent to the server again at
 * every start, because browsers renew them without a word, and given up when someone signs out. What stands in the way is
 * told as a state, not as an error.
 *
 * Limits: a permission that was refused can be given back only in the browser's own settings. Without an account there
 * is nobody who could push: notifications then come from the open page alone.
 */

import type { Kept } from '../device/kept.ts';
import type { NotificationServer } from './notification-api.ts';
import { t } from '../words/language.ts';

export type PushState =
  /** Plain http. */
  | 'insecure'
  | 'unsupported'
  /** iOS: only an app on the home screen may. */
  | 'needs-install'
  /** The person, or a rule of the browser, said no. */
  | 'blocked'
  | 'off'
  /** On, with the server knowing where to push to. */
  | 'on'
  /** On, from the open page alone: there is no account. */
  | 'on-while-open'
  /** On, but the server could not be told (yet), or the browser's push service did not answer. */
  | 'on-unconfirmed';

/** The slice of the browser that is looked at. */
export interface PushSurroundings {
  readonly isSecureContext: boolean;
  readonly permission: NotificationPermission | null;
  readonly hasPush: boolean;
  readonly isAppleMobile: boolean;
  readonly isInstalled: boolean;
}

export interface Push {
  state(): Promise<PushState>;
  /** Asks for permission where that is needed. Call from a click. Gives the new state, and why it is no better. */
  turnOn(): Promise<{ state: PushState; problem: string | null }>;
  turnOff(): Promise<PushState>;
  /** At every start, and when an account was attached. */
  resume(): Promise<PushState>;
  /** Before someone signs out, while the server still knows who asks: it pushes here no more. */
  leave(): Promise<void>;
  /** Someone signed out: nothing of theirs may be shown here any more. */
  forget(): Promise<void>;
}

interface PushOptions {
  readonly kept: Kept;
  readonly server: NotificationServer;
  readonly deviceId: () => string;
  readonly hasAccount: () => boolean;
}

const IS_ON = 'notifications-on';
/** A push service that cannot be reached is never answered for: the browser waits for ever. */
const SUBSCRIBE_TIMEOUT_MS = 20_000;

export function lookForPush(): PushSurroundings {
  const { userAgent, maxTouchPoints } = navigator;
  return {
    isSecureContext: globalThis.isSecureContext,
    permission: typeof Notification === 'undefined' ? null : Notification.permission,
    hasPush: 'serviceWorker' in navigator && 'PushManager' in globalThis,
    isAppleMobile: /iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1),
    isInstalled: matchMedia('(display-mode: standalone)').matches,
  };
}

/** What stands in the way; null: nothing. */
export function obstacle(around: PushSurroundings): PushState | null {
  if (!around.isSecureContext) return 'insecure';
  if (!around.hasPush || around.permission === null) {
    return around.isAppleMobile && !around.isInstalled ? 'needs-install' : 'unsupported';
  }
  return around.permission === 'denied' ? 'blocked' : null;
}

export function createPush({ kept, server, deviceId, hasAccount }: PushOptions): Push {
  let isConfirmed = false;
  let problem: string | null = null;

  async function state(): Promise<PushState> {
    const around = lookForPush();
    const blocked = obstacle(around);
    if (blocked) return blocked;
    if (around.permission !== 'granted' || (await kept.read(IS_ON)) !== true) return 'off';
    if (!hasAccount()) return 'on-while-open';
    return isConfirmed ? 'on' : 'on-unconfirmed';
  }

  async function subscribe(): Promise<void> {
    isConfirmed = false;
    problem = null;
    if (!hasAccount()) return;
    const key = await server.pushKey();
    if (!key.ok) {
      problem = key.message;
      return;
    }
    try {
      const subscription = await withLimit(subscriptionFor(key.value));
      const told = await server.subscribe(subscription.toJSON(), deviceId());
      isConfirmed = told.ok;
      if (!told.ok) problem = told.message;
    } catch (error) {
      problem = t('This browser could not reach its push service ({why}).', {
        why: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async function subscriptionFor(key: string): Promise<PushSubscription> {
    const { pushManager } = await navigator.serviceWorker.ready;
    const existing = await pushManager.getSubscription();
    if (existing && isSameKey(existing, key)) return existing;
    // Another server, or one with new keys: the old subscription is of no use to it.
    await existing?.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  async function current(): Promise<PushSubscription | null> {
    if (!('serviceWorker' in navigator)) return null;
    const registration = await navigator.serviceWorker.getRegistration();
    return (await registration?.pushManager?.getSubscription()) ?? null;
  }

  return {
    state,
    async turnOn() {
      const blocked = obstacle(lookForPush());
      if (blocked) return { state: blocked, problem: null };
      const permission = await Notification.requestPermission();
      if (permission !== 'granted')
        return { state: permission === 'denied' ? 'blocked' : 'off', problem: null };
      await kept.write(IS_ON, true);
      await subscribe();
      return { state: await state(), problem };
    },
    async turnOff() {
      await kept.write(IS_ON, false);
      isConfirmed = false;
      const subscription = await current();
      if (subscription) {
        if (hasAccount()) await server.unsubscribe(subscription.endpoint);
        await subscription.unsubscribe();
      }
      return state();
    },
    async resume() {
      const now = await state();
      if (now !== 'on' && now !== 'on-unconfirmed') return now;
      await subscribe();
      return state();
    },
    async leave() {
      const subscription = await current();
      if (!subscription || !hasAccount()) return;
      isConfirmed = false;
      await server.unsubscribe(subscription.endpoint);
    },
    async forget() {
      isConfirmed = false;
      const subscription = await current();
      // A server that could not be told learns it from the push service (410).
      await subscription?.unsubscribe();
      const registration = await navigator.serviceWorker?.getRegistration();
      for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
    },
  };
}

function withLimit<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(t('it did not answer')));
    }, SUBSCRIBE_TIMEOUT_MS);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

function isSameKey({ options }: PushSubscription, key: string): boolean {
  const held = options.applicationServerKey;
  if (!held) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(held)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === key.replace(/=+$/, '');
}
