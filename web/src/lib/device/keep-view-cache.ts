/** Keeps the view cache in step with the document: apart from view-cache.ts, which is read before Yjs is there. */

import type { HoldfastDocument, Task } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import { request, type Database } from './database.ts';
import { localDate } from '../words/time-zone.ts';
import type { EpochMs } from './status.ts';
import { sameBytes } from './stored-document.ts';
import { VIEW_CACHE_KEY, type CachedTask, type ViewCache } from './view-cache.ts';

/** More than a list draws whole (task-list.svelte), so that a long list is one from the first paint on. */
const MAX_ROWS_OF_A_PLACE = 200;
const MAX_TASKS = 2_000;
const INBOX = '';
const WRITE_DELAY_MS = 2000;

export interface ViewCacheWriter {
  /** Writes now what is due to be written. */
  flush(): Promise<void>;
  close(): void;
}

export function keepViewCache(
  database: Database,
  document: HoldfastDocument,
  o: { now: () => EpochMs; found: Promise<ViewCache | null> },
): ViewCacheWriter {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  let isClosed = false;

  const unsubscribe = document.subscribe(plan);
  // A window that was closed soon after its last edit has left an older one, or none.
  void o.found.then((cache) => {
    if (!cache || !sameBytes(cache.stateVector, Y.encodeStateVector(document.doc))) plan();
  });

  function plan(): void {
    if (isClosed) return;
    isDue = true;
    timer ??= setTimeout(() => void flush(), WRITE_DELAY_MS);
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (!isDue) return;
    isDue = false;
    const cache = takeViewCache(document, o.now());
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
      isClosed = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}

/**
 * What the places begin with: each keeps as many of its first rows as a list draws before it is a long one, so that a place
 * is drawn from the cache as it will be drawn from the document.
 */
export function takeViewCache(document: HoldfastDocument, at: EpochMs): ViewCache {
  const byPlace = new Map<string, Task[]>();
  const dated: DatedTask[] = [];
  for (const task of document.tasks()) {
    if (task.status !== 'open' || task.trashedAt !== null) continue;
    if (hasDue(task)) dated.push(task);
    if (task.parentId !== null) continue;
    const place = task.listId ?? INBOX;
    const held = byPlace.get(place);
    if (held) held.push(task);
    else byPlace.set(place, [task]);
  }
  // However many are overdue: what comes from today on begins with something too.
  const from = localDate(at);
  dated.sort((a, b) => compareText(a.due.date, b.due.date));
  const next = dated.findIndex(({ due }) => due.date >= from);
  const ahead = next < 0 ? [] : dated.slice(next, next + MAX_ROWS_OF_A_PLACE);

  const taken = new Set<Task>();
  const take = (tasks: readonly Task[]): void => {
    for (const task of tasks.slice(0, MAX_ROWS_OF_A_PLACE)) {
      if (taken.size < MAX_TASKS) taken.add(task);
    }
  };
  take(inOrder(byPlace.get(INBOX) ?? []));
  take(dated);
  take(ahead);
  for (const [place, tasks] of byPlace) if (place !== INBOX) take(inOrder(tasks));
  return { tasks: [...taken].map(recordOf), stateVector: Y.encodeStateVector(document.doc) };
}

type DatedTask = Task & { readonly due: NonNullable<Task['due']> };

function hasDue(task: Task): task is DatedTask {
  return task.due !== null;
}

function inOrder(tasks: Task[]): readonly Task[] {
  return tasks.sort((a, b) => compareText(a.order ?? '', b.order ?? '') || compareText(a.id, b.id));
}

function recordOf(task: Task): CachedTask {
  return {
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
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
