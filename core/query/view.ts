/**
 * A query that is kept as a view: how it is written down, how it is shown, and what belongs to it.
 *
 * Promise: one meaning for the app and the API, which both read their views here. What is kept names lists and tags by id, so
 * renaming them changes nothing; a view that says nothing of open or done is of what is open; trash is in none.
 *
 * Limits: words are looked for as [MA1] of core/SPEC.md says. That the search field forgives a slip is the search field's.
 */
import type { HoldfastDocument } from '../document.ts';
import { parseQuery, type QueryNames } from '../query.ts';
import { asksForStatus } from './answer.ts';
import type { Expression, SortKey } from './language.ts';
import { withIds, withNames, writeQuery } from './write.ts';

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
  return writeQuery(withIds(parseQuery(text).query, names));
}

/** A kept query as its person reads it. What cannot be understood (any more) is shown as it is. */
export function shownText(kept: string, names: QueryNames): string {
  const { query, faults } = parseQuery(kept);
  return faults.length > 0 ? kept : writeQuery(withNames(query, names));
}

/** The names that a query may say: what is in the trash or archived cannot be asked for by name. */
export function queryNames(document: Pick<HoldfastDocument, 'lists' | 'tags'>): QueryNames {
  return {
    lists: [...document.lists()].filter((list) => list.trashedAt === null && list.archivedAt === null),
    tags: [...document.tags()].filter((tag) => tag.trashedAt === null),
  };
}
