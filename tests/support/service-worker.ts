/**
 * The service worker of a browser context, as a push service and a person's finger reach it.
 *
 * Promise: a push comes through the DevTools protocol, decrypted, as the browser hands it to the worker; what is on the
 * screen is read from the registration; a button of a notification is pressed by the event that the browser would send.
 * Limits: an event made by a script cannot keep the worker alive (`waitUntil` throws for it), which the open DevTools
 * session does. Chromium cannot press a notification's button from outside.
 */
import { vi } from 'vitest';
import type { BrowserContext, Page, Worker } from './chromium.ts';

const SHOWN_WITHIN_MS = 60_000;

export interface Shown {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  readonly actions: readonly string[];
  readonly silent: boolean;
}

export interface ServiceWorkerHandle {
  readonly worker: Worker;
  push(payload: object | string): Promise<void>;
  /** What is on the screen. */
  shown(): Promise<Shown[]>;
  /** Resolves once what is on the screen is so many notifications. @throws after a minute. */
  untilShown(count: number): Promise<Shown[]>;
  /** Presses a button of the notification with that tag; '' is the notification itself. */
  press(tag: string, action: 'complete' | 'snooze' | ''): Promise<void>;
  /** Resolves once the document's code in the worker has done everything that was asked of it. */
  settled(): Promise<void>;
  /** The event that the browser sends once it has a network, to what asked for it. */
  sync(tag: string): Promise<void>;
}

/** Waits until the page is under the care of its worker. */
export async function serviceWorkerOf(context: BrowserContext, page: Page): Promise<ServiceWorkerHandle> {
  const arrived = context.serviceWorkers()[0] ?? context.waitForEvent('serviceworker');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
  });
  const worker = await arrived;
  await worker.evaluate(takeTurns);
  const origin = new URL(page.url()).origin;
  const devtools = await context.newCDPSession(page);
  const registrationId = await new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find(({ scopeURL }) => scopeURL.startsWith(origin));
      if (ours) resolve(ours.registrationId);
    });
    void devtools.send('ServiceWorker.enable');
  });
  const shown = (): Promise<Shown[]> => worker.evaluate(readShown);

  return {
    worker,
    async push(payload) {
      const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
      await devtools.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
    },
    shown,
    // The browser tells nobody of a notification that was shown or closed. Asking without a pause would leave the
    // worker no time for the events that it waits for.
    untilShown: (count) =>
      vi.waitUntil(
        async () => {
          // What is shown only to have shown something is on its way out.
          const found = (await shown()).filter(({ tag }) => tag !== 'holdfast-quiet');
          return found.length === count && found;
        },
        { interval: 20, timeout: SHOWN_WITHIN_MS },
      ),
    async press(tag, action) {
      await worker.evaluate(press, { tag, action });
    },
    async settled() {
      // One thing at a time (background.ts): what is asked now is answered last.
      await worker.evaluate(async () => {
        await (
          globalThis as unknown as {
            holdfastBackground: { markShown(tag: string, at: number): Promise<boolean> };
          }
        ).holdfastBackground.markShown('test', 0);
      });
    },
    async sync(tag) {
      await devtools.send('ServiceWorker.dispatchSyncEvent', {
        origin,
        registrationId,
        tag,
        lastChance: false,
      });
    },
  };
}

// --- run within the worker

/**
 * Chromium forgets a notification that is being shown while it is asked which ones are there. The product asks and shows
 * one at a time; this makes the test's own questions wait for it too.
 */
function takeTurns(): void {
  const { prototype } = ServiceWorkerRegistration;
  let turn: Promise<unknown> = Promise.resolve();
  for (const name of ['showNotification', 'getNotifications'] as const) {
    const inner = prototype[name] as (...values: unknown[]) => Promise<never>;
    prototype[name] = function (this: ServiceWorkerRegistration, ...values: unknown[]): Promise<never> {
      const mine = turn.then(() => inner.apply(this, values));
      turn = mine.catch(() => undefined);
      return mine;
    };
  }
}

interface WorkerScope {
  registration: {
    getNotifications(o?: {
      tag: string;
    }): Promise<
      { title: string; body: string; tag: string; silent: boolean | null; actions?: { action: string }[] }[]
    >;
  };
  dispatchEvent(event: Event): boolean;
  NotificationEvent: new (type: string, init: { notification: unknown; action: string }) => Event;
}

async function readShown(): Promise<Shown[]> {
  const { registration } = globalThis as unknown as WorkerScope;
  return (await registration.getNotifications()).map(({ title, body, tag, silent, actions = [] }) => ({
    title,
    body,
    tag,
    silent: silent === true,
    actions: actions.map(({ action }) => action),
  }));
}

async function press({ tag, action }: { tag: string; action: string }): Promise<void> {
  const scope = globalThis as unknown as WorkerScope;
  const [notification] = await scope.registration.getNotifications({ tag });
  if (!notification) throw new Error(`There is no notification ${tag}`);
  scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification, action }));
}
