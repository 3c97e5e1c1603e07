/**
 * Which tasks a query finds, in which order, a page at a time.
 *
 * Promise: a cursor says where the page before ended by the values it was sorted by, so while others edit, no task
 * that stays where it was is given twice or passed over.
 * Limits: a task whose own sorted value changes between two pages may be seen twice or not at all; every query
 * looks at every task of the space, which ten thousand of them allow.
 */
import type { HoldfastDocument, ListId, Task, TaskId } from '@holdfast/core/document.ts';
import { foldText } from '@holdfast/core/fold.ts';
import { createMatcher, textsOf } from '@holdfast/core/matching.ts';
import { overdueFrom } from '@holdfast/core/overdue.ts';
import type { RankKey } from '@holdfast/core/query/answer.ts';
import { PRIORITY_NAMES, refused } from './calls.ts';
import type { Caller, Outcome, Refused, TaskQuery, TaskSort } from './calls.ts';
import { readInstant } from './moments.ts';
import { tagNames } from './task-json.ts';
import { askedView } from './views.ts';
import type { AskedView } from './views.ts';

/** Of TASK_SORTS the first part is compared upwards whatever the order: what has no due date comes last both ways. */
type SortKey = RankKey;

/** How the tasks of a page follow each other. */
interface Sorting {
  /** Tells the cursor of one order from another's. */
  readonly name: string;
  keyOf(task: Task): SortKey;
  compare(a: SortKey, b: SortKey): number;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly nextCursor: string | null;
}

export function findTasks(document: HoldfastDocument, query: TaskQuery, caller: Caller): Outcome<TaskPage> {
  const view = askedView(document, query, caller);
  if (!view.ok) return view;
  const sorting = sortingOf(document, query, view.value);
  if ('ok' in sorting) return sorting;
  const from = query.cursor === undefined ? null : readCursor(query.cursor, sorting.name);
  if (query.cursor !== undefined && from === null) {
    const mend = 'take nextCursor as it was given, with the same sort and order';
    return refused('invalid', `"${query.cursor.slice(0, 60)}" is no cursor of this list; ${mend}.`, 'cursor');
  }
  const matches = filterOf(document, query, caller, view.value);
  const found: { task: Task; key: SortKey }[] = [];
  for (const task of document.tasks()) {
    if (!matches(task)) continue;
    const key = sorting.keyOf(task);
    if (from === null || sorting.compare(key, from) > 0) found.push({ task, key });
  }
  found.sort((a, b) => sorting.compare(a.key, b.key));
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : writeCursor(sorting.name, last.key);
  return { ok: true, value: { tasks: page.map(({ task }) => task), nextCursor } };
}

/** What is asked for by name, else what the view says, else by creation. */
function sortingOf(document: HoldfastDocument, query: TaskQuery, view: AskedView | null): Sorting | Refused {
  if (view !== null && query.sort === undefined) {
    const { ranking, rankedBy } = view;
    return query.order === undefined
      ? { name: `query ${rankedBy}`, keyOf: ranking.keyOf, compare: ranking.compare }
      : refused(
          'invalid',
          'A query says its own order ("sort by due desc"); or give a sort besides.',
          'order',
        );
  }
  const { sort = 'created' } = query;
  // The most urgent first is what people mean by sorting by priority.
  const order = query.order ?? (sort === 'priority' ? 'desc' : 'asc');
  return {
    name: `${sort} ${order}`,
    keyOf: keyReader(document, sort),
    compare: (a, b) => compareKeys(a, b, order),
  };
}

function filterOf(
  document: HoldfastDocument,
  query: TaskQuery,
  caller: Caller,
  view: AskedView | null,
): (task: Task) => boolean {
  const tests: ((task: Task) => boolean)[] = [];
  const { status, priority } = query;
  if (status?.includes('trashed')) {
    tests.push(
      (task) => task.trashedAt !== null || (task.trashedAt === null && status.includes(task.status)),
    );
  } else {
    // Who says which status is meant has the closed ones of a view too.
    tests.push(view !== null && status === undefined ? view.isShown : (task) => task.trashedAt === null);
    if (status !== undefined) tests.push((task) => status.includes(task.status));
  }
  if (priority !== undefined) tests.push((task) => priority.includes(task.priority ?? 'none'));
  for (const tag of query.tag ?? []) tests.push(tagTest(document, tag));
  if (query.list !== undefined) tests.push(listTest(document, query.list));
  if (query.section !== undefined) tests.push(sectionTest(document, query.section));
  if (query.due_after !== undefined) tests.push(dueTest(query.due_after, caller, 1));
  if (query.due_before !== undefined) tests.push(dueTest(query.due_before, caller, -1));
  if (query.q !== undefined) {
    const matcher = createMatcher(query.q);
    const listName = (id: ListId | null): string | null =>
      id === null ? null : (document.list(id)?.name ?? null);
    tests.push((task) => matcher.matches(textsOf(task, tagNames(document, task), listName(task.listId))));
  }
  if (view !== null) tests.push(view.asks);
  return (task) => tests.every((test) => test(task));
}

/** By id, or by name without regard to case and accents. */
function tagTest(document: HoldfastDocument, wanted: string): (task: Task) => boolean {
  const name = foldText(wanted);
  const ids = new Set<string>([wanted]);
  for (const tag of document.tags()) if (foldText(tag.name) === name) ids.add(tag.id);
  return (task) => task.tags.some((id) => ids.has(id));
}

function listTest(document: HoldfastDocument, wanted: string): (task: Task) => boolean {
  const name = foldText(wanted);
  const ids = new Set<string | null>([wanted]);
  for (const list of document.lists()) {
    if (list.trashedAt === null && foldText(list.name) === name) ids.add(list.id);
  }
  // A list that someone has named so goes before the word for what is in no list.
  if (name === 'inbox' && ids.size === 1) ids.add(null);
  return (task) => ids.has(task.listId);
}

function sectionTest(document: HoldfastDocument, wanted: string): (task: Task) => boolean {
  const name = foldText(wanted);
  return ({ id }) => {
    const section = document.sectionOf(id);
    return section !== null && (section.id === wanted || foldText(section.name) === name);
  };
}

/**
 * `sign` 1: later than the bound, -1: earlier; never equal. Against a date by days, against a time on the clock by
 * what the clock shows (a date being over at 24:00), against an instant by instants.
 */
function dueTest(bound: string, caller: Caller, sign: 1 | -1): (task: Task) => boolean {
  const instant = readInstant(bound);
  return ({ due }) => {
    if (due === null) return false;
    if (instant !== null) return Math.sign(overdueFrom(due, caller.timeZone) - instant) === sign;
    const reading = bound.length === 10 ? due.date : `${due.date}T${due.time ?? '24:00'}`;
    return compare(reading, bound) === sign;
  };
}

function keyReader(document: HoldfastDocument, sort: TaskSort): (task: Task) => SortKey {
  switch (sort) {
    case 'due':
      return ({ due, id }) => (due === null ? [1, '', '', id] : [0, due.date, due.time ?? '24:00', id]);
    case 'priority':
      return ({ priority, createdAt, id }) => [0, PRIORITY_NAMES.indexOf(priority ?? 'none'), createdAt, id];
    case 'created':
      // Those of one moment in the order in which they were put down.
      return ({ createdAt, order, id }) => [0, createdAt, order ?? LAST, id];
    case 'title':
      return ({ title, id }) => [0, foldText(title), id];
    case 'order':
      return (task) => [0, ...placeOf(document, task)];
  }
}

/** As the lists show them: the Inbox, then list by list, subtasks below their parents. */
function placeOf(document: HoldfastDocument, task: Task): (string | number)[] {
  const path: (string | number)[] = [];
  const seen = new Set<string>();
  let at: Task | undefined = task;
  while (at !== undefined && !seen.has(at.id)) {
    seen.add(at.id);
    path.unshift(at.order ?? LAST, at.order === null ? at.createdAt : 0, at.id);
    at = at.parentId === null ? undefined : document.task(at.parentId as TaskId);
  }
  const list = task.listId === null ? undefined : document.list(task.listId as ListId);
  return [list === undefined ? '' : `l${list.order ?? LAST}`, list?.id ?? '', ...path];
}

/** After every key of a manual order, which begin with a letter or digit. */
const LAST = '~';

function compareKeys(a: SortKey, b: SortKey, order: 'asc' | 'desc'): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const sign = compare(a[i] ?? '', b[i] ?? '');
    if (sign !== 0) return i === 0 || order === 'asc' ? sign : -sign;
  }
  return order === 'asc' ? a.length - b.length : b.length - a.length;
}

function compare(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeCursor(name: string, key: SortKey): string {
  return Buffer.from(JSON.stringify([name, key])).toString('base64url');
}

/** Null: not one of this order. */
function readCursor(text: string, name: string): SortKey | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(parsed) || parsed[0] !== name) return null;
  const key: unknown = parsed[1];
  return Array.isArray(key) && key.every(isPart) ? key : null;
}

function isPart(part: unknown): part is SortKey[number] {
  return part === null || typeof part === 'string' || typeof part === 'number';
}
