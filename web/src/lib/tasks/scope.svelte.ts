/**
 * The one question about a recurring task: only this one, or all that come too.
 *
 * Promise: at most one is open; a second one answers the first with "neither". Where nobody answers, nothing happens.
 */

export type Scope = 'this' | 'future';

export interface ScopeQuestion {
  readonly deed: 'change' | 'delete';
  /** What "only this one" is, in words: its date. */
  readonly which: string;
  readonly answer: (scope: Scope | null) => void;
}

export class ScopeAsker {
  #open: ScopeQuestion | null = $state.raw(null);

  get open(): ScopeQuestion | null {
    return this.#open;
  }

  /** null: neither. */
  ask(deed: ScopeQuestion['deed'], which: string): Promise<Scope | null> {
    this.#open?.answer(null);
    return new Promise((resolve) => {
      this.#open = {
        deed,
        which,
        answer: (scope) => {
          this.#open = null;
          resolve(scope);
        },
      };
    });
  }
}
