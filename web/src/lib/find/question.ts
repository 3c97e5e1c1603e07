/**
 * A query as a page asks it: read, answered over the rows of the task store, and kept or shown with names.
 *
 * Promise: pure but for the tasks that it is handed; it comes with the pages that ask and not with the first paint. What is
 * open and what is completed are two answers, since a query seldom says which it means: then a view is of open tasks.
 */

import type { Steps, Task } from '@holdfast/core/document.ts';
import { type ParsedQuery, parseQuery, type QueryNames } from '@holdfast/core/query.ts';
import {
  asksForStatus,
  asksForTime,
  createOrder,
  createPredicate,
  type QueryContext,
  type QueryTask,
  wantedTexts,
} from '@holdfast/core/query/answer.ts';
import { best } from '@holdfast/core/query/best.ts';
import type { QueryLanguage, SortKey } from '@holdfast/core/query/language.ts';
import { isShownIn, VIEW_SORT } from '@holdfast/core/query/view.ts';
import type { ViewRule } from '../tasks/sorted-view.ts';
import type { TaskRow } from '../tasks/task-rules.ts';
import type { TaskStore } from '../tasks/task-store.svelte.ts';

/** Whoever reads `now` or `time` follows the minute. */
export interface Moment {
  readonly now: number;
  readonly timeZone: string;
  readonly today: string;
  /** HH:mm */
  readonly time: string;
}

/** Names as a query may say them: what is in the trash cannot be asked for. */
export function namesOf(tasks: TaskStore): QueryNames {
  return { lists: tasks.lists, tags: tasks.tags };
}

/** In which a query is shown and proposed. It is understood in each of them. */
export function queryLanguage(): QueryLanguage {
  return document.documentElement.lang === 'de' ? 'de' : 'en';
}

export interface ViewAnswer {
  readonly faults: ParsedQuery['faults'];
  /** Where the query says itself which it means: all that it means. Else those that are open. */
  readonly rows: readonly TaskRow[];
  /** Completed ones besides, newest first. Empty where the query speaks of that itself. */
  readonly completed: () => readonly TaskRow[];
}

/** What a kept query finds now, kept up by the store at the cost of what changes. */
export function answerView(kept: string, tasks: TaskStore, present: Moment): ViewAnswer {
  const names = namesOf(tasks);
  const { query, faults } = parseQuery(kept, names);
  const { where } = query;
  const isExact = asksForStatus(where);
  const time = asksForTime(where) ? present.time : '';
  const words = wantedTexts(where).length > 0 ? names.lists.map(({ name }) => name).join('\n') : '';
  const key = [kept, present.today, present.timeZone, time, words].join('\n');
  // The minute is followed only where the answer hangs on it; the day is in the key.
  const now = time === '' ? Date.now() : present.now;
  const context = { now, timeZone: present.timeZone, ...names };
  const ruleOf = (isWanted: (row: TaskRow) => boolean, sort: readonly SortKey[]) => (): ViewRule<TaskRow> => {
    const predicate = createPredicate(where, context);
    const order = createOrder(sort, present.timeZone);
    return {
      matches: (row) => {
        if (!isWanted(row)) return false;
        const task = askable(row, tasks);
        return task !== undefined && predicate(task);
      },
      compare: (a, b) => {
        const [one, other] = [askable(a, tasks), askable(b, tasks)];
        if (one && other) return order(one, other);
        return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
      },
    };
  };
  const isShown = isShownIn(where);
  const sort = query.sort.length > 0 ? query.sort : VIEW_SORT;
  return {
    faults,
    rows: tasks.selection(
      key,
      ruleOf(({ trashedAt, doneAt }) => isShown({ trashedAt, closedAt: doneAt }), sort),
    ),
    completed: () =>
      isExact
        ? []
        : tasks.selection(
            `completed ${key}`,
            ruleOf(
              (row) => row.trashedAt === null && row.doneAt !== null,
              [{ field: 'done', isDescending: true }],
            ),
          ),
  };
}

const askables = new WeakMap<TaskRow, QueryTask>();

/** The task of a row, as done as the row shows it; undefined while the document is not there. */
export function askable(row: TaskRow, tasks: TaskStore): QueryTask | undefined {
  let known = askables.get(row);
  if (known === undefined) {
    const task: Task | undefined = tasks.task(row.id);
    if (task === undefined) return undefined;
    known = task;
    if ((row.doneAt === null) !== (task.status === 'open')) {
      known = { ...task, status: row.doneAt === null ? 'open' : 'done', closedAt: row.doneAt };
    }
    askables.set(row, known);
  }
  return known;
}

/** Some milliseconds of looking through texts. */
const ROWS_A_STEP = 200;

export interface FoundRows {
  /** The best, and after them what is completed; not more than was asked for, of both together. */
  readonly open: readonly TaskRow[];
  readonly completed: readonly TaskRow[];
  /** How many there are. */
  readonly count: number;
}

/**
 * The first `limit` of what a query finds, the best first: by its own order, else by how well they fit. In steps, since texts
 * of which there is no index yet take a while to be looked through; `isOver` ends it, and what it gives then is of no use.
 */
export function* findRows(
  { query }: ParsedQuery,
  rows: readonly TaskRow[],
  tasks: TaskStore,
  context: QueryContext,
  scoreOf: (id: string) => number,
  limit: number,
  isOver: () => boolean = () => false,
): Steps<FoundRows> {
  interface Found {
    readonly row: TaskRow;
    readonly task: QueryTask;
    readonly score: number;
  }
  const predicate = createPredicate(query.where, context);
  const order = createOrder(query.sort.length > 0 ? query.sort : VIEW_SORT, context.timeZone);
  const compare = (a: Found, b: Found): number => b.score - a.score || order(a.task, b.task);
  const [open, completed]: [Found[], Found[]] = [[], []];
  const isScored = query.sort.length === 0;
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_A_STEP === ROWS_A_STEP - 1) {
      yield;
      if (isOver()) break;
    }
    const task = askable(row, tasks);
    if (!task || !predicate(task)) continue;
    const found = { row, task, score: isScored ? scoreOf(row.id) : 0 };
    (row.doneAt === null ? open : completed).push(found);
  }
  const bestOpen = best(open, limit, compare);
  return {
    open: bestOpen.map(({ row }) => row),
    completed: best(completed, limit - bestOpen.length, compare).map(({ row }) => row),
    count: open.length + completed.length,
  };
}
