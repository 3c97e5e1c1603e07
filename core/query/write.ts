/**
 * Queries as text again: written anew, with ids for names to be kept, with names for ids to be shown, and with single
 * questions exchanged in place.
 *
 * Promise: what is written here is read as the same question. What is kept names lists and tags by id, so that renaming them
 * breaks no filter; what is gone stays in it as `#[id]`, so that nothing is lost when it comes back from the trash.
 */
import {
  COMPARISON_WORDS,
  DATE_FIELDS,
  isDescendingByNature,
  nameKey,
  type Expression,
  type ExpressionOf,
  type Query,
  type SortKey,
  type Thing,
} from './language.ts';
import { encodedId, nameText, quoted } from './lexer.ts';

interface Names {
  readonly lists: readonly { readonly id: string; readonly name: string }[];
  readonly tags: readonly { readonly id: string; readonly name: string }[];
}

export function writeQuery({ where, sort }: Query): string {
  return [where === null ? '' : written(where), writeSort(sort)].filter((part) => part !== '').join(' ');
}

/** Names that are one thing become its id; others stay. */
export function withIds(query: Query, names: Names): Query {
  return mapped(query, (term) => {
    if (term.by === 'id') return term;
    const key = nameKey(term.value);
    const [only, ...others] = knownFor(term, names).filter(({ name }) => nameKey(name) === key);
    return only === undefined || others.length > 0 ? term : { ...term, by: 'id', value: only.id };
  });
}

/** Ids become the names that people know; where a name is not there, or not the only one, the id stays. */
export function withNames(query: Query, names: Names): Query {
  return mapped(query, (term) => {
    if (term.by === 'name') return term;
    const known = knownFor(term, names);
    const found = known.find(({ id }) => id === term.value);
    const key = found && nameKey(found.name);
    if (!found || key === '' || known.filter(({ name }) => nameKey(name) === key).length > 1) return term;
    return { ...term, by: 'name', value: found.name };
  });
}

/** The same question with other lists and tags in it. */
function mapped(
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

export function writeSort(sort: readonly SortKey[]): string {
  if (sort.length === 0) return '';
  const keys = sort.map(({ field, isDescending }) => {
    if (isDescending === isDescendingByNature(field)) return field;
    return `${field} ${isDescending ? 'desc' : 'asc'}`;
  });
  return `sort by ${keys.join(', ')}`;
}

/** A text that means the same whatever word comes after it: "no" before "tags" does not. */
export function isPlainWord(part: Expression): boolean {
  return part.kind === 'text' && (part.isPhrase || !LEADING_WORDS.has(part.text.toLowerCase()));
}

const LEADING_WORDS: ReadonlySet<string> = new Set(['sort', 'no', 'has', 'priority', ...DATE_FIELDS.keys()]);

/** Parts as one question; words that stand side by side stay so. */
export function joinParts(parts: readonly { readonly text: string; readonly isWord: boolean }[]): string {
  return parts
    .map(({ text, isWord }, index) => {
      if (index === 0) return text;
      return `${isWord && parts[index - 1]?.isWord === true ? ' ' : ' and '}${text}`;
    })
    .join('');
}

export function written(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
      return joinParts(
        expression.parts.map((part) => ({ text: within(part, ['or', 'and']), isWord: isPlainWord(part) })),
      );
    case 'or':
      return expression.parts.map((part) => within(part, ['or'])).join(' or ');
    case 'not':
      return `not ${within(expression.part, ['and', 'or'])}`;
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
      const { comparison, priority } = expression;
      if (comparison !== '=') return `priority ${comparison} ${priority}`;
      return priority === 'none' ? 'priority none' : `!${priority}`;
    }
    case 'date':
      return `${expression.field} ${COMPARISON_WORDS[expression.comparison]}${expression.when}`;
    case 'status':
      return expression.status;
    case 'overdue':
      return 'overdue';
    case 'has':
      if (expression.thing === 'repeat' && !expression.isMissing) return 'recurring';
      return `${expression.isMissing ? 'no' : 'has'} ${THING_WORDS[expression.thing]}`;
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

/** In brackets where it would be read with what stands around it. */
function within(part: Expression, kinds: readonly Expression['kind'][]): string {
  return kinds.includes(part.kind) ? `(${written(part)})` : written(part);
}
