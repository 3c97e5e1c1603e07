/**
 * Which preferences count when an account meets this device: those that the person once chose, or those of here.
 *
 * Promise: someone who never chose anything has the zone UTC at the server, which is nobody's; so what holds here, with
 * the zone in which this person is, is put there at the first chance. What was chosen is never overwritten.
 */

import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  type NotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import type { LanguageId } from '../words/app-language.ts';
import type { NotificationServer } from './notification-api.ts';

/** What counts from now on; null: the server could not be asked, so ask again later. */
export async function settlePreferences(
  server: Pick<NotificationServer, 'preferences' | 'savePreferences'>,
  here: NotificationPreferences,
  language: LanguageId = 'en',
): Promise<NotificationPreferences | null> {
  const found = await server.preferences();
  if (!found.ok) return null;
  const chosen = isUntouched(found.value) ? here : found.value;
  // E-mails are English where nothing is said; who reads the app in German gets them in German too.
  const wanted = chosen.locale === undefined && language === 'de' ? { ...chosen, locale: language } : chosen;
  if (wanted === found.value) return found.value;
  const saved = await server.savePreferences(wanted);
  return saved.ok ? saved.value : null;
}

/** What the server gives for someone who never chose. */
function isUntouched(preferences: NotificationPreferences): boolean {
  const { channels } = DEFAULT_NOTIFICATION_PREFERENCES;
  return (
    JSON.stringify({ ...preferences, channels: null }) ===
      JSON.stringify({ ...DEFAULT_NOTIFICATION_PREFERENCES, channels: null }) &&
    JSON.stringify(preferences.channels) === JSON.stringify(channels)
  );
}
