/**
 * Choices with which the app begins anew: they are known before anything is drawn, so another is a reload.
 *
 * Promise: all that was typed is put away first. What the server says and when it reminds follow where it can be told; where
 * it cannot, the settings show that the two differ.
 */

import type { App } from '#lib/app.svelte.ts';
import type { LanguageId } from '#lib/words/app-language.ts';
import { deviceTimeZone } from '#lib/words/time-zone.ts';

/** null: as the system. */
export async function speakFromNowOn(app: App, language: LanguageId | null): Promise<void> {
  app.choices.language = language;
  await app.putEverythingAway();
  if (app.device?.account) await app.reminding.changePreferences(() => ({ locale: app.choices.spoken }));
  location.reload();
}

/** By the clock of a zone, an IANA name; null: of the device. */
export async function liveByClockOf(app: App, timeZone: string | null): Promise<void> {
  app.choices.timeZone = timeZone;
  await app.putEverythingAway();
  await app.reminding.changePreferences(() => ({ timeZone: timeZone ?? deviceTimeZone() }));
  location.reload();
}
