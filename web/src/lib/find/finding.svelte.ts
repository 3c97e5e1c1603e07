/**
 * Searching and saved views, which come after the first paint and not with it.
 *
 * Promise: the index begins when someone first searches, and then follows the document as long as the app is open. Parts that
 * cannot be fetched are tried again at the next asking.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import type { TaskIndex } from './task-index.svelte.ts';

type Questions = Awaited<ReturnType<typeof fetchQuestions>>;

export class Finding {
  #questions: Questions | null = $state.raw(null);
  #index: TaskIndex | null = $state.raw(null);
  #document: HoldfastDocument | null = null;
  #isFetchingQuestions = false;
  #isFetchingIndex = false;

  /** null until `load` was asked for and is there. */
  get questions(): Questions | null {
    return this.#questions;
  }

  load(): void {
    if (this.#questions || this.#isFetchingQuestions) return;
    this.#isFetchingQuestions = true;
    void fetchQuestions().then(
      (questions) => {
        this.#questions = questions;
      },
      () => {
        this.#isFetchingQuestions = false;
      },
    );
  }

  /** null until `startIndex` was asked for and is there; it may not be complete. */
  get index(): TaskIndex | null {
    return this.#index;
  }

  startIndex(document: HoldfastDocument): void {
    if (this.#document === document && (this.#index || this.#isFetchingIndex)) return;
    this.#index?.close();
    this.#index = null;
    this.#document = document;
    this.#isFetchingIndex = true;
    void import('./task-index.svelte.ts').then(
      ({ TaskIndex }) => {
        if (this.#document === document) this.#index = new TaskIndex(document);
      },
      () => {
        this.#isFetchingIndex = false;
      },
    );
  }

  close(): void {
    this.#index?.close();
    this.#index = null;
    this.#document = null;
  }
}

async function fetchQuestions() {
  const { answerView } = await import('./question.ts');
  return { answerView };
}
