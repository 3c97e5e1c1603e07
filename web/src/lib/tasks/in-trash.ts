/** What lies in the trash besides tasks: apart from the store, because few pages ask. */

import type { Filter, Fragment, HoldfastDocument, List, Section, Tag } from '@holdfast/core/document.ts';

export interface InTrash {
  readonly lists: readonly List[];
  readonly sections: readonly Section[];
  readonly tags: readonly Tag[];
  readonly filters: readonly Filter[];
  /** What is left of tasks that were removed elsewhere for ever. */
  readonly fragments: readonly Fragment[];
}

/** Nothing before the document is loaded. */
export function inTrash(document: HoldfastDocument | null): InTrash {
  if (!document) return { lists: [], sections: [], tags: [], filters: [], fragments: [] };
  return {
    lists: [...document.lists()].filter(isTrashed),
    sections: document.trashedSections(),
    tags: [...document.tags()].filter(isTrashed),
    filters: [...document.filters()].filter(isTrashed),
    fragments: document.fragments(),
  };
}

function isTrashed({ trashedAt }: { readonly trashedAt: number | null }): boolean {
  return trashedAt !== null;
}
