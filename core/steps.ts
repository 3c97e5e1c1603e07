/**
 * Long work in steps: whoever runs it may rest after each, so that a page that is being used answers in between.
 *
 * Promise: run in one go or with rests, it gives the same, also where the document changes during a rest.
 */

export type Steps<T> = Generator<void, T, void>;

/** In one go. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
