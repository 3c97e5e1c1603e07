/**
 * An index of texts that finds while someone types, over ten thousand tasks and more.
 *
 * Promise: what it finds for a word without a slip is exactly what matching.ts finds: the tasks that have a word beginning
 * with it in title, notes, tags or list name. A word that nothing has is forgiven: one letter wrong from four letters on, two
 * from six on, or the last one too many. So what is right never brings what is merely similar. Kept up task by task.
 *
 * Limits: in memory, and no part of any document. The order of relevance is MiniSearch's (BM25 with a weight for the title)
 * and nothing else hangs on its numbers.
 *
 * The one importer of minisearch, so that it can be exchanged in one place.
 */
import MiniSearch from 'minisearch';
import { wordsOf } from './matching.ts';
import type { ExpressionOf } from './query/language.ts';

export interface SearchText {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly tags: readonly string[];
  readonly list: string | null;
}

export interface WordFound {
  /** By task, the greater the better. */
  readonly scores: ReadonlyMap<string, number>;
  /** The words that were taken for it, where nothing had it. */
  readonly takenFor: readonly string[];
}

export interface SearchIndex {
  readonly size: number;
  /** Adds it, or takes the place of what stood under its id. */
  put(text: SearchText): void;
  remove(id: string): void;
  /** One word, as wordsOf gives it. */
  find(word: string): WordFound;
}

const FIELDS = ['title', 'notes', 'tags', 'list'] as const;
const BOOST = { title: 4, tags: 2, list: 1.5, notes: 1 };

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly tags: string;
  readonly list: string;
}

export function createSearchIndex(): SearchIndex {
  const index = new MiniSearch<Entry>({
    fields: [...FIELDS],
    tokenize: wordsOf,
    // The words are folded already.
    processTerm: (term) => term,
    searchOptions: { boost: BOOST, tokenize: (word) => [word] },
  });

  const letters = createLetters();

  function look(word: string, slips: number): WordFound {
    const found = index.search(word, { prefix: true, fuzzy: slips, weights: { fuzzy: 0.4, prefix: 0.75 } });
    const scores = new Map<string, number>();
    const terms = new Set<string>();
    for (const { id, score, terms: matched } of found) {
      scores.set(String(id), score);
      if (slips > 0) for (const term of matched) terms.add(term);
    }
    return { scores, takenFor: [...terms] };
  }

  return {
    get size() {
      return index.documentCount;
    },
    put({ id, title, notes, tags, list }) {
      const entry = { id, title, notes, tags: tags.join('\n'), list: list ?? '' };
      if (index.has(id)) index.replace(entry);
      else index.add(entry);
      letters.put(id, wordsOf(title), wordsOf([notes, ...tags, list ?? ''].join('\n')));
    },
    remove(id) {
      if (index.has(id)) index.discard(id);
      letters.put(id, [], []);
    },
    find(word) {
      if ([...word].length === 1) return { scores: letters.find(word), takenFor: [] };
      const exact = look(word, 0);
      if (exact.scores.size > 0) return exact;
      for (let slips = 1; slips <= forgivenSlips(word); slips++) {
        const similar = look(word, slips);
        if (similar.scores.size > 0) return similar;
      }
      // While "dentst" is being typed there is a moment of "dents".
      const shorter = [...word].slice(0, -1);
      if (shorter.length < MIN_FORGIVEN) return exact;
      const { scores } = look(shorter.join(''), 0);
      return scores.size === 0 ? exact : { scores, takenFor: [shorter.join('')] };
    },
  };
}

interface Letters {
  put(id: string, titleWords: readonly string[], otherWords: readonly string[]): void;
  find(letter: string): ReadonlyMap<string, number>;
}

/**
 * Which tasks have a word that begins with a letter. The first key that is pressed finds thousands of words in most tasks,
 * and weighing all of them took a tenth of a second; here the title counts more, and that is all.
 */
function createLetters(): Letters {
  const byLetter = new Map<string, Map<string, number>>();
  const ofTask = new Map<string, readonly string[]>();
  return {
    put(id, titleWords, otherWords) {
      for (const letter of ofTask.get(id) ?? []) byLetter.get(letter)?.delete(id);
      const weights = new Map<string, number>();
      for (const word of otherWords) weights.set(firstLetter(word), 1);
      for (const word of titleWords) weights.set(firstLetter(word), 2);
      for (const [letter, weight] of weights) {
        let tasks = byLetter.get(letter);
        if (!tasks) byLetter.set(letter, (tasks = new Map()));
        tasks.set(id, weight);
      }
      if (weights.size === 0) ofTask.delete(id);
      else ofTask.set(id, [...weights.keys()]);
    },
    find: (letter) => byLetter.get(letter) ?? NONE,
  };
}

const NONE: ReadonlyMap<string, number> = new Map();

function firstLetter(word: string): string {
  return String.fromCodePoint(word.codePointAt(0) ?? 0);
}

/** What an index says of the words of one question. */
export interface TextAnswers {
  /** For words; phrases are looked up in the texts themselves. */
  findsText(term: ExpressionOf<'text'>, task: { readonly id: string }): boolean;
  /** The greater the better; 0 where nothing was looked for. */
  scoreOf(id: string): number;
  /** What to show as found. */
  readonly words: readonly string[];
  /** Words of the question that nothing has, with what was taken for them. */
  readonly forgiven: readonly { readonly word: string; readonly takenFor: readonly string[] }[];
}

/** @param wanted the texts that have to be there: they make the relevance */
export function answerTexts(index: SearchIndex, wanted: readonly ExpressionOf<'text'>[]): TextAnswers {
  const known = new Map<string, WordFound>();
  const find = (word: string): WordFound => {
    let found = known.get(word);
    if (!found) known.set(word, (found = index.find(word)));
    return found;
  };
  /** Asked for every task, so its words are looked up once. */
  const founds = new Map<ExpressionOf<'text'>, readonly WordFound[]>();
  const words = [...new Set(wanted.flatMap(({ text }) => wordsOf(text)))];
  const found = words.map((word) => ({ word, ...find(word) }));
  return {
    findsText: (term, { id }) => {
      let all = founds.get(term);
      if (!all) founds.set(term, (all = wordsOf(term.text).map(find)));
      return all.every(({ scores }) => scores.has(id));
    },
    scoreOf: (id) => found.reduce((sum, { scores }) => sum + (scores.get(id) ?? 0), 0),
    words: found.flatMap(({ word, takenFor }) => (takenFor.length > 0 ? takenFor : [word])),
    forgiven: found
      .filter(({ takenFor }) => takenFor.length > 0)
      .map(({ word, takenFor }) => ({ word, takenFor })),
  };
}

/** Shorter words have too many neighbours. */
const MIN_FORGIVEN = 4;

function forgivenSlips(word: string): number {
  const { length } = [...word];
  return length < MIN_FORGIVEN ? 0 : length < 6 ? 1 : 2;
}
