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
  readonly counted: Tally;
  /** Edited or received meanwhile: what was made of these tasks may be of before. */
  readonly changed: ReadonlySet<string>;
}

/** `shown` are the views of the cache. */
export async function makeOfDocument(
  document: HoldfastDocument,
  shown: ReadonlyMap<string, SortedView<TaskRow>>,
  rowFrom: (task: Task) => TaskRow,
): Promise<Made> {
  const changed = new Set<string>();
  const stop = document.subscribe(({ tasks }) => {
    for (const id of tasks) changed.add(id);
  });
  try {
    return { ...(await inSlices(makeInSteps(document, shown, rowFrom))), changed };
  } finally {
    stop();
  }
}

function* makeInSteps(
  document: HoldfastDocument,
  shown: ReadonlyMap<string, SortedView<TaskRow>>,
  rowFrom: (task: Task) => TaskRow,
): Steps<Omit<Made, 'changed'>> {
  const rows: TaskRow[] = [];
  for (const task of document.tasks()) {
    rows.push(rowFrom(task));
    if (rows.length % ROWS_A_STEP === 0) yield;
  }
  const views: TaskViews = new Map();
  // A copy: whoever reads in a rest puts the view that it read last.
  for (const [key, { rule }] of [...shown]) {
    views.set(key, new SortedView(rule, rows));
    yield;
  }
  return { views, counted: new Tally(rows) };
}
