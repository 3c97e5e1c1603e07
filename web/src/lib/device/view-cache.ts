/**
 * The view cache: open tasks as plain records, shown before the document is loaded.
 *
 * Promise: reading it costs one small read and never waits for the document. It is written some time after
 * a change, so it may be old: it is for the first paint only, and nothing is ever computed from it.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import { request, type Database } from './database.ts';

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

const KEY = 'open-tasks';
const MAX_TASKS = 500;
const WRITE_DELAY_MS = 2000;

/** Null when there is none, or when it cannot be read: the first paint is then an empty one. */
export async function readViewCache(database: Database): Promise<ViewCache | null> {
  try {
    const cache: unknown = await database.run(['view'], { mode: 'readonly' }, (stores) =>
      request(stores('view').get(KEY)),
    );
    return (cache as ViewCache | undefined) ?? null;
  } catch {
    return null;
  }
}

export interface ViewCacheWriter {
  /** Writes now what is due to be written. */
  flush(): Promise<void>;
  close(): void;
}

export function keepViewCache(database: Database, document: HoldfastDocument): ViewCacheWriter {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;

  const unsubscribe = document.subscribe(() => {
    isDue = true;
    timer ??= setTimeout(() => void flush(), WRITE_DELAY_MS);
  });

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (!isDue) return;
    isDue = false;
    const cache = takeViewCache(document);
    try {
      await database.run(['view'], { mode: 'readwrite', durability: 'relaxed' }, async (stores) => {
        await request(stores('view').put(cache, KEY));
      });
    } catch {
      // Only the next first paint is poorer for it; a failing storage shows in the status by other means.
    }
  }

  return {
    flush,
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}

export function takeViewCache(document: HoldfastDocument): ViewCache {
  const tasks: CachedTask[] = [];
  for (const task of document.tasks()) {
    if (task.status !== 'open' || task.trashedAt !== null) continue;
    tasks.push({
      id: task.id,
      title: task.title,
      ...(task.due ? { due: { ...task.due } } : {}),
      ...(task.priority ? { priority: task.priority } : {}),
      ...(task.listId ? { listId: task.listId } : {}),
      ...(task.parentId ? { parentId: task.parentId } : {}),
      ...(task.order === null ? {} : { order: task.order }),
      tags: [...task.tags],
      hasNotes: task.notes !== '',
      ...(task.rule
        ? { repeat: { rrule: task.rule.rrule, mode: task.rule.mode, start: task.rule.start } }
        : {}),
      ...(task.reminders.length > 0 ? { reminders: task.reminders.length } : {}),
    });
  }
  tasks.sort((a, b) => ((a.order ?? '') < (b.order ?? '') ? -1 : 1));
  return { tasks: tasks.slice(0, MAX_TASKS), stateVector: Y.encodeStateVector(document.doc) };
}
