/**
 * What is chosen for a task, list, tag, section or view, with the words that say what was done.
 *
 * Promise: each is one intent in sight, with an Undo that takes back exactly it. Nothing is shown where nothing changed.
 *
 * Apart from intents.ts since it comes after the first paint, with the open task and the pages.
 */

import type {
  FilterId,
  ListIcon,
  ListId,
  ReminderInput,
  SectionId,
  TagId,
  TaskId,
} from '@holdfast/core/document.ts';
import { type Due, dueWords, type Present } from '../words/due-words.ts';
import { t } from '../words/language.ts';
import { nextColour } from './colours.ts';
import type { Intents } from './intents.ts';
import { type Priority, priorityName } from './priority.ts';
import type { TaskStore } from './task-store.svelte.ts';

/** Of the app what this needs. */
interface App {
  readonly intents: Pick<Intents, 'change'>;
  readonly tasks: TaskStore;
}

/** As a sentence begins: "Due tomorrow". */
export function dueSaid(due: Due | null, present: Present): string {
  return due === null ? t('No date') : capital(t('due {due}', { due: dueWords(due, present) }));
}

export function startSaid(start: Due | null, present: Present): string {
  return start === null ? t('No start') : t('Starts {start}', { start: dueWords(start, present) });
}

export function prioritySaid(priority: Priority | null): string {
  return priority === null
    ? t('No priority')
    : t('{priority} priority', { priority: priorityName(priority) });
}

/** null: the Inbox. */
export function listSaid(name: string | null): string {
  return t('Moved to {name}', { name: name ?? t('the Inbox') });
}

/** Within its list; null: into none. */
export function moveToSection(app: App, id: string, section: { id: string; name: string } | null): void {
  const words = section === null ? t('No section') : t('Moved to {name}', { name: section.name });
  app.intents.change(words, (document) =>
    document.moveTask(id as TaskId, { section: (section?.id ?? null) as SectionId | null }),
  );
}

export function addReminder(app: App, id: string, reminder: ReminderInput): void {
  app.intents.change(t('Reminder added'), (document) => document.addReminder(id as TaskId, reminder));
}

/** By name: one that exists is used, a new one is made. */
export function addTag(app: App, id: string, name: string): void {
  const wanted = name.trim().replace(/^#/, '');
  if (wanted === '') return;
  const existing = app.tasks.tags.find((tag) => tag.name.toLocaleLowerCase() === wanted.toLocaleLowerCase());
  app.intents.change(t('Tagged {name}', { name: existing?.name ?? wanted }), (document) =>
    document.batch(t('tag a task'), () => {
      if (existing) return document.tagTask(id as TaskId, existing.id);
      const color = nextColour(app.tasks.tags.map((tag) => tag.color));
      const created = document.createTag({ name: wanted, color });
      return created.ok ? document.tagTask(id as TaskId, created.id) : created;
    }),
  );
}

export function removeTag(app: App, id: string, tag: { id: string; name: string }): void {
  app.intents.change(t('No longer tagged {name}', { name: tag.name }), (document) =>
    document.untagTask(id as TaskId, tag.id as TagId),
  );
}

export function editList(
  app: App,
  id: string,
  patch: { name?: string; color?: string; icon?: ListIcon | null },
): void {
  app.intents.change(patchSaid(patch), (document) => document.editList(id as ListId, patch));
}

export function editTag(app: App, id: string, patch: { name?: string; color?: string }): void {
  app.intents.change(patchSaid(patch), (document) => document.editTag(id as TagId, patch));
}

export function editFilter(
  app: App,
  id: string,
  patch: { name?: string; query?: string; color?: string },
): void {
  app.intents.change(patchSaid(patch), (document) => document.editFilter(id as FilterId, patch));
}

export function renameSection(app: App, id: string, name: string): void {
  app.intents.change(t('Renamed'), (document) => document.editSection(id as SectionId, { name }));
}

function patchSaid(patch: { name?: string; color?: string; icon?: ListIcon | null; query?: string }): string {
  if (patch.name !== undefined) return t('Renamed');
  if (patch.color !== undefined) return t('Colour changed');
  return patch.icon === undefined ? t('View changed') : t('Icon changed');
}

export function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
