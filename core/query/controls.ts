/**
 * A query as the controls of a form: what it says of status, priority, list, tags, due date and order, and the text with
 * one of these exchanged.
 *
 * Promise: changing a control changes that question and the joints around it, and nothing else of what someone has typed.
 * A question is said in English by whoever chooses it, and put into the text in the language of the person.
 *
 * Limits: only questions that have to hold in any case are reflected ("#a and due today"), not those within an "or".
 */
import { parseQuery } from '../query.ts';
import {
  isDescendingByNature,
  type Expression,
  type Query,
  type QueryLanguage,
  type SortField,
} from './language.ts';
import { nameText } from './lexer.ts';
import { isPlainWord, joinParts, writeQuery, writeSort, written } from './write.ts';

/** Each as the text of its question in English, whatever it was typed in; '' is none. */
export interface QueryControls {
  readonly status: string;
  readonly priority: string;
  readonly list: string;
  readonly tags: readonly string[];
  readonly due: string;
  /** Of a range of days, YYYY-MM-DD each. */
  readonly dueFrom: string;
  readonly dueTo: string;
  readonly sort: SortField | '';
  /** The same as the person has written it. */
  readonly typed: { readonly [control in QueryControl]: string };
}

export type QueryControl = 'status' | 'priority' | 'list' | 'due';

/** The ends of a range have one place. */
function isFirstThere({ start }: Expression, index: number, parts: readonly Expression[]): boolean {
  return start !== parts[index - 1]?.start;
}

/** The questions of the whole that have to hold. */
function partsOf(query: Query): readonly Expression[] {
  const { where } = query;
  if (where === null) return [];
  return where.kind === 'and' ? where.parts : [where];
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function readControls(text: string, query: Query): QueryControls {
  const parts = partsOf(query);
  const partsFor = (control: QueryControl): readonly Expression[] =>
    parts.filter((part) => controlOf(part) === control);
  const said = (control: QueryControl): string =>
    partsFor(control)
      .map((part) => written(part))
      .join(' and ');
  const typed = (control: QueryControl): string =>
    partsFor(control)
      .filter(isFirstThere)
      .map((part) => text.slice(part.start, part.end))
      .join(' · ');
  const bound = (comparison: string): string => {
    const found = parts.find(
      (part) =>
        part.kind === 'date' && part.field === 'due' && part.comparison === comparison && DAY.test(part.when),
    );
    return found?.kind === 'date' ? found.when : '';
  };
  return {
    status: said('status'),
    priority: said('priority'),
    list: parts.flatMap((part) => (part.kind === 'list' ? [part.value] : []))[0] ?? '',
    tags: parts.flatMap((part) => (part.kind === 'tag' ? [part.value] : [])),
    due: said('due'),
    dueFrom: bound('>='),
    dueTo: bound('<='),
    sort: query.sort[0]?.field ?? '',
    typed: {
      status: typed('status'),
      priority: typed('priority'),
      list: typed('list'),
      due: typed('due'),
    },
  };
}

/** @param question in English; '' takes it out */
export function withControl(
  text: string,
  query: Query,
  control: QueryControl,
  question: string,
  language: QueryLanguage = 'en',
): string {
  const said = language === 'en' ? question : writeQuery(parseQuery(question).query, language);
  return rewritten(text, query, (part) => controlOf(part) === control, said, language);
}

/** @param to YYYY-MM-DD, or '' for no such end */
export function withDueRange(
  text: string,
  query: Query,
  from: string,
  to: string,
  language: QueryLanguage = 'en',
): string {
  const questions = [from && `due since ${from}`, to && `due by ${to}`].filter((question) => question !== '');
  return withControl(text, query, 'due', questions.join(' and '), language);
}

export function withTag(
  text: string,
  query: Query,
  value: string,
  isWanted: boolean,
  language: QueryLanguage = 'en',
): string {
  const question = isWanted ? `@${nameText(value)}` : '';
  return rewritten(text, query, (part) => part.kind === 'tag' && part.value === value, question, language);
}

export function withSort(
  text: string,
  query: Query,
  field: SortField | '',
  language: QueryLanguage = 'en',
): string {
  const place = query.sortPlace;
  const rest = (place === null ? text : text.slice(0, place.start)).trim();
  if (field === '') return rest;
  return `${rest} ${writeSort([{ field, isDescending: isDescendingByNature(field) }], language)}`.trim();
}

function controlOf(part: Expression): QueryControl | null {
  switch (part.kind) {
    case 'status':
    case 'priority':
    case 'list':
      return part.kind;
    case 'overdue':
      return 'due';
    case 'date':
      return part.field === 'due' ? 'due' : part.field === 'done' ? 'status' : null;
    case 'has':
      return part.thing === 'due' ? 'due' : part.thing === 'priority' ? 'priority' : null;
    default:
      return null;
  }
}

/** Without the parts of one sort and with another at the end, the rest as it was typed. */
function rewritten(
  text: string,
  query: Query,
  isOut: (part: Expression) => boolean,
  question: string,
  language: QueryLanguage,
): string {
  const isGrouped = query.where?.kind === 'or';
  const kept = partsOf(query)
    .filter((part) => !isOut(part))
    .filter(isFirstThere)
    .map((part) => {
      const own = text.slice(part.start, part.end);
      return { text: isGrouped && question !== '' ? `(${own})` : own, isWord: isPlainWord(part) };
    });
  const parts = question === '' ? kept : [...kept, { text: question, isWord: false }];
  const where =
    isGrouped && question === ''
      ? text.slice(0, query.sortPlace?.start ?? text.length)
      : joinParts(parts, language);
  const sort = query.sortPlace === null ? '' : text.slice(query.sortPlace.start);
  return `${where.trim()} ${sort}`.trim();
}
