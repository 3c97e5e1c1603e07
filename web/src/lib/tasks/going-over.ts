/**
 * From the rows of the cache to those of the document: apart from the store, because it is needed only once that is loaded.
 *
 * Promise: what is on the screen is made of the document with rests in between, so that going over is drawing what differs.
 */

import type { HoldfastDocument, Steps, Task } from '@holdfast/core/document.ts';
import { inSlices } from '../device/slices.ts';
import { SortedView } from './sorted-view.ts';
import { Tally } from './tally.ts';
import type { TaskRow } from './task-rules.ts';

/** Some milliseconds of work. */
const ROWS_A_STEP = 100;

export type TaskViews = Map<string, SortedView<TaskRow>>;

export interface Made {
  readonly views: TaskViews;
  /** Edited or received meanwhile: what was made of these tasks may be of before. */
  readonly changed: ReadonlySet<string>;
}

export interface Overview extends Made {
  readonly counted: Tally;
}

interface Sources {
  readonly document: HoldfastDocument;
  readonly rowFrom: (task: Task) => TaskRow;
}

/** `shown` are the views of the cache. */
export async function makeOfDocument(
  sources: Sources,
  shown: ReadonlyMap<string, SortedView<TaskRow>>,
): Promise<Overview> {
  return withChanges(sources, function* () {
    const rows = yield* rowsOf(sources);
    const views = yield* viewsOf(rows, shown);
    return { views, counted: yield* Tally.inSteps(rows) };
  });
}

/** Views that nobody has asked for yet. */
export async function makeViews(
  sources: Sources,
  rules: ReadonlyMap<string, Pick<SortedView<TaskRow>, 'rule'>>,
): Promise<Made> {
  return withChanges(sources, function* () {
    return { views: yield* viewsOf(yield* rowsOf(sources), rules) };
  });
}

async function withChanges<T>(
  { document }: Sources,
  make: () => Steps<T>,
): Promise<T & { readonly changed: ReadonlySet<string> }> {
  const changed = new Set<string>();
  const stop = document.subscribe(({ tasks }) => {
    for (const id of tasks) changed.add(id);
  });
  try {
    return { ...(await inSlices(make())), changed };
  } finally {
    stop();
  }
}

function* rowsOf({ document, rowFrom }: Sources): Steps<TaskRow[]> {
  const rows: TaskRow[] = [];
  for (const task of document.tasks()) {
    rows.push(rowFrom(task));
    if (rows.length % ROWS_A_STEP === 0) yield;
  }
  return rows;
}

function* viewsOf(
  rows: readonly TaskRow[],
  wanted: ReadonlyMap<string, Pick<SortedView<TaskRow>, 'rule'>>,
): Steps<TaskViews> {
  const views: TaskViews = new Map();
  // A copy: whoever reads in a rest puts the view that it read last.
  for (const [key, { rule }] of [...wanted]) views.set(key, yield* SortedView.inSteps(rule, rows));
  return views;
}
