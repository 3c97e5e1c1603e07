/** Keeps the view cache in step with the document: apart from view-cache.ts, which is read before Yjs is there. */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import { request, type Database } from './database.ts';
import { VIEW_CACHE_KEY, type CachedTask, type ViewCache } from './view-cache.ts';

const MAX_TASKS = 500;
const WRITE_DELAY_MS = 2000;

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
        await request(stores('view').put(cache, VIEW_CACHE_KEY));
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
      ...(task.section ? { section: task.section } : {}),
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
