/**
 * What may come at the caret of a query that is being typed.
 *
 * Promise: pure; at most `limit` proposals, the likelier first, each with the place in the text that it takes and the text
 * that stands there then. Nothing is proposed where nothing was begun, and nothing that stands there already.
 */
import { foldText } from '../fold.ts';
import type { QueryNames } from '../query.ts';
import { DATE_FIELDS, DATE_OPERATORS, nameKey, SORT_FIELDS } from './language.ts';
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

const DEFAULT_LIMIT = 8;

export function completeQuery(
  text: string,
  caret: number,
  names: QueryNames,
  limit = DEFAULT_LIMIT,
): Completions {
  const before = text.slice(0, caret);
  const begun = begunAt(before);
  const end = caret + (/^[^\s()"“”]*/.exec(text.slice(caret))?.[0].length ?? 0);
  const options = begun === null ? [] : optionsFor(begun, names);
  const start = begun?.start ?? caret;
  const standing = foldText(text.slice(start, end));
  const fresh = options.filter((option) => foldText(option.text) !== standing);
  return { start, end, options: fresh.slice(0, limit) };
}

interface Begun {
  readonly start: number;
  /** What is typed of it, folded. */
  readonly typed: string;
  readonly place: 'name' | 'priority' | 'thing' | 'operator' | 'date' | 'sort' | 'direction' | 'any';
  readonly mark: '#' | '@' | null;
}

function begunAt(before: string): Begun | null {
  const open = /(?:([#@])|(list|tag):)(?:["“„]([^"“”]*)|([^\s()"“”,]*))$/iu.exec(before);
  if (open && /^$|[\s(-]$/.test(before.slice(0, open.index))) {
    const mark = open[1] === '@' || open[2]?.toLowerCase() === 'tag' ? '@' : '#';
    return { start: open.index, typed: nameKey(open[3] ?? open[4] ?? ''), place: 'name', mark };
  }
  // Within a phrase everything is as it is meant.
  if ((before.match(/(?<!\\)["“”„]/g) ?? []).length % 2 === 1) return null;
  const word = /[^\s()"“”]*$/u.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  const typed = foldText(word.replace(/^-/, ''));
  const from = word.startsWith('-') ? start + 1 : start;
  if (word.startsWith('!')) return { start, typed: typed.slice(1), place: 'priority', mark: null };
  const led = before.slice(0, start).toLowerCase();
  const sort = /\bsort by (?:[\w\s,]*,\s*)?(\w*) ?$/u.exec(led);
  if (sort) {
    const isAfterField = SORT_FIELDS.has(sort[1] ?? '');
    return { start, typed, place: isAfterField ? 'direction' : 'sort', mark: null };
  }
  if (/(^|[\s(-])(no|has)\s+$/.test(led)) return { start, typed, place: 'thing', mark: null };
  const field =
    /(?:^|[\s(-])(due|starts?|created|added|done|completed)\s+(?:(before|after|by|until|since|from|on|[<>]=?|=)\s*)?((?:(?:this|next|last|in|the) )?)$/.exec(
      led,
    );
  if (field) {
    const lead = field[3] ?? '';
    const place = field[2] === undefined && lead === '' ? 'operator' : 'date';
    return { start: start - lead.length, typed: lead + typed, place, mark: null };
  }
  return typed === '' ? null : { start: from, typed, place: 'any', mark: null };
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
const THING_OPTIONS = ['due date', 'start date', 'priority', 'list', 'tags', 'notes', 'reminder', 'repeat'];

/** Likelier ones first; what is typed has to begin one of the words. */
const PHRASES: readonly Completion[] = [
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

function optionsFor({ typed, place, mark }: Begun, names: QueryNames): readonly Completion[] {
  const beginning = (words: readonly string[], kind: Completion['kind']): Completion[] =>
    words.filter((word) => word.startsWith(typed)).map((text) => ({ text, kind }));
  switch (place) {
    case 'name':
      return mark === '@' ? named(names.tags, '@', typed) : named(names.lists, '#', typed);
    case 'priority':
      return ['urgent', 'high', 'medium', 'low']
        .filter((word) => word.startsWith(typed))
        .map((word) => ({ text: `!${word}`, kind: 'priority' as const }));
    case 'thing':
      return beginning(THING_OPTIONS, 'field');
    case 'operator':
      return [
        ...beginning(DATES.slice(0, 3), 'date'),
        ...beginning(['before', 'after', 'by', 'since'], 'field'),
        ...beginning(DATES.slice(3), 'date'),
      ];
    case 'date':
      return beginning([...new Set([...DATES, ...PAST_DATES])], 'date');
    case 'sort':
      return beginning(['due', 'priority', 'title', 'created', 'start', 'done'], 'sort');
    case 'direction':
      return beginning(['asc', 'desc'], 'sort');
    case 'any': {
      const phrases = PHRASES.filter((phrase) => phrase.text.replace(/^!/, '').startsWith(typed));
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
  const last = words.at(-1) ?? '';
  return (
    DATE_FIELDS.has(words[0] ?? '') && words.length <= 2 && (DATE_OPERATORS.has(last) || words.length === 1)
  );
}
