/**
 * Reminders while no window is open: push messages become notifications, and their buttons become edits.
 *
 * Promise: a reminder carries no text of a task; title and date are looked up in this device's own store. What is done,
 * snoozed or thrown away here is not shown again. Complete and Snooze are stored before the notification counts as dealt
 * with, offline too; one that could not be stored says so in a notification. The tag is the key of the firing, so a push and
 * what an open page shows by itself are one notification, and a repeated push makes no sound.
 *
 * Limits: browsers take push away from an app whose pushes show nothing (iOS at once, Chromium after a few). So where
 * nothing is to be said and nothing else is on the screen, a silent notification is shown and closed at once. iOS has no
 * background sync: what could not be sent waits for the next start there. The document's code is a script of its own
 * (../lib/device/background.ts) that is fetched with this one when it is installed and run only when an event needs it.
 */
import type { Background } from '../lib/device/background-door.ts';
import {
  notificationActions,
  readData,
  readPayload,
  SNOOZE_MS,
  type ActionName,
  type NotificationData,
  type PushPayload,
  type Target,
} from '../lib/notifications/payload.ts';
import type { WindowAnswer, WindowRequest } from '../lib/notifications/window-messages.ts';
import { t } from '../lib/words/language.ts';
import { speakNotices } from '../lib/words/notice-words.ts';
import { leftForWorker } from '../lib/words/worker-choices.ts';

/** Of the tags that the page uses too: the icons of its manifest. */
const ICON = '/icons/icon-192.png';
const SEND_TAG = 'holdfast-send';
/** A window in the background may be frozen and never answer; one that is looked at is at most busy. */
const HIDDEN_ANSWER_MS = 1_500;
/** Longer than the server may take to be asked for a task (background.ts). */
const LOOK_MS = 10_000;
const VISIBLE_ANSWER_MS = 10_000;
const NEWS_TAG = 'holdfast-news';
const QUIET_TAG = 'holdfast-quiet';

/** What TypeScript's library does not know of notifications and of Background Sync. */
interface ShownOptions extends NotificationOptions {
  readonly actions?: readonly { readonly action: string; readonly title: string }[];
  readonly renotify?: boolean;
  readonly timestamp?: number;
}
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}
interface PushSubscriptionChangeEvent extends ExtendableEvent {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}

export function answerReminders(self: ServiceWorkerGlobalScope, build: string): void {
  const script = `/document-worker.js?${build}`;
  const { registration } = self;

  // While it is being installed the script may be fetched, and is kept with this worker; later it only runs.
  self.addEventListener('install', () => {
    self.importScripts(script);
  });
  self.addEventListener('push', (event) => {
    event.waitUntil(onPush(event.data));
  });
  self.addEventListener('notificationclick', (event) => {
    event.waitUntil(onClick(event.notification, event.action));
  });
  self.addEventListener('pushsubscriptionchange', (event) => {
    const { oldSubscription, newSubscription } = event as PushSubscriptionChangeEvent;
    (event as ExtendableEvent).waitUntil(resubscribe(oldSubscription ?? null, newSubscription ?? null));
  });
  (self as EventTarget).addEventListener('sync', (event) => {
    if ((event as SyncEvent).tag === SEND_TAG) (event as SyncEvent).waitUntil(sendOrFail());
  });

  let screen: Promise<unknown> = Promise.resolve();

  /**
   * Showing and asking what is shown, one at a time: Chromium 156 forgets a notification that is being shown while it is
   * asked which ones are there.
   */
  function onScreen<T>(work: () => Promise<T>): Promise<T> {
    const mine = screen.then(work);
    screen = mine.catch(() => undefined);
    return mine;
  }

  function background(): Background {
    if (!globalThis.holdfastBackground) self.importScripts(script);
    const loaded = globalThis.holdfastBackground;
    if (!loaded) throw new Error(`${script} did not set holdfastBackground`);
    return loaded;
  }

  // --- a push has come

  async function onPush(data: PushMessageData | null): Promise<void> {
    const language = await speakInWorker();
    const payload = readPayload(jsonOf(data));
    if (!payload) {
      await show(
        { id: null, tag: NEWS_TAG, target: null },
        { title: 'Holdfast', body: t('Open Holdfast to see what is new.') },
      );
      return;
    }
    switch (payload.kind) {
      case 'close':
        return closeElsewhereDone(payload);
      case 'reminder':
        return remind(payload, language);
      case 'digest':
        return show(payload, {
          title: payload.title ?? t('Your reminders'),
          body: t('These were held during your quiet hours. Open Holdfast to see them.'),
        }).then(() => report(payload.id, 'shown'));
      case 'test':
        return show(payload, {
          title: payload.title ?? t('Notifications work'),
          body: t('This is the test that you asked for.'),
        }).then(() => report(payload.id, 'shown'));
      default:
        return payload.kind satisfies never;
    }
  }

  async function remind(payload: PushPayload, language: string): Promise<void> {
    const isInWindow = await isShownInWindow(payload);
    const { target, tag } = payload;
    const look = target ? await within(LOOK_MS, () => background().look(target, language)) : null;
    if (look) await setBadge(look.dueCount);
    if (look?.state === 'over') return showNothing();
    if (look && target) await within(LOOK_MS, () => background().markShown(tag, target.at));
    await show(payload, {
      title: look?.title ?? payload.title ?? t('A task is due'),
      body: look?.detail ?? (look?.title ? '' : t('Open Holdfast to see it.')),
      isActionable: target !== null,
      isSilent: isInWindow,
    });
    await report(payload.id, 'shown');
  }

  async function closeElsewhereDone({ tag }: PushPayload): Promise<void> {
    await closeTagged(tag);
    await showNothing();
  }

  /** A window that is looked at shows it as a card by itself: the notification is then there, but makes no sound. */
  async function isShownInWindow(payload: PushPayload): Promise<boolean> {
    const visible = (await windows()).filter((client) => client.visibilityState === 'visible');
    for (const client of visible) {
      if ((await ask(client, { type: 'holdfast:pushed', payload }))?.ok) return true;
    }
    return false;
  }

  /** The least that keeps a push subscription alive, and only where the browser would count this one as silent. */
  async function showNothing(): Promise<void> {
    const isSeen = (await windows()).some((client) => client.visibilityState === 'visible');
    const others = await onScreen(() => registration.getNotifications());
    if (!isEachPushShown() && (isSeen || others.length > 0)) return;
    await onScreen(() => registration.showNotification(t('Done'), { tag: QUIET_TAG, silent: true }));
    await closeTagged(QUIET_TAG);
  }

  async function closeTagged(tag: string): Promise<void> {
    const tagged = await onScreen(() => registration.getNotifications({ tag }));
    for (const notification of tagged) notification.close();
  }

  /** Other reminders of the same occurrence have nothing to say any more. */
  async function closeAbout({ taskId, ordinal }: Target): Promise<void> {
    for (const notification of await onScreen(() => registration.getNotifications())) {
      const about = readData(notification.data)?.target;
      if (about?.taskId === taskId && about.ordinal === ordinal) notification.close();
    }
  }

  async function show(
    about: { id: string | null; tag: string; target: Target | null },
    words: { title: string; body: string; isActionable?: boolean; isSilent?: boolean },
  ): Promise<void> {
    const data: NotificationData = { id: about.id, tag: about.tag, target: about.target };
    const options: ShownOptions = {
      tag: about.tag,
      body: words.body,
      icon: ICON,
      badge: ICON,
      data,
      renotify: false,
      ...(words.isSilent ? { silent: true } : {}),
      ...(about.target ? { timestamp: about.target.at } : {}),
      ...(words.isActionable ? { actions: notificationActions() } : {}),
    };
    await onScreen(() => registration.showNotification(words.title, options));
  }

  // --- someone answered one

  async function onClick(notification: Notification, action: string): Promise<void> {
    notification.close();
    const data = readData(notification.data);
    if (action !== 'complete' && action !== 'snooze') return openApp(data);
    if (!data?.target) return openApp(data);
    await act(action, data, data.target, notification.title);
  }

  async function act(
    action: ActionName,
    data: NotificationData,
    target: Target,
    title: string,
  ): Promise<void> {
    await speakInWorker();
    const until = Date.now() + SNOOZE_MS;
    if (!(await askWindowToAct(action, target, until))) {
      const acted = await background()
        .act(action, target, until)
        .catch((error: unknown) => ({ isSaved: false, isSent: false, problem: String(error) }));
      if (!acted.isSaved) {
        const why = acted.problem ?? t('it could not be stored.');
        // Not lost without a word: it comes back, with why, and can be tried again.
        await show(data, {
          title,
          body: action === 'complete' ? t('Not completed: {why}', { why }) : t('Not snoozed: {why}', { why }),
          isActionable: true,
        });
        return;
      }
      if (!acted.isSent) await sendLater();
    }
    await closeAbout(target);
    await report(data.id, 'acted', action);
  }

  async function askWindowToAct(action: ActionName, target: Target, until: number): Promise<boolean> {
    const [best] = (await windows()).sort((a, b) => rank(a) - rank(b));
    return best ? ((await ask(best, { type: 'holdfast:act', action, target, until }))?.ok ?? false) : false;
  }

  async function openApp(data: NotificationData | null): Promise<void> {
    const taskId = data?.target?.taskId ?? null;
    void report(data?.id ?? null, 'acted', 'open');
    const [best] = (await windows()).sort((a, b) => rank(a) - rank(b));
    if (best && 'focus' in best) {
      await best.focus().catch(() => undefined);
      if ((await ask(best, { type: 'holdfast:open', taskId }))?.ok) return;
    }
    await self.clients.openWindow(taskId === null ? '/' : `/?task=${encodeURIComponent(taskId)}`);
  }

  // --- what the server is told

  /** Best effort: the history of notifications is poorer without it, nothing else. */
  async function report(
    id: string | null,
    what: 'shown' | 'acted',
    action?: ActionName | 'open',
  ): Promise<void> {
    if (id === null) return;
    const path = `/api/v1/notifications/${encodeURIComponent(id)}/${what}`;
    await send('POST', path, action ? { action } : {}).catch(() => undefined);
  }

  async function resubscribe(old: PushSubscription | null, fresh: PushSubscription | null): Promise<void> {
    const key = old?.options.applicationServerKey ?? (await serverKey());
    if (!key) return;
    const subscription =
      fresh ??
      (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    const { endpoint, keys } = subscription.toJSON();
    const { deviceId } = await background().whoAmI();
    await send('POST', '/api/v1/push-subscriptions', { endpoint, keys, deviceId });
    if (old && old.endpoint !== endpoint) {
      await send('DELETE', '/api/v1/push-subscriptions', { endpoint: old.endpoint });
    }
  }

  async function serverKey(): Promise<string | null> {
    const answer = await fetch('/api/v1/push-subscriptions/key', { credentials: 'include' });
    const { key } = (await answer.json()) as { key?: unknown };
    return answer.ok && typeof key === 'string' ? key : null;
  }

  /** Once there is a network, where the browser offers that; else the next start sends it. */
  async function sendLater(): Promise<void> {
    const { sync } = registration as { sync?: { register(tag: string): Promise<void> } };
    await sync?.register(SEND_TAG).catch(() => undefined);
  }

  async function sendOrFail(): Promise<void> {
    if (await background().send()) return;
    // The browser tries again later, a few times.
    throw new Error('Some edits are not on the server yet.');
  }

  // --- windows

  async function windows(): Promise<WindowClient[]> {
    return [...(await self.clients.matchAll({ type: 'window', includeUncontrolled: true }))];
  }

  function setBadge(count: number): Promise<void> {
    const { setAppBadge } = self.navigator as { setAppBadge?: (count: number) => Promise<void> };
    return setAppBadge?.call(self.navigator, count).catch(() => undefined) ?? Promise.resolve();
  }
}

function ask(client: WindowClient, request: WindowRequest): Promise<WindowAnswer | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const limitMs = client.visibilityState === 'visible' ? VISIBLE_ANSWER_MS : HIDDEN_ANSWER_MS;
    const timer = setTimeout(() => resolve(null), limitMs);
    port1.onmessage = (event: MessageEvent<WindowAnswer>) => {
      clearTimeout(timer);
      resolve(event.data);
    };
    client.postMessage(request, [port2]);
  });
}

/** The window that someone is most likely looking at. */
function rank(client: WindowClient): number {
  return client.focused ? 0 : client.visibilityState === 'visible' ? 1 : 2;
}

/** Safari, and everything on iOS. */
function isEachPushShown(): boolean {
  return /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);
}

/** null: it failed, or took too long. A push has to show something, whatever the store and the network do. */
function within<T>(limitMs: number, work: () => Promise<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), limitMs);
    const end = (answer: T | null): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    Promise.resolve()
      .then(work)
      .then(end, () => end(null));
  });
}

function send(method: 'POST' | 'DELETE', path: string, body: object): Promise<Response> {
  return fetch(path, {
    method,
    credentials: 'include',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function jsonOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return null;
  }
}

/** The language of the notifications from now on, as a window left it or as the browser has it. */
async function speakInWorker(): Promise<string> {
  const language = (await leftForWorker()).language ?? navigator.language.slice(0, 2);
  speakNotices(language);
  return language;
}
