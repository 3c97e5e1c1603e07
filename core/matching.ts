/**
 * What a search finds, said once for the app, the API and whatever index is built over tasks.
 *
 * Promise: a text is its words, without regard to case, accents and marks; a query finds what has, for each of its words,
 * a word that begins with it, in whichever of the texts. Punctuation separates and does not matter, so `#errands` and
 * `errands` ask the same. Pure, and free of any locale: every replica and every host finds the same.
 *
 * Limits: no stems and no misspellings. Scripts that are written without blanks have no words here, so each of their
 * characters counts as one; their order in the query does not matter.
 */
import { foldText } from './fold.ts';

const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{N}])+/gu;

/** The words of a text, folded, in their order and as often as they stand there. */
export function wordsOf(text: string): string[] {
  return foldText(text).match(WORDS) ?? [];
}

export interface Matcher {
  /** The query had no word at all: whoever asks decides what that means. */
  readonly isEmpty: boolean;
  /** Whether these texts together have all that the query asks for. Nothing is asked by an empty one. */
  matches(texts: readonly string[]): boolean;
}

export function createMatcher(query: string): Matcher {
  const wanted = [...new Set(wordsOf(query))];
  return {
    isEmpty: wanted.length === 0,
    matches(texts) {
      let missing = wanted;
      for (const text of texts) {
        if (missing.length === 0) break;
        const words = wordsOf(text);
        missing = missing.filter((word) => !words.some((candidate) => candidate.startsWith(word)));
      }
      return missing.length === 0;
    },
  };
}
