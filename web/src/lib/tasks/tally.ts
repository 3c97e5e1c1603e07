/**
 * Counts over all tasks that are kept, not computed: after an edit only what changed is counted anew.
 *
 * Promise: what it says is always what counting everything would give.
 */

import type { Steps } from '@holdfast/core/document.ts';
import type { TaskRow } from './task-rules.ts';

/** Some milliseconds of work. */
const ROWS_A_STEP = 1_000;

export interface StepCount {
  readonly done: number;
  readonly total: number;
}

/** What the counts hang on. */
export type Counted = Pick<TaskRow, 'doneAt' | 'id' | 'listId' | 'parentId' | 'tags' | 'trashedAt'>;

export class Tally {
  readonly #counted = new Map<string, Counted>();
  readonly #open = new Map<string, number>();
  readonly #tags = new Map<string, number>();
  readonly #steps = new Map<string, StepCount>();

  constructor(all: Iterable<Counted>) {
    for (const row of all) this.#take(row);
  }

  /** What the constructor gives, with rests in between. */
  static *inSteps(all: readonly Counted[]): Steps<Tally> {
    const tally = new Tally([]);
    for (let at = 0; at < all.length; at += ROWS_A_STEP) {
      for (const row of all.slice(at, at + ROWS_A_STEP)) tally.#take(row);
      yield;
    }
    return tally;
  }

  /** Open tasks of a list, without subtasks. */
  openIn(listId: string): number {
    return this.#open.get(listId) ?? 0;
  }

  /** Open tasks with a tag. */
  tagged(tagId: string): number {
    return this.#tags.get(tagId) ?? 0;
  }

  /** Undefined when the task has no steps. */
  stepsOf(parentId: string): StepCount | undefined {
    return this.#steps.get(parentId);
  }

  /** `get` gives a task as it now stands. */
  update(changed: ReadonlySet<string>, get: (id: string) => Counted | undefined): void {
    for (const id of changed) {
      const before = this.#counted.get(id);
      if (before) {
        this.#counted.delete(id);
        this.#count(before, -1);
      }
      const now = get(id);
      if (now) this.#take(now);
    }
  }

  #take(row: Counted): void {
    if (row.trashedAt !== null) return;
    this.#counted.set(row.id, row);
    this.#count(row, 1);
  }

  #count(row: Counted, by: 1 | -1): void {
    const isOpen = row.doneAt === null;
    if (isOpen) for (const tag of row.tags) add(this.#tags, tag, by);
    if (row.parentId !== null) {
      const { done, total } = this.#steps.get(row.parentId) ?? { done: 0, total: 0 };
      if (total + by === 0) this.#steps.delete(row.parentId);
      else this.#steps.set(row.parentId, { done: done + (isOpen ? 0 : by), total: total + by });
    } else if (row.listId !== null && isOpen) add(this.#open, row.listId, by);
  }
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
