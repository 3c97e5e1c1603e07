/**
 * The small language in which grammars write phrases: `in {n} {unit}`, `day after tomorrow`, `the? {nth} {weekday}`.
 *
 * An element is a word, alternatives (`on|by`), or a slot in braces; `?` after it makes it optional. What the slots
 * read is handed to `means`, which may still say no by null. The types of the slots follow from the text.
 *
 * Limit: an element is tried with and without itself only when it is optional, so a phrase costs at most two to the
 * power of its optional elements, which is a handful, and never depends on the length of the line.
 */
import type { Weekday } from '../recurrence/calendar.ts';
import type { Lexeme } from './lexemes.ts';
import type { DateMeaning, MinuteOfDay, Unit } from './meaning.ts';

export interface Slots {
  /** A count, 1 to 999. */
  n: number;
  /** An ordinal, as digits or in words; -1 is the last. */
  nth: number;
  /** Days of a month in figures, joined: "1st and 15th". */
  days: readonly number[];
  /** A day of a month, 1 to 31, with or without the ordinal's ending. */
  day: number;
  /** The same, with the ending. */
  dayth: number;
  year: number;
  month: number;
  weekday: Weekday;
  weekdays: readonly Weekday[];
  /** "mondays and thursdays" */
  habits: readonly Weekday[];
  unit: Unit;
  /** Morning, evening. */
  part: MinuteOfDay;
  /** Any time of day. */
  time: MinuteOfDay;
  /** Any date. */
  date: DateMeaning;
  /** An ISO 8601 duration. */
  span: string;
}

export type SlotName = keyof Slots;

type SlotsIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends SlotName
      ? Rest extends `?${string}`
        ? { [K in Name]?: Slots[K] }
        : { [K in Name]: Slots[K] }
      : never) &
      SlotsIn<Rest>
  : object;

interface Element {
  readonly words: ReadonlySet<string>;
  readonly slot: SlotName | null;
  readonly isOptional: boolean;
}

export interface Phrase<T> {
  readonly elements: readonly Element[];
  means(slots: Partial<Slots>): T | null;
}

export function phrase<const Text extends string, T>(
  text: Text,
  means: (slots: SlotsIn<Text>) => T | null,
): Phrase<T> {
  const elements = text.split(' ').map((part) => {
    const isOptional = part.endsWith('?') && part.length > 1;
    const body = isOptional ? part.slice(0, -1) : part;
    const slot = body.startsWith('{') ? (body.slice(1, -1) as SlotName) : null;
    return { words: new Set(slot === null ? body.split('|') : []), slot, isOptional };
  });
  // The slots that the text names are exactly those that matching fills.
  return { elements, means: (slots) => means(slots as SlotsIn<Text>) };
}

export interface Found<T> {
  readonly value: T;
  /** The index after its last lexeme. */
  readonly next: number;
}

export type SlotReader = <Name extends SlotName>(name: Name, index: number) => Found<Slots[Name]> | null;

/** Phrases sorted by the words they can begin with, so that most lexemes of a line are asked nothing. */
export interface PhraseTable<T> {
  readonly byWord: ReadonlyMap<string, readonly Phrase<T>[]>;
  /** Those that begin with a slot or something optional. */
  readonly others: readonly Phrase<T>[];
}

export function phraseTable<T>(phrases: readonly Phrase<T>[]): PhraseTable<T> {
  const byWord = new Map<string, Phrase<T>[]>();
  const others: Phrase<T>[] = [];
  for (const entry of phrases) {
    const [first] = entry.elements;
    if (!first || first.slot !== null || first.isOptional) others.push(entry);
    else for (const word of first.words) byWord.set(word, [...(byWord.get(word) ?? []), entry]);
  }
  return { byWord, others };
}

/** The longest phrase of a table that stands at an index; of equally long ones the first. */
export function longestPhrase<T>(
  table: PhraseTable<T>,
  lexemes: readonly Lexeme[],
  index: number,
  read: SlotReader,
): Found<T> | null {
  let best: Found<T> | null = null;
  const lexeme = lexemes[index];
  if (lexeme === undefined) return null;
  for (const phrases of [table.byWord.get(lexeme.text) ?? [], table.others]) {
    for (const entry of phrases) {
      const found = matchFrom(entry, 0, lexemes, index, read, {});
      if (found && found.next > index && found.next > (best?.next ?? index)) best = found;
    }
  }
  return best;
}

function matchFrom<T>(
  entry: Phrase<T>,
  element: number,
  lexemes: readonly Lexeme[],
  index: number,
  read: SlotReader,
  slots: Partial<Slots>,
): Found<T> | null {
  const wanted = entry.elements[element];
  if (wanted === undefined) {
    const value = entry.means(slots);
    return value === null ? null : { value, next: index };
  }
  const taken = takeElement(wanted, lexemes, index, read, slots);
  const found = taken && matchFrom(entry, element + 1, lexemes, taken.next, read, taken.value);
  if (found) return found;
  return wanted.isOptional ? matchFrom(entry, element + 1, lexemes, index, read, slots) : null;
}

function takeElement(
  wanted: Element,
  lexemes: readonly Lexeme[],
  index: number,
  read: SlotReader,
  slots: Partial<Slots>,
): Found<Partial<Slots>> | null {
  if (wanted.slot === null) {
    const isThere = wanted.words.has(lexemes[index]?.text ?? '');
    return isThere ? { value: slots, next: index + 1 } : null;
  }
  const found = read(wanted.slot, index);
  return found && { value: { ...slots, [wanted.slot]: found.value }, next: found.next };
}
