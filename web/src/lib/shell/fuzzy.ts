/**
 * How well a name answers to what is being typed: for choosing among names, where a few letters in their order are enough.
 *
 * Promise: pure, without regard to case and accents. Every word of the query has to be found. The beginning of the name is
 * better than that of a word, that better than the middle of one, and letters apart are the least; of equals the shorter
 * name is better.
 */

import { foldText } from '@holdfast/core/fold.ts';

/** Of letters apart at most this many may lie between the first and the last, as a multiple of the query. */
const SPREAD = 4;

export function foldedQuery(query: string): readonly string[] {
  return foldText(query).split(/\s+/).filter(Boolean);
}

/** Higher is better; 0: not this one. `name` is folded already. */
export function fuzzyScore(query: readonly string[], name: string): number {
  let sum = 0;
  for (const word of query) {
    const score = wordScore(word, name);
    if (score === 0) return 0;
    sum += score;
  }
  return query.length === 0 ? 0 : sum / query.length - Math.min(name.length, 100) / 1000;
}

function wordScore(word: string, name: string): number {
  const at = name.indexOf(word);
  if (at === 0) return 10;
  if (at > 0) {
    let start = at;
    while (start > 0) {
      if (!isLetter(name[start - 1])) return 8;
      start = name.indexOf(word, start + 1);
    }
    return 5;
  }
  return word.length < 2 ? 0 : apart(word, name);
}

/** The letters in their order, the first at the beginning of a word, not too far from each other. */
function apart(word: string, name: string): number {
  const [initial = ''] = word;
  for (let start = name.indexOf(initial); start !== -1; start = name.indexOf(initial, start + 1)) {
    if (start > 0 && isLetter(name[start - 1])) continue;
    let at = start;
    for (const letter of word.slice(1)) {
      at = name.indexOf(letter, at + 1);
      if (at === -1) return 0;
    }
    if (at - start < word.length * SPREAD) return 2;
  }
  return 0;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
