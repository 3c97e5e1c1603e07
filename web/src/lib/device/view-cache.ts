/**
 * The view cache: open tasks as plain records, shown before the document is loaded.
 */

/** What a row of a list needs, and no more. */
export interface CachedTask {
  readonly id: string;
  readonly title: string;
  readonly due?: { readonly date: string; readonly time?: string; readonly timeZone?: string };
  readonly priority?: string;
  readonly listId?: string;
  readonly parentId?: string;
  readonly order?: string;
  readonly tags: readonly string[];
  readonly hasNotes: boolean;
}

export interface ViewCache {
  readonly tasks: readonly CachedTask[];
  /** The state vector that the records were taken at. */
  readonly stateVector: Uint8Array;
}
