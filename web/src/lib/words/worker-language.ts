/** The service worker has no record of the choices of this browser: a window leaves the language in a cache for it. */

const CACHE = 'holdfast-language';
const ADDRESS = '/language';

/** Best effort: without it the next notification is in the language of the browser. */
export async function leaveLanguageForWorker(language: string): Promise<void> {
  if (!('caches' in globalThis)) return;
  await (await caches.open(CACHE)).put(ADDRESS, new Response(language));
}

export async function leftLanguage(): Promise<string | undefined> {
  const left = await caches.match(ADDRESS, { cacheName: CACHE }).catch(() => undefined);
  return left?.text();
}
