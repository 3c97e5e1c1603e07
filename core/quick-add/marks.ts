/**
 * What carries a mark: `#list`, `@tag`, `!high`, `p1`. Alike in every locale but for the words of priorities.
 *
 * Promise: a known name is found in any letter case, with its blanks as they are, as `-` or `_`, or left out, the longest
 * first. An unknown name is one word. A number alone ("#42") is a name only if it is known.
 */
import type { Priority } from '../task.ts';
import { beginsPhrase, endsPhrase, type Lexeme } from './lexemes.ts';
import type { Found } from './pattern.ts';

export interface Named {
  /** Unknown names have none. */
  readonly id?: string;
  readonly name: string;
}

/** Names by their folded form. */
export interface Names {
  readonly byKey: ReadonlyMap<string, Named>;
  /** How many words the longest has. */
  readonly mostWords: number;
}

/** The same array is folded once: a line is read again at every key that is pressed. */
const known = new WeakMap<readonly (string | Named)[], Names>();

export function namesOf(given: readonly (string | Named)[]): Names {
  let names = known.get(given);
  if (!names) known.set(given, (names = foldNames(given)));
  return names;
}

function foldNames(given: readonly (string | Named)[]): Names {
  const byKey = new Map<string, Named>();
  let mostWords = 1;
  for (const entry of given) {
    const named = namedOf(entry);
    const key = foldedName(named.name);
    if (key !== '' && !byKey.has(key)) byKey.set(key, named);
    mostWords = Math.max(mostWords, named.name.trim().split(/\s+/u).length);
  }
  return { byKey, mostWords: Math.min(mostWords, MAX_NAME_WORDS) };
}

/** Without whatever else the given object holds. */
function namedOf(entry: string | Named): Named {
  if (typeof entry === 'string') return { name: entry };
  return entry.id === undefined ? { name: entry.name } : { id: entry.id, name: entry.name };
}

/** The name after a mark at an index. */
export function nameAt(
  line: string,
  lexemes: readonly Lexeme[],
  index: number,
  mark: '#' | '@',
  names: Names,
): Found<Named> | null {
  const first = lexemes[index + 1];
  if (lexemes[index]?.text !== mark || !beginsPhrase(lexemes, index)) return null;
  if (first === undefined || first.spaced || BREAKING.has(first.text)) return null;
  const ends: number[] = [];
  for (let at = index + 1; ends.length < names.mostWords && lexemes[at] !== undefined;) {
    const end = nameEnd(lexemes, at);
    if (end === at) break;
    ends.push(end);
    if (lexemes[end]?.spaced !== true) break;
    at = end;
  }
  const textTo = (end: number): string => line.slice(first.start, lexemes[end - 1]?.end);
  for (const end of ends.toReversed()) {
    const known = names.byKey.get(foldedName(textTo(end)));
    if (known) return { value: known, next: end };
  }
  const [end] = ends;
  if (end === undefined || !/\p{L}|\p{Extended_Pictographic}/u.test(textTo(end))) return null;
  return { value: { name: textTo(end) }, next: end };
}

export function priorityAt(
  lexemes: readonly Lexeme[],
  index: number,
  words: ReadonlyMap<string, Priority>,
): Found<Priority> | null {
  const mark = lexemes[index]?.text;
  const value = lexemes[index + 1];
  if ((mark !== '!' && mark !== 'p') || value === undefined || value.spaced) return null;
  const isNumber = value.kind === 'number' && /^[1-4]$/.test(value.text);
  const priority = isNumber
    ? BY_NUMBER[Number(value.text) - 1]
    : mark === '!'
      ? words.get(value.text)
      : undefined;
  if (priority === undefined || !beginsPhrase(lexemes, index) || !endsPhrase(lexemes, index + 2)) return null;
  return { value: priority, next: index + 2 };
}

const BY_NUMBER = ['urgent', 'high', 'medium', 'low'] as const;
const MAX_NAME_WORDS = 8;
/** Marks that no name goes over. */
const BREAKING = new Set([...'#@,;:!?()[]{}"“”„']);
const TRAILING = new Set(['.', "'", '’', '-', '–', '—', '…', '*']);

/** The end of one word of a name; full stops and the like at its end belong to the sentence. */
function nameEnd(lexemes: readonly Lexeme[], from: number): number {
  let end = from;
  for (let at = from; lexemes[at] !== undefined; at++) {
    const lexeme = lexemes[at];
    if (lexeme === undefined || BREAKING.has(lexeme.text) || (at > from && lexeme.spaced)) break;
    if (!TRAILING.has(lexeme.text)) end = at + 1;
  }
  return end;
}

/** Names that differ only in letter case, blanks, `-` and `_` are one. */
export function foldedName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/gu, '');
}
