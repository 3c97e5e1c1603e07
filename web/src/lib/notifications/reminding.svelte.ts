/**
 * Being reminded while the app is open: what is shown, by which window, and what can be done about it.
 *
 * Promise: it needs neither server nor account nor network. A window that is looked at shows a notice; of windows that
 * nobody looks at, the leader shows a notification of the system, where that is allowed. One firing is shown once by this
 * device (shown.ts), whether by a window or by push: both use the firing's key as tag. What is completed or snoozed
 * anywhere disappears here. The service worker's buttons are carried out here while a window is open.
 *
 * Limits: quiet hours, default reminder and the hour for whole days are the person's preferences as last seen, so they
 * hold offline; they can be changed only where the server can be asked, except without an account.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import type { EpochMs, TaskId } from '@holdfast/core/ids.ts';
import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  type NotificationPreferences,
  readNotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import type { ReminderInstant } from '@holdfast/core/reminders.ts';
import type { Clock } from '../clock.svelte.ts';
import type { Device } from '../device/device.ts';
import { inSlices } from '../device/slices.ts';
import type { Intents } from '../tasks/intents.ts';
import { timeWords } from '../words/due-words.ts';
import {
  notificationActions,
  type ActionName,
  type NotificationData,
  type PushPayload,
  SNOOZE_MS,
  type Target,
} from './payload.ts';
import type { Push, PushState } from './push.ts';
import type { ReminderClock } from './reminder-clock.ts';
import {
  createNotificationServer,
  type NotificationEntry,
  type NotificationServer,
} from './notification-api.ts';
import { settlePreferences } from './own-preferences.ts';
import { claimShown, shownKeys } from './shown.ts';
import { isWindowRequest, type WindowAnswer, type WindowRequest } from './window-messages.ts';
import type { LanguageId } from '../words/app-language.ts';
import { t } from '../words/language.ts';
import { localTime, timeZoneHere } from '../words/time-zone.ts';

/** One reminder on the screen. */
export interface Notice {
  readonly key: string;
  readonly taskId: string;
  readonly ordinal: number;
  readonly at: number;
}

export type PreferenceResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

export type PreferenceChange = (current: NotificationPreferences) => Partial<NotificationPreferences>;

interface RemindingOptions {
  readonly intents: Intents;
  readonly clock: Clock;
  readonly connection: () => string;
  /** Of the app. */
  readonly language: () => LanguageId;
}

const PREFERENCES = 'notification-preferences';
const WATCHED_UNTIL = 'watched-until';
const TOLD = 'told-notifications';
/** A hidden leader lets a window that is looked at go first. */
const YIELD_MS = 300;
/** What was missed is told once the server had the time to say what is done. */
const CATCH_UP_MS = 6_000;
const WATCH_MS = 60_000;
const RECENT_MS = 7 * 24 * 60 * 60_000;

export class Reminding {
  /** Oldest first. */
  notices: readonly Notice[] = $state.raw([]);
  /** What came due while nobody was there, and still stands. */
  missed: readonly Notice[] = $state.raw([]);
  preferences: NotificationPreferences = $state.raw(ownDefaults());
  /** What was chosen here has been read: until then the preferences are the defaults and must not be saved. */
  isReady = $state(false);
  pushState: PushState = $state('off');
  pushProblem: string | null = $state(null);
  /** Counts what the server told of, so that the history is read again. */
  news = $state(0);

  /** Shows a task; set by who knows the way around. */
  openTask: (taskId: string | null) => void = () => undefined;

  readonly #options: RemindingOptions;
  #device: Device | null = null;
  #clock: ReminderClock | null = null;
  #push: Push | null = null;
  #server: NotificationServer | null = null;
  #stops: (() => void)[] = [];
  #lastChange: Promise<unknown> = Promise.resolve();
  /** What the server holds for this person was read, or is being read. */
  #isSettled = false;
  #wasOnline = false;

  constructor(options: RemindingOptions) {
    this.#options = options;
  }

  get server(): NotificationServer {
    this.#server ??= createNotificationServer(location.origin);
    return this.#server;
  }

  open(device: Device): void {
    this.#device = device;
    this.#stops = [
      device.onAccount(() => {
        this.#isSettled = false;
        void this.#attached();
      }),
      device.onStatus(({ connection }) => {
        const isBack = connection === 'online' && !this.#wasOnline;
        this.#wasOnline = connection === 'online';
        if (isBack) void this.#settle(device);
      }),
      device.onLeaving(() => this.#push?.leave() ?? Promise.resolve()),
      device.onNotify(() => {
        this.news += 1;
        void this.#hearNews();
      }),
      listen(globalThis.document, 'visibilitychange', () => {
        this.#clock?.look();
        void this.#watch();
      }),
      listen(globalThis, 'online', () => void this.#resumePush()),
    ];
    if ('serviceWorker' in navigator) {
      this.#stops.push(
        listen(navigator.serviceWorker, 'message', (event) => this.#hear(event as MessageEvent)),
      );
      navigator.serviceWorker.startMessages();
    }
    void this.#watchPermission();
    void this.#begin(device);
  }

  complete(notice: Notice): void {
    this.#options.intents.completeReminded(notice.taskId, notice.ordinal);
    this.dismiss(notice);
  }

  snooze(notice: Notice): void {
    const until = Date.now() + SNOOZE_MS;
    const words = timeWords(localTime(until), this.#options.clock.locale);
    this.#options.intents.snoozeReminded(notice.taskId, notice.ordinal, until, words);
    this.dismiss(notice);
  }

  dismiss(notice: Notice): void {
    this.notices = this.notices.filter(({ key }) => key !== notice.key);
    void closeNotification(notice.key);
  }

  dismissMissed(): void {
    this.missed = [];
  }

  async turnOn(): Promise<void> {
    if (!this.#push) return;
    const { state, problem } = await this.#push.turnOn();
    this.pushState = state;
    this.pushProblem = problem;
  }

  async turnOff(): Promise<void> {
    if (!this.#push) return;
    this.pushState = await this.#push.turnOff();
    this.pushProblem = null;
  }

  /** Without a server: one notification from here. False: it was not shown. */
  async showTest(): Promise<boolean> {
    const registration = await navigator.serviceWorker?.getRegistration();
    try {
      await registration?.showNotification(t('Notifications work'), {
        tag: 'holdfast-test',
        body: t('This is the test that you asked for.'),
        icon: '/icons/icon-192.png',
      });
      return registration !== undefined;
    } catch {
      return false;
    }
  }

  /** Someone signed out: what was shown is theirs. Never takes long. */
  async forget(): Promise<void> {
    const limit = new Promise((resolve) => setTimeout(resolve, 1_500));
    await Promise.race([this.#push?.forget().catch(() => undefined), limit]);
  }

  /**
   * With an account only where the server answers; the local copy follows it. Changes are made one after the other, each
   * to what the one before left: two quick ones keep both.
   */
  changePreferences(change: PreferenceChange): Promise<PreferenceResult> {
    const saved = this.#lastChange.then(() => this.#changePreferences(change));
    this.#lastChange = saved.catch(() => undefined);
    return saved;
  }

  async #changePreferences(change: PreferenceChange): Promise<PreferenceResult> {
    const device = this.#device;
    if (!device || !this.isReady) return { ok: false, message: t('Your tasks are still being opened.') };
    const next = { ...this.preferences, ...change(this.preferences) };
    if (device.account) {
      const saved = await this.server.savePreferences(next);
      if (!saved.ok) return { ok: false, message: saved.message };
      await this.#use(saved.value);
    } else await this.#use(next);
    return { ok: true };
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#clock?.close();
  }

  // --- beginning

  async #begin(device: Device): Promise<void> {
    // Neither is needed for the first paint.
    const [{ createPush }, { createReminderClock }] = await Promise.all([
      import('./push.ts'),
      import('./reminder-clock.ts'),
    ]);
    this.#push = createPush({
      kept: device.kept,
      server: this.server,
      deviceId: () => device.self.id,
      hasAccount: () => device.account !== null,
    });
    const kept = readNotificationPreferences(await device.kept.read(PREFERENCES));
    if (kept.ok) this.preferences = kept.preferences;
    this.isReady = true;
    const watched = await device.kept.read(WATCHED_UNTIL);
    if (this.#device !== device) return;
    this.#clock = createReminderClock({
      document: device.document,
      now: () => Date.now() as EpochMs,
      preferences: () => this.preferences,
      since: typeof watched === 'number' ? watched : Date.now(),
      onDue: (due) => void this.#tell(due),
      onMissed: (missed) => void this.#tellMissed(missed),
      onChange: (taskIds) => this.#drop(taskIds),
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      inSteps: (steps) => void inSlices(steps),
    });
    const watching = setInterval(() => void this.#watch(), WATCH_MS);
    this.#stops.push(() => clearInterval(watching));
    void this.#watch();
    this.pushState = (await this.#push?.state()) ?? 'off';
    await this.#attached();
  }

  /** An account is there, from the start or from now on. */
  async #attached(): Promise<void> {
    const device = this.#device;
    if (!device?.account) {
      this.pushState = (await this.#push?.state()) ?? 'off';
      return;
    }
    await this.#resumePush();
    await this.#settle(device);
    await this.#hearNews();
  }

  /** Again whenever the server comes back, until it has answered: it plans by what it holds. */
  async #settle(device: Device): Promise<void> {
    if (!device.account || this.#isSettled || !this.isReady) return;
    this.#isSettled = true;
    const settled = await settlePreferences(this.server, this.preferences, this.#options.language());
    if (settled) await this.#use(settled);
    else this.#isSettled = false;
  }

  /** The person may allow or block notifications in the browser's own settings at any time. */
  async #watchPermission(): Promise<void> {
    const permission = await navigator.permissions?.query({ name: 'notifications' }).catch(() => undefined);
    if (!permission) return;
    this.#stops.push(listen(permission, 'change', () => void this.#resumePush()));
  }

  async #resumePush(): Promise<void> {
    this.pushState = (await this.#push?.resume().catch(() => undefined)) ?? this.pushState;
  }

  async #use(preferences: NotificationPreferences): Promise<void> {
    this.preferences = preferences;
    this.#clock?.replan();
    await this.#device?.kept.write(PREFERENCES, preferences);
  }

  /** Someone, or at least this window, was there up to now. */
  async #watch(): Promise<void> {
    await this.#device?.kept.write(WATCHED_UNTIL, Date.now()).catch(() => undefined);
  }

  // --- telling

  async #tell(due: readonly ReminderInstant[]): Promise<void> {
    const device = this.#device;
    if (!device) return;
    if (!isSeen()) {
      if (!device.isLeader) return;
      await new Promise((resolve) => setTimeout(resolve, YIELD_MS));
    }
    for (const instant of due) {
      if (!(await claimShown(device.kept, instant.key, instant.at))) continue;
      const notice = noticeOf(instant);
      if (isSeen() && this.preferences.channels.app) this.#add(notice);
      else if (!(await this.#notify(notice)) && this.preferences.channels.app) this.#add(notice);
    }
  }

  async #tellMissed(missed: readonly ReminderInstant[]): Promise<void> {
    const device = this.#device;
    if (!device) return;
    await this.#caughtUp();
    const fresh: Notice[] = [];
    for (const instant of missed) {
      if (!this.#clock?.isCurrent(instant.key, instant.taskId)) continue;
      if (await claimShown(device.kept, instant.key, instant.at)) fresh.push(noticeOf(instant));
    }
    this.#addMissed(fresh);
  }

  #add(notice: Notice): void {
    if (this.notices.some(({ key }) => key === notice.key)) return;
    this.notices = [...this.notices, notice];
  }

  #addMissed(fresh: readonly Notice[]): void {
    const isNew = (notice: Notice): boolean =>
      ![...this.missed, ...this.notices].some(
        (other) =>
          other.taskId === notice.taskId && other.ordinal === notice.ordinal && other.at === notice.at,
      );
    this.missed = [...this.missed, ...fresh.filter(isNew)].sort((a, b) => a.at - b.at);
  }

  /** False: not allowed here. */
  async #notify(notice: Notice): Promise<boolean> {
    if (
      this.pushState !== 'on' &&
      this.pushState !== 'on-while-open' &&
      this.pushState !== 'on-unconfirmed'
    ) {
      return false;
    }
    const registration = await navigator.serviceWorker.getRegistration();
    const device = this.#device;
    if (!registration || !device) return false;
    const target: Target = { ...notice, spaceId: device.account?.spaceId ?? '' };
    const data: NotificationData = { id: null, tag: notice.key, target };
    const options: NotificationOptions & { actions: object[]; timestamp: number; renotify: boolean } = {
      tag: notice.key,
      body: this.#detail(device.document, notice),
      icon: '/icons/icon-192.png',
      badge: '/icons/icon-192.png',
      data,
      renotify: false,
      timestamp: notice.at,
      actions: notificationActions(),
    };
    const title = device.document.task(notice.taskId as TaskId)?.title ?? t('A task is due');
    try {
      await registration.showNotification(title, options);
      return true;
    } catch {
      return false;
    }
  }

  #detail(document: HoldfastDocument, { taskId }: Notice): string {
    const listId = document.task(taskId as TaskId)?.listId;
    return (listId && document.list(listId)?.name) || '';
  }

  /** Takes down what is over. */
  #drop(taskIds: ReadonlySet<string>): void {
    const isOver = ({ key, taskId }: { key: string; taskId: string }): boolean =>
      taskIds.has(taskId) && !this.#clock?.isCurrent(key, taskId);
    if (this.notices.some(isOver)) this.notices = this.notices.filter((notice) => !isOver(notice));
    const document = this.#device?.document;
    const isClosed = ({ taskId, ordinal }: Notice): boolean =>
      taskIds.has(taskId) &&
      !document?.openOccurrences(taskId as TaskId).some((occurrence) => occurrence.ordinal === ordinal);
    if (this.missed.some(isClosed)) this.missed = this.missed.filter((notice) => !isClosed(notice));
    void this.#closeOver(taskIds);
  }

  /** Notifications of the system, whoever showed them. */
  async #closeOver(taskIds: ReadonlySet<string>): Promise<void> {
    if (!('serviceWorker' in navigator) || !this.#device?.isLeader) return;
    const registration = await navigator.serviceWorker.getRegistration();
    for (const shown of (await registration?.getNotifications()) ?? []) {
      const target = (shown.data as NotificationData | null)?.target;
      if (target && taskIds.has(target.taskId) && !this.#clock?.isCurrent(shown.tag, target.taskId))
        shown.close();
    }
  }

  // --- the server

  /** Message 106, and every start: what was missed while no device of this person could tell. */
  async #hearNews(): Promise<void> {
    const device = this.#device;
    if (!device?.account) return;
    const history = await this.server.history({ limit: 50 });
    if (!history.ok) return;
    await this.#caughtUp();
    const shown = await shownKeys(device.kept);
    const fresh: Notice[] = [];
    for (const entry of history.value.items) {
      if (entry.kind !== 'reminder' || entry.state !== 'missed' || entry.taskId === null) continue;
      if (entry.fireAt < Date.now() - RECENT_MS || entry.actedAt !== null) continue;
      const notice = noticeOfEntry(entry, entry.taskId);
      if (wasShown(shown, notice) || !isOpen(device.document, notice)) continue;
      if (await this.#claimNews(device, entry.id)) fresh.push(notice);
    }
    if (fresh.length > 0) this.#addMissed(fresh);
  }

  #claimNews(device: Device, id: string): Promise<boolean> {
    return device.kept.change(TOLD, (current) => {
      const told = Array.isArray(current) ? (current as string[]) : [];
      return told.includes(id) ? [undefined, false] : [[...told.slice(-199), id], true];
    });
  }

  /** The document is what the server has, or time enough was given to it. */
  async #caughtUp(): Promise<void> {
    const device = this.#device;
    if (!device?.account || this.#options.connection() === 'online') return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(end, CATCH_UP_MS);
      const stop = device.onStatus(({ connection }) => {
        if (connection === 'online') end();
      });
      function end(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    });
  }

  // --- the service worker

  #hear(event: MessageEvent): void {
    const request: unknown = event.data;
    const [port] = event.ports;
    if (!isWindowRequest(request) || !port) return;
    void this.#answer(request).then((answer) => {
      port.postMessage(answer);
    });
  }

  async #answer(request: WindowRequest): Promise<WindowAnswer> {
    const device = this.#device;
    if (!device) return { ok: false };
    switch (request.type) {
      case 'holdfast:act':
        return { ok: await this.#act(device, request.action, request.target, request.until) };
      case 'holdfast:pushed':
        return { ok: await this.#pushed(device, request.payload) };
      case 'holdfast:open':
        this.openTask(request.taskId);
        return { ok: true };
      default:
        return request satisfies never;
    }
  }

  async #act(device: Device, action: ActionName, target: Target, until: number): Promise<boolean> {
    const { taskId, ordinal } = target;
    if (!isOpen(device.document, { taskId, ordinal })) return false;
    if (action === 'complete') this.#options.intents.completeReminded(taskId, ordinal);
    else {
      const words = timeWords(localTime(until), this.#options.clock.locale);
      this.#options.intents.snoozeReminded(taskId, ordinal, until, words);
    }
    return device.stored();
  }

  /** True: this window shows it, or has shown it. The worker's notification then makes no sound. */
  async #pushed(device: Device, { target, tag }: PushPayload): Promise<boolean> {
    if (!target || !isSeen() || !this.preferences.channels.app) return false;
    if (!isOpen(device.document, target)) return false;
    if (this.#clock && !this.#clock.isCurrent(tag, target.taskId)) return false;
    if (await claimShown(device.kept, tag, target.at)) {
      this.#add({ key: tag, taskId: target.taskId, ordinal: target.ordinal, at: target.at });
    }
    return this.notices.some(({ key }) => key === tag);
  }
}

function ownDefaults(): NotificationPreferences {
  return { ...DEFAULT_NOTIFICATION_PREFERENCES, timeZone: timeZoneHere() };
}

function noticeOf({ key, taskId, ordinal, at }: ReminderInstant): Notice {
  return { key, taskId, ordinal, at };
}

function noticeOfEntry(entry: NotificationEntry, taskId: string): Notice {
  return { key: entry.id, taskId, ordinal: entry.ordinal, at: entry.fireAt };
}

/** Keys end with the instant and begin with the task (core/reminders.ts). */
function wasShown(shown: ReadonlyMap<string, number>, { taskId, at }: Notice): boolean {
  return [...shown.keys()].some((key) => key.startsWith(taskId) && key.endsWith(`/${String(at)}`));
}

function isOpen(
  document: HoldfastDocument,
  { taskId, ordinal }: { taskId: string; ordinal: number },
): boolean {
  return document.openOccurrences(taskId as TaskId).some((occurrence) => occurrence.ordinal === ordinal);
}

function isSeen(): boolean {
  return globalThis.document.visibilityState === 'visible';
}

async function closeNotification(tag: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag })) ?? []) shown.close();
}

function listen(target: EventTarget, type: string, run: (event: Event) => void): () => void {
  target.addEventListener(type, run);
  return () => {
    target.removeEventListener(type, run);
  };
}
