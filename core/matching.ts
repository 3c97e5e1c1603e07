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

/** The same before folding, with the marks that folding takes away. */
const SHOWN_WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{N}\p{M}])+/gu;

/** The words of a text, folded, in their order and as often as they stand there. */
export function wordsOf(text: string): string[] {
  return wordsIn(foldText(text));
}

/** What of a task is looked through, wherever a text is looked for: device, API and index alike. */
export function textsOf(
  task: { readonly title: string; readonly notes: string },
  tagNames: readonly string[],
  listName: string | null,
): readonly string[] {
  return listName === null
    ? [task.title, task.notes, ...tagNames]
    : [task.title, task.notes, ...tagNames, listName];
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
        const folded = foldText(text);
        // To find that a word is nowhere is cheap, and most texts have none of them.
        if (!missing.some((word) => folded.includes(word))) continue;
        const words = wordsIn(folded);
        missing = missing.filter((word) => !words.some((candidate) => candidate.startsWith(word)));
      }
      return missing.length === 0;
    },
  };
}

/** What finds the words of a phrase side by side and in their order in one text, each of them whole. */
export function createPhraseMatcher(phrase: string): Matcher {
  const wanted = wordsOf(phrase);
  return {
    isEmpty: wanted.length === 0,
    matches: (texts) =>
      wanted.length === 0 ||
      texts.some((text) => {
        const folded = foldText(text);
        if (!wanted.every((word) => folded.includes(word))) return false;
        const words = wordsIn(folded);
        return words.some((_, from) => wanted.every((word, at) => words[from + at] === word));
      }),
  };
}

/** Where in a text stands what was found, in order: from the beginning of a word as far as the query says it. */
export function marksIn(text: string, words: readonly string[]): readonly { start: number; end: number }[] {
  const wanted = [...new Set(words.flatMap(wordsOf))];
  if (wanted.length === 0) return [];
  const marks: { start: number; end: number }[] = [];
  for (const match of text.matchAll(SHOWN_WORDS)) {
    const [shown] = match;
    const folded = foldText(shown);
    const length = Math.max(
      0,
      ...wanted.filter((word) => folded.startsWith(word)).map((word) => word.length),
    );
    if (length === 0) continue;
    const start = match.index;
    const end = start + shownLength(shown, length);
    const last = marks.at(-1);
    if (last?.end === start) last.end = end;
    else marks.push({ start, end });
  }
  return marks;
}

/** How much of a word as it is shown makes so much of the folded one: `ß` is two letters there. */
function shownLength(shown: string, foldedLength: number): number {
  let length = 0;
  for (const character of shown) {
    if (foldText(shown.slice(0, length)).length >= foldedLength && !/^\p{M}/u.test(character)) break;
    length += character.length;
  }
  return length;
}

function wordsIn(folded: string): string[] {
  return folded.match(WORDS) ?? [];
}
