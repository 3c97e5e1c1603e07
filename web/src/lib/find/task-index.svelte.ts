/**
 * The index of all texts of a document, built and kept while the page goes on working.
 *
 * Promise: no part of its work takes the page for longer than `SLICE_MS`. A few changed tasks are taken in at once, so that
 * what was typed is found with the next key; until many are, `isComplete` is false and whoever asks looks through the texts.
 */

import type { HoldfastDocument, Task, TaskId } from '@holdfast/core/document.ts';
import { createSearchIndex, type SearchIndex } from '@holdfast/core/search.ts';
import { rest } from '../device/slices.ts';

const SLICE_MS = 8;
/** Some microseconds each. */
const AT_ONCE = 40;

export class TaskIndex {
  readonly texts: SearchIndex = createSearchIndex();
  readonly #document: HoldfastDocument;
  readonly #stop: () => void;
  #waiting: Iterator<TaskId>;
  #isResting = false;
  #isClosed = false;
  #isComplete = $state(false);

  constructor(document: HoldfastDocument) {
    this.#document = document;
    this.#waiting = idsOf(document);
    this.#stop = document.subscribe((change) => {
      // A list's name is a text of its tasks, which do not change with it.
      const renamed = change.lists.size === 0 ? [] : tasksIn(document, change.lists);
      this.#take([...change.tasks, ...renamed]);
    });
    this.#slice();
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #take(ids: readonly TaskId[]): void {
    if (ids.length <= AT_ONCE) {
      for (const id of ids) this.#index(id);
      return;
    }
    const before = this.#waiting;
    this.#waiting = (function* () {
      yield* ids;
      yield* { [Symbol.iterator]: () => before };
    })();
    this.#isComplete = false;
    this.#later();
  }

  #later(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    void rest().then(() => {
      this.#isResting = false;
      if (!this.#isClosed) this.#slice();
    });
  }

  #slice(): void {
    const until = performance.now() + SLICE_MS;
    while (performance.now() < until) {
      const next = this.#waiting.next();
      if (next.done === true) {
        this.#isComplete = true;
        return;
      }
      this.#index(next.value);
    }
    this.#later();
  }

  #index(id: TaskId): void {
    const task = this.#document.task(id);
    if (task === undefined || task.trashedAt !== null) {
      this.texts.remove(id);
      return;
    }
    this.texts.put({
      id,
      title: task.title,
      notes: task.notes,
      tags: task.tags.flatMap((tag) => this.#document.tag(tag)?.name ?? []),
      list: task.listId === null ? null : (this.#document.list(task.listId)?.name ?? null),
    });
  }
}

function* idsOf(document: HoldfastDocument): Generator<TaskId> {
  for (const task of document.tasks()) yield task.id;
}

function* tasksIn(document: HoldfastDocument, lists: ReadonlySet<string>): Generator<Task['id']> {
  for (const task of document.tasks()) if (task.listId !== null && lists.has(task.listId)) yield task.id;
}
