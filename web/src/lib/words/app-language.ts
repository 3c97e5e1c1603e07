/**
 * Which language the app speaks: the chosen one, else that of the browser where the app knows it, else English.
 *
 * Promise: known before anything is drawn, from the record of this browser's choices. Every language but English is a part of
 * its own, loaded only where it is spoken and stored with the app; where it cannot be loaded the app speaks English. A
 * worker has no such record, so the language is left for it in a cache (worker-choices.ts).
 */

import { type Catalog, speak } from './language.ts';
import { storedChoices } from './stored-choices.ts';

interface Language {
  /** In its own words. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly load: () => Promise<Catalog>;
}

export const LANGUAGES = {
  en: { name: 'English', direction: 'ltr', load: () => Promise.resolve({}) },
  de: { name: 'Deutsch', direction: 'ltr', load: async () => (await import('./german.ts')).GERMAN },
} as const satisfies Readonly<Record<string, Language>>;

export type LanguageId = keyof typeof LANGUAGES;

/** Null: as the system, or what another version stored. */
export function readLanguage(value: unknown): LanguageId | null {
  return typeof value === 'string' && Object.hasOwn(LANGUAGES, value) ? (value as LanguageId) : null;
}

export function languageFor(chosen: LanguageId | null, browserLocale: string): LanguageId {
  return chosen ?? readLanguage(browserLocale.slice(0, 2).toLowerCase()) ?? 'en';
}

/** By which dates are said where nothing else is chosen for them: the person's own kind of the language, if there is one. */
export function localeOfLanguage(chosen: LanguageId | null, browserLocales: readonly string[]): string {
  const own =
    chosen === null ? browserLocales[0] : browserLocales.find((locale) => locale.startsWith(chosen));
  return own ?? chosen ?? 'en';
}

/** Before any other part of the app is loaded, since words may be made when a part is. */
export async function speakChosenLanguage(): Promise<void> {
  const id = languageFor(readLanguage(storedChoices().language), navigator.language);
  const { direction, load } = LANGUAGES[id];
  try {
    speak(id, await load());
  } catch {
    return;
  }
  document.documentElement.lang = id;
  document.documentElement.dir = direction;
}
