/**
 * What a person chose for this browser about how dates are said and where new tasks go.
 *
 * Promise: kept in this browser, in one small record that is read before anything is drawn, so nothing changes under the
 * eyes. Nothing of it is ever written into the document by itself.
 */

import { localeFor, type LocaleChoice, NO_CHOICE, readLocaleChoice } from './locale-choice.ts';
import {
  CHOICES_KEY,
  type LanguageId,
  languageFor,
  localeOfLanguage,
  readLanguage,
} from './words/app-language.ts';

interface Stored {
  /** Read before all else too: words/app-language.ts. */
  readonly language?: unknown;
  readonly locale?: unknown;
  readonly defaultListId?: unknown;
}

export class Choices {
  #locale: LocaleChoice = $state.raw(NO_CHOICE);
  #defaultListId: string | null = $state(null);
  #language: LanguageId | null = $state(null);
  readonly #tag = $derived(localeFor(this.#locale, localeOfLanguage(this.#language, navigator.languages)));

  constructor() {
    const { language, locale, defaultListId } = readStored();
    this.#language = readLanguage(language);
    this.#locale = readLocaleChoice(locale);
    if (typeof defaultListId === 'string') this.#defaultListId = defaultListId;
  }

  /** Of the app's own words; null: as the system. A change holds from the next start. */
  get language(): LanguageId | null {
    return this.#language;
  }
  set language(id: LanguageId | null) {
    this.#language = id;
    this.#save();
  }

  /** The one that is chosen or follows from the system. */
  get spoken(): LanguageId {
    return languageFor(this.#language, navigator.language);
  }

  get dates(): LocaleChoice {
    return this.#locale;
  }

  chooseDates(patch: Partial<LocaleChoice>): void {
    this.#locale = { ...this.#locale, ...patch };
    this.#save();
  }

  /** The language tag by which every date and time is said. */
  get locale(): string {
    return this.#tag;
  }

  /** Where quick add puts what names no list; null: the Inbox. The list may be gone. */
  get defaultListId(): string | null {
    return this.#defaultListId;
  }
  set defaultListId(id: string | null) {
    this.#defaultListId = id;
    this.#save();
  }

  #save(): void {
    const stored: Stored = {
      language: this.#language,
      locale: this.#locale,
      defaultListId: this.#defaultListId,
    };
    try {
      localStorage.setItem(CHOICES_KEY, JSON.stringify(stored));
    } catch {
      // Storage is blocked: the choice holds for this visit.
    }
  }
}

function readStored(): Stored {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(CHOICES_KEY) ?? '{}');
    return typeof stored === 'object' && stored !== null ? stored : {};
  } catch {
    return {};
  }
}
