/**
 * What quick add says about a line, as a table of words per language: English, and German as the second.
 *
 * They are about the person's own words, so they are in the language of the locale by which the line was read, which may be
 * another than that of the app.
 */

import type { Priority } from '../tasks/priority.ts';

export interface QuickAddWords {
  readonly start: (day: string) => string;
  readonly newList: (name: string) => string;
  readonly newTag: (name: string) => string;
  readonly reminder: (when: string) => string;
  readonly priority: Readonly<Record<Priority, string>>;
  /** Follows the words of a chip, for those who do not see its cross. */
  readonly dismiss: string;
  /** Said when a token was taken back. */
  readonly dismissed: (text: string) => string;
  readonly lists: string;
  readonly tags: string;
  readonly suggestions: (count: number) => string;
}

const ENGLISH: QuickAddWords = {
  start: (day) => `from ${day}`,
  newList: (name) => `New list “${name}”`,
  newTag: (name) => `New tag “${name}”`,
  reminder: (when) => `reminder ${when}`,
  priority: { low: 'low', medium: 'medium', high: 'high', urgent: 'urgent' },
  dismiss: 'keep as plain words',
  dismissed: (text) => `“${text}” stays in the title`,
  lists: 'Lists',
  tags: 'Tags',
  suggestions: (count) => `${String(count)} ${count === 1 ? 'suggestion' : 'suggestions'}`,
};

const GERMAN: QuickAddWords = {
  start: (day) => `ab ${day}`,
  newList: (name) => `Neue Liste „${name}“`,
  newTag: (name) => `Neues Etikett „${name}“`,
  reminder: (when) => `Erinnerung ${when}`,
  priority: { low: 'niedrig', medium: 'mittel', high: 'hoch', urgent: 'dringend' },
  dismiss: 'als Text lassen',
  dismissed: (text) => `„${text}“ bleibt im Titel`,
  lists: 'Listen',
  tags: 'Etiketten',
  suggestions: (count) => `${String(count)} ${count === 1 ? 'Vorschlag' : 'Vorschläge'}`,
};

export function quickAddWords(locale: string): QuickAddWords {
  return /^de\b/i.test(locale) ? GERMAN : ENGLISH;
}
