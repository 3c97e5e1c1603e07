/**
 * What a person chose for this browser about how dates are said and where new tasks go.
 *
 * Promise: kept in this browser, in one small record that is read before anything is drawn, so nothing changes under the
 * eyes. Nothing of it is ever written into the document by itself.
 */

import { localeFor, type LocaleChoice, NO_CHOICE, readLocaleChoice } from './locale-choice.ts';
import { type LanguageId, languageFor, localeOfLanguage, readLanguage } from './words/app-language.ts';
import { storeChoices, storedChoices } from './words/stored-choices.ts';
import { chosenTimeZone, liveIn } from './words/time-zone.ts';

/** Language and zone are read before all else too: words/app-language.ts, words/time-zone.ts. */
interface Stored {
  readonly language: LanguageId | null;
  readonly timeZone: string | null;
  readonly locale: LocaleChoice;
  readonly defaultListId: string | null;
}

export class Choices {
  #locale: LocaleChoice = $state.raw(NO_CHOICE);
  #defaultListId: string | null = $state(null);
  /** Not reactive: another is a reload. */
  #language: LanguageId | null = null;
  readonly #tag = $derived(localeFor(this.#locale, localeOfLanguage(this.#language, navigator.languages)));

  constructor() {
    const { language, locale, defaultListId } = storedChoices();
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

  /** IANA name; null: that of the device. A change holds from the next start. */
  get timeZone(): string | null {
    return chosenTimeZone();
  }
  set timeZone(timeZone: string | null) {
    liveIn(timeZone);
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
      timeZone: this.timeZone,
      locale: this.#locale,
      defaultListId: this.#defaultListId,
    };
    storeChoices(stored);
  }
}
