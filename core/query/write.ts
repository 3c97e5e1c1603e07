/**
 * Queries as text again: written anew, with ids for names to be kept, with names for ids to be shown, and with single
 * questions exchanged in place; in English, or in the words of the person who reads it.
 *
 * Promise: what is written here is read as the same question. What is kept names lists and tags by id, so that renaming them
 * breaks no filter; what is gone stays in it as `#[id]`, so that nothing is lost when it comes back from the trash.
 *
 * Limit: a date that German has no words for that mean the same ("today 10am") stays in English.
 */
import { readDate } from './dates.ts';
import { GERMAN_LEADING_WORDS, GERMAN_WRITTEN, plainWord } from './german.ts';
import { germanDateText } from './german-dates.ts';
import {
  COMPARISON_WORDS,
  DATE_FIELDS,
  isDescendingByNature,
  nameKey,
  type Comparison,
  type Expression,
  type ExpressionOf,
  type Query,
  type QueryLanguage,
  type SortKey,
  type Thing,
} from './language.ts';
import { encodedId, nameText, quoted } from './lexer.ts';

interface Names {
  readonly lists: readonly { readonly id: string; readonly name: string }[];
  readonly tags: readonly { readonly id: string; readonly name: string }[];
}

export function writeQuery({ where, sort }: Query, language: QueryLanguage = 'en'): string {
  return [where === null ? '' : written(where, language), writeSort(sort, language)]
    .filter((part) => part !== '')
    .join(' ');
}

/** Names that are one thing become its id; others stay. */
export function withIds(query: Query, names: Names): Query {
  return mapNames(query, (term) => {
    if (term.by === 'id') return term;
    const key = nameKey(term.value);
    const [only, ...others] = knownFor(term, names).filter(({ name }) => nameKey(name) === key);
    return only === undefined || others.length > 0 ? term : { ...term, by: 'id', value: only.id };
  });
}

/** Ids become the names that people know; where a name is not there, or not the only one, the id stays. */
export function withNames(query: Query, names: Names): Query {
  return mapNames(query, (term) => {
    if (term.by === 'name') return term;
    const known = knownFor(term, names);
    const found = known.find(({ id }) => id === term.value);
    const key = found && nameKey(found.name);
    if (!found || key === '' || known.filter(({ name }) => nameKey(name) === key).length > 1) return term;
    return { ...term, by: 'name', value: found.name };
  });
}

/** The same question with other lists and tags in it. */
export function mapNames(
  query: Query,
  change: (term: ExpressionOf<'list' | 'tag'>) => ExpressionOf<'list' | 'tag'>,
): Query {
  const map = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return { ...expression, parts: expression.parts.map(map) };
      case 'not':
        return { ...expression, part: map(expression.part) };
      case 'list':
      case 'tag':
        return change(expression);
      default:
        return expression;
    }
  };
  return { ...query, where: query.where && map(query.where) };
}

function knownFor(term: ExpressionOf<'list' | 'tag'>, names: Names): Names['lists'] {
  return term.kind === 'list' ? names.lists : names.tags;
}

export function writeSort(sort: readonly SortKey[], language: QueryLanguage = 'en'): string {
  if (sort.length === 0) return '';
  const words = WORDS[language];
  const keys = sort.map(({ field, isDescending }) => {
    if (isDescending === isDescendingByNature(field)) return words.sortFields[field];
    return `${words.sortFields[field]} ${isDescending ? words.desc : words.asc}`;
  });
  return `${words.sort} ${keys.join(', ')}`;
}

/** A text that means the same whatever word comes after it: "no" before "tags" does not. */
export function isPlainWord(part: Expression): boolean {
  return part.kind === 'text' && (part.isPhrase || !leads(part.text));
}

const LEADING_WORDS: ReadonlySet<string> = new Set(['sort', 'no', 'has', 'priority', ...DATE_FIELDS.keys()]);

function leads(word: string): boolean {
  return LEADING_WORDS.has(word.toLowerCase()) || GERMAN_LEADING_WORDS.has(plainWord(word));
}

/** Parts as one question; words that stand side by side stay so. */
export function joinParts(
  parts: readonly { readonly text: string; readonly isWord: boolean }[],
  language: QueryLanguage = 'en',
): string {
  const and = ` ${WORDS[language].and} `;
  return parts
    .map(({ text, isWord }, index) => {
      if (index === 0) return text;
      return `${isWord && parts[index - 1]?.isWord === true ? ' ' : and}${text}`;
    })
    .join('');
}

export function written(expression: Expression, language: QueryLanguage = 'en'): string {
  const words = WORDS[language];
  /** In brackets where it would be read with what stands around it. */
  const within = (part: Expression, kinds: readonly Expression['kind'][]): string =>
    kinds.includes(part.kind) ? `(${written(part, language)})` : written(part, language);
  switch (expression.kind) {
    case 'and':
      return joinParts(
        expression.parts.map((part) => ({ text: within(part, ['or', 'and']), isWord: isPlainWord(part) })),
        language,
      );
    case 'or':
      return expression.parts.map((part) => within(part, ['or'])).join(` ${words.or} `);
    case 'not':
      return `${words.not} ${within(expression.part, ['and', 'or'])}`;
    case 'text':
      return expression.isPhrase ? quoted(expression.text) : expression.text;
    case 'list':
    case 'tag': {
      const mark = expression.kind === 'list' ? '#' : '@';
      return (
        mark + (expression.by === 'id' ? `[${encodedId(expression.value)}]` : nameText(expression.value))
      );
    }
    case 'priority': {
      const { comparison } = expression;
      const priority = words.priorities[expression.priority];
      if (comparison !== '=') return `${words.priority} ${comparison} ${priority}`;
      return expression.priority === 'none' ? `${words.priority} ${priority}` : `!${priority}`;
    }
    case 'date':
      if (language === 'de') return germanDate(expression);
      return `${expression.field} ${COMPARISON_WORDS[expression.comparison]}${expression.when}`;
    case 'status':
      return words.status[expression.status];
    case 'overdue':
      return words.overdue;
    case 'has':
      if (expression.thing === 'repeat' && !expression.isMissing) return words.recurring;
      return `${expression.isMissing ? words.lacks : words.has} ${words.things[expression.thing]}`;
  }
}

/** In its proper case: vor nächstem Freitag, bis nächsten Freitag. */
function germanDate({ field, comparison, when }: ExpressionOf<'date'>): string {
  const word = GERMAN_WRITTEN.fields[field];
  const asked = readDate(when)?.asked;
  const isDative = comparison !== '=' && comparison !== '<=';
  const date = asked && germanDateText(asked, isDative);
  if (comparison === '=') return `${word} ${date ?? when}`;
  if (asked?.kind === 'ago' && comparison === '>=' && date?.startsWith('vor ') === true)
    return `${word} seit ${date.slice('vor '.length)}`;
  // "vor in 3 Tagen" is no German.
  const isLed = /^(?:in|vor|am|im)\s/.test(date ?? when);
  return `${word} ${isLed ? comparison : germanComparison(field, comparison)} ${date ?? when}`;
}

function germanComparison(field: ExpressionOf<'date'>['field'], comparison: Comparison): string {
  switch (comparison) {
    case '<':
      return 'vor';
    case '<=':
      return 'bis';
    case '>':
      return 'nach';
    case '>=':
      return field === 'created' || field === 'done' ? 'seit' : 'ab';
    case '=':
      return comparison;
  }
}

const THING_WORDS: { readonly [thing in Thing]: string } = {
  due: 'due date',
  start: 'start date',
  priority: 'priority',
  list: 'list',
  tags: 'tags',
  notes: 'notes',
  reminder: 'reminder',
  repeat: 'repeat',
};

const WORDS = {
  en: {
    and: 'and',
    or: 'or',
    not: 'not',
    overdue: 'overdue',
    recurring: 'recurring',
    has: 'has',
    lacks: 'no',
    priority: 'priority',
    sort: 'sort by',
    desc: 'desc',
    asc: 'asc',
    status: { open: 'open', done: 'done', cancelled: 'cancelled' },
    priorities: { none: 'none', low: 'low', medium: 'medium', high: 'high', urgent: 'urgent' },
    things: THING_WORDS,
    sortFields: {
      due: 'due',
      start: 'start',
      priority: 'priority',
      created: 'created',
      done: 'done',
      title: 'title',
    },
  },
  de: GERMAN_WRITTEN,
} as const;
