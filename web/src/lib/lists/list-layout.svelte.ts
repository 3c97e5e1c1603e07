/**
 * How a list is looked at on this device: as a list or a board, by what its columns are, which sections are folded.
 *
 * Promise: it is a matter of this device and never of the document; where nothing can be stored it holds until the page
 * goes. What is stored and not understood is the default.
 */

const KEY_PREFIX = 'holdfast-list-';

export type Layout = 'list' | 'board';
export type ColumnsBy = 'section' | 'priority';

interface Stored {
  readonly layout: Layout;
  readonly columnsBy: ColumnsBy;
  readonly folded: readonly string[];
}

const DEFAULTS: Stored = { layout: 'list', columnsBy: 'section', folded: [] };

export class ListLayout {
  #stored: Stored = $state.raw(DEFAULTS);
  readonly #key: string;

  constructor(listId: string) {
    this.#key = KEY_PREFIX + listId;
    this.#stored = read(this.#key);
  }

  get layout(): Layout {
    return this.#stored.layout;
  }
  set layout(layout: Layout) {
    this.#keep({ ...this.#stored, layout });
  }

  get columnsBy(): ColumnsBy {
    return this.#stored.columnsBy;
  }
  set columnsBy(columnsBy: ColumnsBy) {
    this.#keep({ ...this.#stored, columnsBy });
  }

  isFolded(sectionId: string): boolean {
    return this.#stored.folded.includes(sectionId);
  }

  fold(sectionId: string, isFolded: boolean): void {
    const others = this.#stored.folded.filter((id) => id !== sectionId);
    this.#keep({ ...this.#stored, folded: isFolded ? [...others, sectionId] : others });
  }

  #keep(stored: Stored): void {
    this.#stored = stored;
    try {
      localStorage.setItem(this.#key, JSON.stringify(stored));
    } catch {
      // Nothing can be stored here: it holds until the page goes.
    }
  }
}

function read(key: string): Stored {
  try {
    const { layout, columnsBy, folded } = JSON.parse(localStorage.getItem(key) ?? '{}') as {
      [name: string]: unknown;
    };
    return {
      layout: layout === 'board' ? 'board' : 'list',
      columnsBy: columnsBy === 'priority' ? 'priority' : 'section',
      folded: Array.isArray(folded) ? folded.filter((id) => typeof id === 'string') : [],
    };
  } catch {
    return DEFAULTS;
  }
}
