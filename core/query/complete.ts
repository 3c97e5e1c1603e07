/**
 * What may come at the caret of a query that is being typed.
 *
 * Promise: pure; at most eight proposals, the likelier first, each with the place in the text that it takes and the text
 * that stands there then. Nothing is proposed where nothing was begun, and nothing that stands there already. They are in
 * the language of the person; after English words, and where German has nothing, in English.
 */
import { foldText } from '../fold.ts';
import type { QueryNames } from '../query.ts';
import { readDate } from './dates.ts';
import {
  GERMAN_DATE_FIELDS,
  GERMAN_DATE_OPERATORS,
  GERMAN_HAS,
  GERMAN_SORT,
  GERMAN_SORT_FIELDS,
  GERMAN_WRITTEN,
  plainWord,
} from './german.ts';
import { germanDateText } from './german-dates.ts';
import { DATE_FIELDS, DATE_OPERATORS, nameKey, SORT_FIELDS, type QueryLanguage } from './language.ts';
import { nameText } from './lexer.ts';

export interface Completion {
  readonly text: string;
  readonly kind: 'list' | 'tag' | 'priority' | 'date' | 'field' | 'state' | 'sort' | 'word';
  /** In a few words, where the text does not say it. */
  readonly detail?: string;
}

export interface Completions {
  /** What they take the place of, UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly options: readonly Completion[];
}

const MAX_OPTIONS = 8;

export function completeQuery(
  text: string,
  caret: number,
  names: QueryNames,
  language: QueryLanguage = 'en',
): Completions {
  if (language === 'de') {
    const isLedInEnglish = !['any', undefined].includes(begunAt(text.slice(0, caret), ENGLISH)?.place);
    const german = completeIn(GERMAN, text, caret, names);
    if (german.options.length > 0 && !(isLedInEnglish && german.isAnywhere)) return german;
  }
  return completeIn(ENGLISH, text, caret, names);
}

function completeIn(
  words: Proposals,
  text: string,
  caret: number,
  names: QueryNames,
): Completions & { readonly isAnywhere: boolean } {
  const begun = begunAt(text.slice(0, caret), words);
  const end = caret + (/^[^\s()"“”]*/.exec(text.slice(caret))?.[0].length ?? 0);
  const options = begun === null ? [] : optionsFor(begun, words, names);
  const start = begun?.start ?? caret;
  const standing = words.fold(text.slice(start, end));
  const fresh = options.filter((option) => words.fold(option.text) !== standing);
  return { start, end, options: fresh.slice(0, MAX_OPTIONS), isAnywhere: begun?.place === 'any' };
}

/** What one language has to propose, and after which words. */
interface Proposals {
  /** As words are compared. */
  readonly fold: (text: string) => string;
  readonly isSortField: (word: string) => boolean;
  /** Of what stands before, folded: the last word of it begins or is what to sort by. */
  readonly sortLed: RegExp;
  readonly thingLed: RegExp;
  /** The word that compares, if there is one, and what of a date is there already. */
  readonly dateLed: RegExp;
  readonly dates: (comparison: string | undefined, withPast: boolean) => readonly string[];
  readonly operators: readonly string[];
  readonly things: readonly string[];
  readonly priorities: readonly string[];
  readonly sortFields: readonly string[];
  readonly directions: readonly string[];
  /** Likelier ones first; what is typed has to begin one of the words. */
  readonly phrases: readonly Completion[];
}

interface Begun {
  readonly start: number;
  /** What is typed of it, folded. */
  readonly typed: string;
  readonly place: 'name' | 'priority' | 'thing' | 'operator' | 'date' | 'sort' | 'direction' | 'any';
  readonly mark: '#' | '@' | null;
  /** Before a date. */
  readonly comparison?: string | undefined;
}

function begunAt(before: string, words: Proposals): Begun | null {
  const open = /(?:([#@])|(liste?|tag|etikett):)(?:["“„]([^"“”]*)|([^\s()"“”,]*))$/iu.exec(before);
  if (open && /^$|[\s(-]$/.test(before.slice(0, open.index))) {
    const mark = open[1] === '@' || /^[te]/i.test(open[2] ?? '') ? '@' : '#';
    return { start: open.index, typed: nameKey(open[3] ?? open[4] ?? ''), place: 'name', mark };
  }
  // Within a phrase everything is as it is meant.
  if ((before.match(/(?<!\\)["“”„]/g) ?? []).length % 2 === 1) return null;
  const word = /[^\s()"“”]*$/u.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  const typed = words.fold(word.replace(/^-/, ''));
  const from = word.startsWith('-') ? start + 1 : start;
  if (word.startsWith('!')) return { start, typed: typed.slice(1), place: 'priority', mark: null };
  const led = words.fold(before.slice(0, start));
  const sort = words.sortLed.exec(led);
  if (sort) {
    return { start, typed, place: words.isSortField(sort[1] ?? '') ? 'direction' : 'sort', mark: null };
  }
  if (words.thingLed.test(led)) return { start, typed, place: 'thing', mark: null };
  const field = words.dateLed.exec(led);
  if (field) {
    const [, comparison, lead = ''] = field;
    const place = comparison === undefined && lead === '' ? 'operator' : 'date';
    return { start: startOfLead(before, start, lead), typed: lead + typed, place, mark: null, comparison };
  }
  return typed === '' ? null : { start: from, typed, place: 'any', mark: null };
}

/** Folded, a word may be shorter than it stands there. */
function startOfLead(before: string, start: number, lead: string): number {
  if (lead === '') return start;
  return start - (/\S+\s$/.exec(before.slice(0, start))?.[0].length ?? 0);
}

const DATES: readonly string[] = [
  'today',
  'tomorrow',
  'this week',
  'next week',
  'this month',
  'next month',
  'next 7 days',
  'this weekend',
  'friday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'saturday',
  'sunday',
  'next friday',
  'next monday',
  'in 3 days',
];
const PAST_DATES: readonly string[] = [
  'today',
  'yesterday',
  'this week',
  'last week',
  'last 7 days',
  'this month',
  'last month',
];
const ENGLISH_PHRASES: readonly Completion[] = [
  { text: 'due today', kind: 'date' },
  { text: 'due this week', kind: 'date' },
  { text: 'due next week', kind: 'date' },
  { text: 'due before', kind: 'field', detail: 'a date' },
  { text: 'due after', kind: 'field', detail: 'a date' },
  { text: 'overdue', kind: 'state' },
  { text: 'no due date', kind: 'state' },
  { text: 'no tags', kind: 'state' },
  { text: 'no list', kind: 'state', detail: 'the Inbox' },
  { text: 'no priority', kind: 'state' },
  { text: 'open', kind: 'state' },
  { text: 'done', kind: 'state' },
  { text: 'done last week', kind: 'date' },
  { text: 'cancelled', kind: 'state' },
  { text: 'recurring', kind: 'state' },
  { text: 'has reminder', kind: 'state' },
  { text: 'has notes', kind: 'state' },
  { text: 'has due date', kind: 'state' },
  { text: 'has tags', kind: 'state' },
  { text: 'priority >= high', kind: 'priority', detail: 'high or urgent' },
  { text: '!urgent', kind: 'priority' },
  { text: '!high', kind: 'priority' },
  { text: '!medium', kind: 'priority' },
  { text: '!low', kind: 'priority' },
  { text: 'start today', kind: 'date' },
  { text: 'start after', kind: 'field', detail: 'a date' },
  { text: 'created today', kind: 'date' },
  { text: 'created last week', kind: 'date' },
  { text: 'sort by due', kind: 'sort' },
  { text: 'sort by priority', kind: 'sort' },
  { text: 'sort by title', kind: 'sort' },
  { text: 'sort by created', kind: 'sort' },
  { text: 'not', kind: 'word', detail: 'leaves out what follows' },
  { text: 'or', kind: 'word', detail: 'one or the other' },
];

/** As ENGLISH_PHRASES, one for one. */
const GERMAN_PHRASES: readonly Completion[] = [
  { text: 'fällig heute', kind: 'date' },
  { text: 'fällig diese Woche', kind: 'date' },
  { text: 'fällig nächste Woche', kind: 'date' },
  { text: 'fällig vor', kind: 'field', detail: 'a date' },
  { text: 'fällig nach', kind: 'field', detail: 'a date' },
  { text: 'überfällig', kind: 'state' },
  { text: 'ohne Fälligkeit', kind: 'state' },
  { text: 'ohne Etiketten', kind: 'state' },
  { text: 'ohne Liste', kind: 'state', detail: 'the Inbox' },
  { text: 'ohne Priorität', kind: 'state' },
  { text: 'offen', kind: 'state' },
  { text: 'erledigt', kind: 'state' },
  { text: 'erledigt letzte Woche', kind: 'date' },
  { text: 'abgebrochen', kind: 'state' },
  { text: 'wiederkehrend', kind: 'state' },
  { text: 'hat Erinnerung', kind: 'state' },
  { text: 'hat Notizen', kind: 'state' },
  { text: 'hat Fälligkeit', kind: 'state' },
  { text: 'hat Etiketten', kind: 'state' },
  { text: 'Priorität >= hoch', kind: 'priority', detail: 'high or urgent' },
  { text: '!dringend', kind: 'priority' },
  { text: '!hoch', kind: 'priority' },
  { text: '!mittel', kind: 'priority' },
  { text: '!niedrig', kind: 'priority' },
  { text: 'beginnt heute', kind: 'date' },
  { text: 'beginnt nach', kind: 'field', detail: 'a date' },
  { text: 'erstellt heute', kind: 'date' },
  { text: 'erstellt letzte Woche', kind: 'date' },
  { text: 'sortiert nach Fälligkeit', kind: 'sort' },
  { text: 'sortiert nach Priorität', kind: 'sort' },
  { text: 'sortiert nach Titel', kind: 'sort' },
  { text: 'sortiert nach Erstellungsdatum', kind: 'sort' },
  { text: 'nicht', kind: 'word', detail: 'leaves out what follows' },
  { text: 'oder', kind: 'word', detail: 'one or the other' },
];

const THINGS = ['due', 'start', 'priority', 'list', 'tags', 'notes', 'reminder', 'repeat'] as const;
const SORTS = ['due', 'priority', 'title', 'created', 'start', 'done'] as const;
const PRIORITIES = ['urgent', 'high', 'medium', 'low'] as const;
const EVERY_DATE: readonly string[] = [...new Set([...DATES, ...PAST_DATES])];

const ENGLISH: Proposals = {
  fold: foldText,
  isSortField: (word) => SORT_FIELDS.has(word),
  sortLed: /\bsort by (?:[\w\s,]*,\s*)?(\w*) ?$/u,
  thingLed: /(?:^|[\s(-])(?:no|has)\s+$/,
  dateLed:
    /(?:^|[\s(-])(?:due|starts?|created|added|done|completed)\s+(?:(before|after|by|until|since|from|on|[<>]=?|=)\s*)?((?:(?:this|next|last|in|the) )?)$/,
  dates: (_, withPast) => (withPast ? EVERY_DATE : DATES),
  operators: ['before', 'after', 'by', 'since'],
  things: ['due date', 'start date', 'priority', 'list', 'tags', 'notes', 'reminder', 'repeat'],
  priorities: PRIORITIES,
  sortFields: SORTS,
  directions: ['asc', 'desc'],
  phrases: ENGLISH_PHRASES,
};

const oneOf = (words: ReadonlyMap<string, unknown>): string => [...words.keys()].join('|');

const GERMAN: Proposals = {
  fold: plainWord,
  isSortField: (word) => GERMAN_SORT_FIELDS.has(word),
  sortLed: new RegExp(`\\b(?:${oneOf(GERMAN_SORT)}) nach (?:[\\w\\s,]*,\\s*)?(\\w*) ?$`, 'u'),
  thingLed: new RegExp(`(?:^|[\\s(-])(?:${oneOf(GERMAN_HAS)})\\s+$`),
  dateLed: new RegExp(
    `(?:^|[\\s(-])(?:${oneOf(GERMAN_DATE_FIELDS)})\\s+(?:(${oneOf(GERMAN_DATE_OPERATORS)}|[<>]=?|=)\\s*)?((?:(?:in|am|im|(?:diese|nachste|letzte)[nmrs]?) )?)$`,
  ),
  // In the case that the word before asks for, and without what has a word like "in" of its own.
  dates: (comparison, withPast) =>
    [...(withPast ? EVERY_DATE : DATES), 'in 2 days'].flatMap((date) => {
      const asked = readDate(date)?.asked;
      const isDative = /^(?:vor|nach|seit|ab)$/.test(comparison ?? '');
      const text = asked === undefined ? null : germanDateText(asked, isDative);
      return text === null || (comparison !== undefined && text.startsWith('in ')) ? [] : [text];
    }),
  operators: ['vor', 'nach', 'bis', 'ab', 'seit'],
  things: THINGS.map((thing) => GERMAN_WRITTEN.things[thing]),
  priorities: PRIORITIES.map((priority) => GERMAN_WRITTEN.priorities[priority]),
  sortFields: SORTS.map((field) => GERMAN_WRITTEN.sortFields[field]),
  directions: [GERMAN_WRITTEN.asc, GERMAN_WRITTEN.desc],
  phrases: GERMAN_PHRASES,
};

function optionsFor(
  { typed, place, mark, comparison }: Begun,
  words: Proposals,
  names: QueryNames,
): readonly Completion[] {
  const begins = (text: string): boolean => words.fold(text).startsWith(typed);
  const beginning = (texts: readonly string[], kind: Completion['kind']): Completion[] =>
    texts.filter(begins).map((text) => ({ text, kind }));
  switch (place) {
    case 'name':
      return mark === '@' ? named(names.tags, '@', typed) : named(names.lists, '#', typed);
    case 'priority':
      return words.priorities.filter(begins).map((word) => ({ text: `!${word}`, kind: 'priority' as const }));
    case 'thing':
      return beginning(words.things, 'field');
    case 'operator': {
      const dates = words.dates(comparison, false);
      return [
        ...beginning(dates.slice(0, 3), 'date'),
        ...beginning(words.operators, 'field'),
        ...beginning(dates.slice(3), 'date'),
      ];
    }
    case 'date':
      return beginning(words.dates(comparison, true), 'date');
    case 'sort':
      return beginning(words.sortFields, 'sort');
    case 'direction':
      return beginning(words.directions, 'sort');
    case 'any': {
      const phrases = words.phrases.filter((phrase) => begins(phrase.text.replace(/^!/, '')));
      if (typed.length < 2) return phrases;
      return [
        ...named(names.lists, '#', nameKey(typed)),
        ...named(names.tags, '@', nameKey(typed)),
        ...phrases,
      ];
    }
  }
}

/** Names that begin so, before those of which another word does. */
function named(known: readonly { readonly name: string }[], mark: '#' | '@', typed: string): Completion[] {
  const kind = mark === '#' ? 'list' : 'tag';
  const rank = (name: string): number => {
    if (nameKey(name).startsWith(typed)) return 0;
    return foldText(name)
      .split(/[\s_-]+/)
      .some((word) => word.startsWith(typed))
      ? 1
      : 2;
  };
  return known
    .map(({ name }) => ({ name, rank: rank(name) }))
    .filter((entry) => entry.rank < 2)
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => ({ text: mark + nameText(name), kind }));
}

/** Words that only lead to something, so that proposals go on after them. */
export function leadsOn(text: string): boolean {
  const words = text.trim().toLowerCase().split(/\s+/);
  const [first = '', last = ''] = [words[0], words.at(-1)];
  if (/^(?:sort by|sortiert nach)\b/.test(words.join(' '))) return true;
  const isField = DATE_FIELDS.has(first) || GERMAN_DATE_FIELDS.has(plainWord(first));
  const isOperator = DATE_OPERATORS.has(last) || GERMAN_DATE_OPERATORS.has(plainWord(last));
  return isField && words.length <= 2 && (isOperator || words.length === 1);
}
