/**
 * Queries of the API: read with the names of the space, kept as the app keeps them, and asked of tasks as a view of the app is.
 *
 * Promise: core/query says what a query means; what of it cannot be understood is refused with each place. A saved filter that
 * names what is in the trash or archived is answered all the same, as in the app: nothing is in a list that is gone.
 */
import type { Filter, FilterId, HoldfastDocument } from '@holdfast/core/document.ts';
import { foldText } from '@holdfast/core/fold.ts';
import { parseQuery } from '@holdfast/core/query.ts';
import { createPredicate, createRanking } from '@holdfast/core/query/answer.ts';
import type { QueryTask, Ranking } from '@holdfast/core/query/answer.ts';
import type { Query, QueryFault } from '@holdfast/core/query/language.ts';
import { isShownIn, keptText, queryNames, VIEW_SORT } from '@holdfast/core/query/view.ts';
import { writeSort } from '@holdfast/core/query/write.ts';
import { MAX_QUERY_CHARS } from '@holdfast/core/values.ts';
import { refused } from './calls.ts';
import type { Caller, Outcome, Refused, TaskQuery } from './calls.ts';

export interface AskedView {
  /** Whether the question holds, whatever the state of the task. */
  readonly asks: (task: QueryTask) => boolean;
  /** Whether it is shown, open and closed ones being two views where the question says nothing of it. */
  readonly isShown: ReturnType<typeof isShownIn>;
  readonly ranking: Ranking;
  /** Tells the cursor of one order from another's. */
  readonly rankedBy: string;
}

/** Null: neither a filter nor a query was asked for. */
export function askedView(
  document: HoldfastDocument,
  { filter, query }: Pick<TaskQuery, 'filter' | 'query'>,
  caller: Caller,
): Outcome<AskedView | null> {
  if (filter !== undefined && query !== undefined) {
    return refused('invalid', 'There is a filter already; ask for one of the two.', 'query');
  }
  if (query !== undefined) {
    const { query: read, faults } = parseQuery(query, queryNames(document));
    return faults.length > 0
      ? queryRefused('query', faults)
      : { ok: true, value: viewOf(document, read, caller) };
  }
  if (filter === undefined) return { ok: true, value: null };
  const found = filterOf(document, filter);
  if (found === undefined) {
    return refused('invalid', `There is no filter "${filter}" in this space.`, 'filter');
  }
  // Without names: what they say may be gone for a while, and that is no fault of the question.
  const { query: read, faults } = parseQuery(found.query);
  return faults.length > 0
    ? queryRefused('filter', faults)
    : { ok: true, value: viewOf(document, read, caller) };
}

/** As the document keeps it; refused where it cannot be understood. */
export function acceptQuery(document: HoldfastDocument, text: string): Outcome<string> {
  const names = queryNames(document);
  const { query, faults } = parseQuery(text, names);
  if (faults.length > 0) return queryRefused('query', faults);
  if (query.where === null && query.sort.length === 0) {
    return refused('invalid', 'A filter needs something to look for.', 'query');
  }
  const kept = keptText(text, names);
  return kept.length > MAX_QUERY_CHARS
    ? refused(
        'invalid',
        `With the ids of its lists and tags it has ${kept.length} characters; it can have up to ${MAX_QUERY_CHARS}.`,
        'query',
      )
    : { ok: true, value: kept };
}

function viewOf(document: HoldfastDocument, { where, sort }: Query, { nowMs, timeZone }: Caller): AskedView {
  const { lists, tags } = queryNames(document);
  const order = sort.length > 0 ? sort : VIEW_SORT;
  return {
    asks: createPredicate(where, { now: nowMs, timeZone, lists, tags }),
    isShown: isShownIn(where),
    ranking: createRanking(order, timeZone),
    rankedBy: writeSort(order),
  };
}

function filterOf(document: HoldfastDocument, wanted: string): Filter | undefined {
  const byId = document.filter(wanted as FilterId);
  if (byId !== undefined && byId.trashedAt === null) return byId;
  const name = foldText(wanted.trim());
  return [...document.filters()].find((each) => each.trashedAt === null && foldText(each.name) === name);
}

function queryRefused(field: string, faults: readonly QueryFault[]): Refused {
  return { ...refused('invalid', faults[0]?.message ?? '', field), faults };
}
