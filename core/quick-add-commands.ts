/**
 * A line of quick add as a task: everything that was understood becomes the right commands of one intent.
 *
 * Promise: one call is one transaction and one undo, with the lists and tags that the line names anew. A name is looked
 * up in the document as it now stands, so two lines that name one new list make one. What the words do not say is filled
 * in by the place they were written in; what they say wins. Nothing that was typed is lost: a line without any other words
 * is its own title, and a repeat or reminder that the document refuses leaves the words as they were typed.
 *
 * Limits: it does not read the line; that is parseQuickAdd of quick-add.ts, whose answer is passed in, so whoever only
 * writes need not load a grammar.
 */
import type { HoldfastDocument } from './document.ts';
import type { ListId, SectionId, TagId, TaskId } from './ids.ts';
import { foldedName, type Named } from './quick-add/marks.ts';
import type { QuickAdd, QuickAddReminder } from './quick-add.ts';
import { parseLocal } from './recurrence/calendar.ts';
import { formatInstant, openZone } from './recurrence/zone.ts';
import type { Result } from './result.ts';
import type { ReminderInput } from './series/commands.ts';
import type { When } from './task.ts';

/** What the place adds by itself: a list's page, Today. */
export interface QuickAddPlace {
  readonly due?: When;
  readonly listId?: ListId;
  readonly tagId?: TagId;
  readonly parentId?: TaskId;
  /** Of `listId`; not where the line names another list. */
  readonly section?: SectionId;
}

export interface QuickAddCommand {
  /** As it was typed. */
  readonly line: string;
  readonly parsed: QuickAdd;
  /** IANA name: where the wall clock of a reminder hangs. */
  readonly timeZone: string;
  readonly place?: QuickAddPlace;
  /** For a new list or tag, by the colours that the others have. Absent: none. */
  readonly newColor?: (used: readonly (string | null)[]) => string;
}

/** Several lines are several calls within one `document.batch`. */
export function addQuickly(document: HoldfastDocument, command: QuickAddCommand): Result<{ id: TaskId }> {
  return document.batch('Add task', () => addInside(document, command));
}

/** The due date that a line gets where it stands: its own, or that of the place unless it begins only later. */
export function dueInPlace(parsed: QuickAdd, place: QuickAddPlace = {}): When | null {
  const own = parsed.due ?? place.due ?? null;
  if (parsed.due !== null || parsed.start === null || own === null) return own;
  return parsed.start.date <= own.date ? own : null;
}

/** The title: what no token covers, or the whole line where a token covers everything. */
export function titleOf({ line, parsed }: Pick<QuickAddCommand, 'line' | 'parsed'>): string {
  return parsed.title === '' ? line.trim() : parsed.title;
}

function addInside(document: HoldfastDocument, command: QuickAddCommand): Result<{ id: TaskId }> {
  const { parsed, place = {} } = command;
  const listId = parsed.list === null ? place.listId : idOfList(document, parsed.list, command);
  const tags = parsed.tags.map((named) => idOfTag(document, named, command));
  const due = dueInPlace(parsed, place);
  const created = document.createTask({
    title: titleOf(command),
    ...(due === null ? {} : { due }),
    ...(parsed.start === null ? {} : { start: parsed.start }),
    ...(parsed.priority === null ? {} : { priority: parsed.priority }),
    tags: [...new Set([...(place.tagId === undefined ? [] : [place.tagId]), ...tags])],
    ...(place.parentId === undefined ? { listId: listId ?? null } : { parentId: place.parentId }),
    ...(place.section !== undefined && listId === place.listId ? { section: place.section } : {}),
  });
  if (!created.ok) return created;
  const { id } = created;
  const { recurrence } = parsed;
  const isRepeating = recurrence === null || document.setRule(id, recurrence).ok;
  const isReminding = parsed.reminders
    .map((reminder) => document.addReminder(id, reminderInput(reminder, command.timeZone)).ok)
    .every(Boolean);
  if (!isRepeating || !isReminding) document.editTask(id, { title: command.line });
  return created;
}

function idOfList(
  document: HoldfastDocument,
  named: Named,
  { newColor }: QuickAddCommand,
): ListId | undefined {
  const lists = [...document.lists()].filter((list) => list.trashedAt === null);
  const known = lists.find(({ id }) => id === named.id) ?? lists.find((list) => isCalled(list, named));
  if (known) return known.id;
  const color = newColor?.(lists.map((list) => list.color));
  const created = document.createList({ name: named.name, ...(color === undefined ? {} : { color }) });
  return created.ok ? created.id : undefined;
}

function idOfTag(document: HoldfastDocument, named: Named, { newColor }: QuickAddCommand): TagId {
  const tags = [...document.tags()].filter((tag) => tag.trashedAt === null);
  const known = tags.find(({ id }) => id === named.id) ?? tags.find((tag) => isCalled(tag, named));
  if (known) return known.id;
  const color = newColor?.(tags.map((tag) => tag.color));
  const created = document.createTag({ name: named.name, ...(color === undefined ? {} : { color }) });
  // A token of quick add has a name, and no name is too long for a line that can be a title.
  if (!created.ok) throw new Error(created.message);
  return created.id;
}

function isCalled(entity: { readonly name: string }, named: Named): boolean {
  return foldedName(entity.name) === foldedName(named.name);
}

function reminderInput(reminder: QuickAddReminder, timeZone: string): ReminderInput {
  // The document knows no seconds: "when it is due" is no minutes before.
  if ('before' in reminder) return { before: reminder.before === 'PT0S' ? 'PT0M' : reminder.before };
  const local = parseLocal(`${reminder.at}:00`);
  if (local === null) throw new Error(`a reminder at '${reminder.at}'`);
  return { at: formatInstant(openZone(timeZone).instantOf(local)) };
}
