/** The service worker has no record of the choices of this browser: a window leaves those that it needs in a cache for it. */

const CACHE = 'holdfast-choices';
const ADDRESS = '/choices';

export interface LeftChoices {
  readonly language?: string | undefined;
  /** IANA name; null: that of the device. */
  readonly timeZone?: string | null | undefined;
}

/** Best effort: without it the next notification is in the language of the browser and by the clock of the device. */
export async function leaveForWorker(choices: LeftChoices): Promise<void> {
  if (!('caches' in globalThis)) return;
  await (await caches.open(CACHE)).put(ADDRESS, new Response(JSON.stringify(choices)));
}

export async function leftForWorker(): Promise<LeftChoices> {
  try {
    const left = await caches.match(ADDRESS, { cacheName: CACHE });
    const choices: unknown = JSON.parse((await left?.text()) ?? '{}');
    return typeof choices === 'object' && choices !== null ? choices : {};
  } catch {
    return {};
  }
}
