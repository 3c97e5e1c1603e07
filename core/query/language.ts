/**
 * The English words of the query language (the German ones are in german.ts) and the shape of what was read: what query.ts
 * reads, the other files of this folder write, complete and answer.
 *
 * The shape of a query is plain data. `and` and `or` have at least two parts and none of their own kind, so that one
 * question has one shape.
 */
import { foldText } from '../fold.ts';
import type { Priority } from '../task.ts';

/** UTF-16 offsets in the text that was read. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export type Comparison = '=' | '<' | '<=' | '>' | '>=';
export type DateField = 'due' | 'start' | 'created' | 'done';
export type Thing = 'due' | 'start' | 'priority' | 'list' | 'tags' | 'notes' | 'reminder' | 'repeat';
export type QueryStatus = 'open' | 'done' | 'cancelled';
export type QueryPriority = Priority | 'none';
export type SortField = 'due' | 'start' | 'priority' | 'created' | 'done' | 'title';

export type Expression = Place &
  (
    | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
    | { readonly kind: 'not'; readonly part: Expression }
    /** Words are found by their beginnings, a phrase as it stands. */
    | { readonly kind: 'text'; readonly text: string; readonly isPhrase: boolean }
    | { readonly kind: 'list' | 'tag'; readonly by: 'name' | 'id'; readonly value: string }
    | { readonly kind: 'priority'; readonly comparison: Comparison; readonly priority: QueryPriority }
    /** The words of a date, in lower case: what day they mean is known when it is asked. */
    | {
        readonly kind: 'date';
        readonly field: DateField;
        readonly comparison: Comparison;
        readonly when: string;
      }
    | { readonly kind: 'status'; readonly status: QueryStatus }
    | { readonly kind: 'overdue' }
    | { readonly kind: 'has'; readonly thing: Thing; readonly isMissing: boolean }
  );

export type ExpressionOf<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

export interface SortKey {
  readonly field: SortField;
  readonly isDescending: boolean;
}

export interface Query {
  /** null: everything. */
  readonly where: Expression | null;
  readonly sort: readonly SortKey[];
  /** Where the sort stands in the text, if it says one. */
  readonly sortPlace: Place | null;
}

export const EMPTY_QUERY: Query = { where: null, sort: [], sortPlace: null };

/** What could not be understood, for a person. */
export interface QueryFault extends Place {
  /** A sentence. */
  readonly message: string;
  /** What to write there instead. */
  readonly suggestion?: string;
}

export const DATE_FIELDS: ReadonlyMap<string, DateField> = new Map([
  ['due', 'due'],
  ['start', 'start'],
  ['starts', 'start'],
  ['created', 'created'],
  ['added', 'created'],
  ['done', 'done'],
  ['completed', 'done'],
]);

/** Before a date. The longer ones are two words. */
export const DATE_OPERATORS: ReadonlyMap<string, Comparison> = new Map([
  ['before', '<'],
  ['after', '>'],
  ['by', '<='],
  ['until', '<='],
  ['since', '>='],
  ['from', '>='],
  ['on', '='],
  ['on or before', '<='],
  ['on or after', '>='],
]);

export const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>=']);

export const COMPARISON_WORDS: { readonly [comparison in Comparison]: string } = {
  '=': '',
  '<': 'before ',
  '<=': 'by ',
  '>': 'after ',
  '>=': 'since ',
};

export const STATUSES: ReadonlyMap<string, QueryStatus> = new Map([
  ['open', 'open'],
  ['done', 'done'],
  ['completed', 'done'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
]);

export const PRIORITIES: ReadonlyMap<string, QueryPriority> = new Map([
  ['urgent', 'urgent'],
  ['high', 'high'],
  ['medium', 'medium'],
  ['med', 'medium'],
  ['low', 'low'],
  ['none', 'none'],
  ['1', 'urgent'],
  ['2', 'high'],
  ['3', 'medium'],
  ['4', 'low'],
]);

/** After `no` and `has`: singular, plural, and in two words. */
export const THINGS: ReadonlyMap<string, Thing> = new Map([
  ['due', 'due'],
  ['due date', 'due'],
  ['date', 'due'],
  ['deadline', 'due'],
  ['start', 'start'],
  ['start date', 'start'],
  ['priority', 'priority'],
  ['list', 'list'],
  ['tag', 'tags'],
  ['tags', 'tags'],
  ['note', 'notes'],
  ['notes', 'notes'],
  ['reminder', 'reminder'],
  ['reminders', 'reminder'],
  ['repeat', 'repeat'],
  ['recurrence', 'repeat'],
]);

export const RECURRING_WORDS: ReadonlySet<string> = new Set(['recurring', 'repeating', 'repeats']);

export const SORT_FIELDS: ReadonlyMap<string, SortField> = new Map([
  ['due', 'due'],
  ['due date', 'due'],
  ['start', 'start'],
  ['start date', 'start'],
  ['priority', 'priority'],
  ['created', 'created'],
  ['done', 'done'],
  ['completed', 'done'],
  ['title', 'title'],
  ['name', 'title'],
]);

/** The most urgent first is what people mean by sorting by priority, and the latest by sorting by when it was done. */
export function isDescendingByNature(field: SortField): boolean {
  return field === 'priority' || field === 'done';
}

/** In which a query is written and completed; it is read in all of them at once, and kept in English. */
export type QueryLanguage = 'en' | 'de';

/** As the name of a list, unless there is such a one: what is in no list. */
export const INBOX_KEYS: ReadonlySet<string> = new Set(['inbox', 'eingang']);

/** Names that differ in case, accents, blanks, `-` and `_` are one. */
export function nameKey(name: string): string {
  return foldText(name).replaceAll(/[\s_-]+/gu, '');
}

/** The word that was perhaps meant: at most two letters away, and one where it is short. */
export function nearest(wanted: string, known: Iterable<string>): string | undefined {
  const key = nameKey(wanted);
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    const other = nameKey(word);
    const isBeginning = key.length >= 2 && other.startsWith(key);
    const distance = isBeginning ? 0.5 : editDistance(key, other);
    if (distance > (key.length < 5 ? 1 : 2) || distance >= (best?.distance ?? Infinity)) continue;
    best = { word, distance };
  }
  return best?.word;
}

/** Letters to put in, take out, exchange or swap with their neighbour. Long words are far from everything. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 40 || b.length > 40) return Infinity;
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? Infinity;
}
