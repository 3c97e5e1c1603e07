/**
 * Every page comes to stay, so that an update or a lost network under an open window takes none away.
 *
 * Promise: one part after the other, since all at once they would take both the processor and the disk from who has begun to
 * read. A part that cannot be had now is asked for again when it is wanted.
 */
import { preloadCode } from '$app/navigation';
import type { App } from '../app.svelte.ts';
import { inSlices } from '../device/slices.ts';
import { prepareWords } from '../words/due-words.ts';
import { leaveForWorker } from '../words/worker-choices.ts';

const PAGES = [
  '/',
  '/today',
  '/upcoming',
  '/calendar',
  '/search',
  '/lists',
  '/list/[id]',
  '/tag/[id]',
  '/tags',
  '/completed',
  '/filter/[id]',
  '/trash',
  '/settings',
  '/sync',
  '/devices',
  '/conflicts',
  '/away',
  '/lab',
  '/help',
  '/reset',
] as const;

export async function loadRestOfApp(app: App, parts: readonly { load(): Promise<boolean> }[]): Promise<void> {
  const { spoken: language, timeZone } = app.choices;
  await leaveForWorker({ language, timeZone }).catch(() => undefined);
  for (const part of parts) await part.load();
  await app.loadBulk();
  await inSlices(prepareWords(app.clock.present));
  for (const route of PAGES) await preloadCode(route).catch(() => undefined);
}
