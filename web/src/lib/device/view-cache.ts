/**
 * The view cache: open tasks as plain records, shown before the document is loaded.
 *
 * Promise: reading it costs one small read and never waits for the document. It is written some time after
 * a change (keep-view-cache.ts), or by the next window, so it may be old: it is for the first paint only, and nothing is ever computed from it.
 */

import { request, type Database } from './database.ts';

/** What a row of a list needs, and no more. */
export interface CachedTask {
  readonly id: string;
  readonly title: string;
  readonly due?: { readonly date: string; readonly time?: string; readonly timeZone?: string };
  readonly priority?: string;
  readonly listId?: string;
  readonly parentId?: string;
  readonly section?: string;
  readonly order?: string;
  readonly tags: readonly string[];
  readonly hasNotes: boolean;
  readonly repeat?: {
    readonly rrule: string;
    readonly mode: 'schedule' | 'completion';
    readonly start: string;
  };
  /** How many. */
  readonly reminders?: number;
}

export interface ViewCache {
  readonly tasks: readonly CachedTask[];
  /** The state vector that the records were taken at. */
  readonly stateVector: Uint8Array;
}

/** In the store `view`. */
export const VIEW_CACHE_KEY = 'open-tasks';

/** Null when there is none, or when it cannot be read: the first paint is then an empty one. */
export async function readViewCache(database: Database): Promise<ViewCache | null> {
  try {
    const cache: unknown = await database.run(['view'], { mode: 'readonly' }, (stores) =>
      request(stores('view').get(VIEW_CACHE_KEY)),
    );
    return (cache as ViewCache | undefined) ?? null;
  } catch {
    return null;
  }
}
