/**
 * The service worker: the whole app is stored when it is installed, and every navigation is answered from that
 * store, so the app starts with no network and no server. Reminders come here while no window is open (reminders.ts).
 *
 * A new version waits until the page asks for it (SKIP_WAITING): replacing the files under an open page could
 * take an edit that is still being typed. Requests to the server (api, sync, health) are never touched.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { answerReminders } from './reminders.ts';

declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: (string | { url: string; revision: string | null })[];
};

const SERVER_PATHS = [/^\/api\//, /^\/sync\//, /^\/healthz$/, /^\/readyz$/, /^\/metrics$/];
const PAGE = '/index.html';

const files = self.__WB_MANIFEST;
precacheAndRoute(files);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL(PAGE), { denylist: SERVER_PATHS }));

self.addEventListener('message', (event) => {
  const data: unknown = event.data;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') {
    void self.skipWaiting();
  }
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

answerReminders(self, buildOf(files));

/** The page's revision is the name of the build. */
function buildOf(manifest: typeof files): string {
  const page = manifest.find((entry) => typeof entry === 'object' && entry.url === PAGE);
  return (typeof page === 'object' ? page.revision : null) ?? 'none';
}
