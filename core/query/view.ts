/**
 * A query that is kept as a view: how it is written down, how it is shown, and what belongs to it.
 *
 * Promise: one meaning for the app and the API, which both read their views here. What is kept is in English words and names
 * lists and tags by id, so it means the same to everyone whatever it was typed in, and renaming changes nothing; a view that
 * says nothing of open or done is of what is open; trash is in none.
 *
 * Limits: words are looked for as [MA1] of core/SPEC.md says. That the search field forgives a slip is the search field's.
 */
import type { HoldfastDocument } from '../document.ts';
import { parseQuery, type QueryNames } from '../query.ts';
import { asksForStatus } from './answer.ts';
import {
  INBOX_KEYS,
  nameKey,
  type Expression,
  type Query,
  type QueryLanguage,
  type SortKey,
} from './language.ts';
import { mapNames, withIds, withNames, writeQuery } from './write.ts';

/** Where a view says no order: what has to be done first, first. */
export const VIEW_SORT: readonly SortKey[] = [
  { field: 'due', isDescending: false },
  { field: 'priority', isDescending: true },
];

/** Whether this is in a view of `where`, once the question itself holds. */
export function isShownIn(
  where: Expression | null,
): (task: { readonly trashedAt: number | null; readonly closedAt: number | null }) => boolean {
  const isExact = asksForStatus(where);
  return ({ trashedAt, closedAt }) => trashedAt === null && (isExact || closedAt === null);
}

/** As it is kept. What cannot be understood is left out: look at the faults first. */
export function keptText(text: string, names: QueryNames): string {
  return writeQuery(withInbox(withIds(parseQuery(text).query, names), names, 'inbox'));
}

/** A kept query as its person reads it. What cannot be understood (any more) is shown as it is. */
export function shownText(kept: string, names: QueryNames, language: QueryLanguage = 'en'): string {
  const { query, faults } = parseQuery(kept);
  if (faults.length > 0) return kept;
  const inbox = language === 'de' ? 'Eingang' : 'inbox';
  return writeQuery(withNames(withInbox(query, names, inbox), names), language);
}

/** What is in no list has a name in each language; a list that someone has named so goes before it. */
function withInbox(query: Query, { lists }: QueryNames, name: string): Query {
  const isList = (key: string): boolean => lists.some((list) => nameKey(list.name) === key);
  return mapNames(query, (term) => {
    const key = nameKey(term.value);
    if (key === nameKey(name)) return term;
    const isInbox = term.kind === 'list' && term.by === 'name' && INBOX_KEYS.has(key);
    return isInbox && !isList(key) && !isList(nameKey(name)) ? { ...term, value: name } : term;
  });
}

/** The names that a query may say: what is in the trash or archived cannot be asked for by name. */
export function queryNames(document: Pick<HoldfastDocument, 'lists' | 'tags'>): QueryNames {
  return {
    lists: [...document.lists()].filter((list) => list.trashedAt === null && list.archivedAt === null),
    tags: [...document.tags()].filter((tag) => tag.trashedAt === null),
  };
}
