/**
 * The grammar of quick add, which comes after the first paint and not with it.
 *
 * Promise: `load` fetches it once and may be asked for at any time; it comes by itself when the browser is idle, so it is
 * there before anyone has typed a word, also when the network has gone since. While it is not there a line is a plain
 * title. One that cannot be fetched is tried again at the next asking.
 */

import type { HoldfastDocument, Result, TaskId } from '@holdfast/core/document.ts';
import type { QuickAddPlace } from '@holdfast/core/quick-add-commands.ts';
import type { QuickAdd, QuickAddContext } from '@holdfast/core/quick-add.ts';

type Grammar = Awaited<ReturnType<typeof fetchGrammar>>;

/** A line that was read and can be written to a document. */
export interface ReadLine {
  readonly title: string;
  readonly write: (document: HoldfastDocument, place: QuickAddPlace) => Result<{ id: TaskId }>;
  /** Of which line before it this is a step. */
  readonly parent?: number;
}

export interface Reading {
  readonly line: string;
  readonly parsed: QuickAdd;
}

export class QuickAddGrammar {
  #grammar: Grammar | null = $state.raw(null);
  #loading: Promise<boolean> | null = null;

  get isLoaded(): boolean {
    return this.#grammar !== null;
  }

  /** Is it there now? False when it could not be fetched. */
  load(): Promise<boolean> {
    this.#loading ??= fetchGrammar().then(
      (grammar) => {
        this.#grammar = grammar;
        return true;
      },
      () => {
        this.#loading = null;
        return false;
      },
    );
    return this.#loading;
  }

  /** Null while the grammar is not there. */
  read(line: string, context: QuickAddContext): Reading | null {
    return this.#grammar && { line, parsed: this.#grammar.parseQuickAdd(line, context) };
  }

  /** @throws Error before the grammar is there, without which nothing was read. */
  toWrite(
    { line, parsed }: Reading,
    timeZone: string,
    newColor: (used: readonly (string | null)[]) => string,
  ): ReadLine {
    const grammar = this.#grammar;
    if (!grammar) throw new Error('a line was read without its grammar');
    return {
      title: grammar.titleOf({ line, parsed }),
      write: (document, place) => grammar.addQuickly(document, { line, parsed, timeZone, place, newColor }),
    };
  }
}

async function fetchGrammar() {
  const [{ parseQuickAdd }, { addQuickly, titleOf }] = await Promise.all([
    import('@holdfast/core/quick-add.ts'),
    import('@holdfast/core/quick-add-commands.ts'),
  ]);
  return { parseQuickAdd, addQuickly, titleOf };
}
