/**
 * A new version of the app, found by the service worker.
 *
 * Promise: nothing is replaced until the person asks; before the page reloads, every open field is put away
 * (`beforeReload`), so no edit is lost. Where there is no service worker (plain http, private windows of some
 * browsers) this does nothing, and the app works without it.
 */

import { dev } from '$app/env';

const CHECK_MS = 60 * 60 * 1000;

export class Updates {
  #waiting: ServiceWorker | null = $state.raw(null);
  readonly #beforeReload: () => Promise<void>;
  #isAsked = false;

  constructor(o: { beforeReload: () => Promise<void> }) {
    this.#beforeReload = o.beforeReload;
  }

  get isReady(): boolean {
    return this.#waiting !== null;
  }

  async register(): Promise<void> {
    // While developing there is no worker: it would serve yesterday's files.
    if (dev || !('serviceWorker' in navigator)) return;
    const registration = await navigator.serviceWorker
      .register('/sw.js', { scope: '/', type: 'classic' })
      .catch(() => undefined);
    if (!registration) return;
    this.#watch(registration);
    registration.addEventListener('updatefound', () => {
      this.#watch(registration);
    });
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.#isAsked) location.reload();
    });
    setInterval(() => {
      if (navigator.onLine) registration.update().catch(() => undefined);
    }, CHECK_MS);
  }

  async reload(): Promise<void> {
    await this.#beforeReload();
    this.#isAsked = true;
    this.#waiting?.postMessage({ type: 'SKIP_WAITING' });
  }

  later(): void {
    this.#waiting = null;
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const offer = (worker: ServiceWorker): void => {
      // The first worker of a browser replaces nothing: there is no older version to leave.
      if (navigator.serviceWorker.controller) this.#waiting = worker;
    };
    if (registration.waiting) offer(registration.waiting);
    const installing = registration.installing;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') offer(installing);
    });
  }
}
