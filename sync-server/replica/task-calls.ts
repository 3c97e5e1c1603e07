/**
 * What the API does with tasks, said in core's commands: the same that the app does.
 *
 * Promise: a call is one edit, whatever it changes; what cannot be is refused before anything is written wherever
 * that can be told, and names the field. An outcome that failed after all is not stored (replicas.ts drops the
 * document).
 */
import type {
  HoldfastDocument,
  ListId,
  OccurrencePatch,
  Result,
  RuleInput,
  Section,
  SectionId,
  TagId,
  Task,
  TaskId,
  TaskPatch,
  When,
} from '@holdfast/core/document.ts';
import { foldText } from '@holdfast/core/fold.ts';
import { instantText } from '@holdfast/core/task-json.ts';
import { refused } from './calls.ts';
import type { Caller, Calls, Outcome, Refused, ReminderFields, TaskFields, TaskJson } from './calls.ts';
import { readInstant, readMoment } from './moments.ts';
import { attempt, must, refusalOf } from './refusal.ts';
import { findTasks } from './task-list.ts';
import { taskJson } from './task-json.ts';

type Input<Name extends keyof Calls> = Calls[Name]['input'];
type Answer<Name extends keyof Calls> = Outcome<Calls[Name]['value']>;

export function listTasks(
  document: HoldfastDocument,
  query: Input<'listTasks'>,
  caller: Caller,
): Answer<'listTasks'> {
  const found = findTasks(document, query, caller);
  if (!found.ok) return found;
  const { tasks, nextCursor } = found.value;
  return { ok: true, value: { tasks: tasks.map((task) => taskJson(document, task, caller)), nextCursor } };
}

export function getTask(
  document: HoldfastDocument,
  { id }: { id: string },
  caller: Caller,
): Outcome<TaskJson> {
  const task = liveTask(document, id);
  return 'ok' in task ? task : { ok: true, value: taskJson(document, task, caller) };
}

export function createTask(
  document: HoldfastDocument,
  input: Input<'createTask'>,
  caller: Caller,
): Answer<'createTask'> {
  const id = input.id as TaskId | undefined;
  if (id !== undefined) {
    const there = document.task(id);
    if (there !== undefined && there.trashedAt === null) {
      return { ok: true, value: { task: taskJson(document, there, caller), isNew: false } };
    }
    if (there !== undefined || document.fragments().some((fragment) => fragment.id === id)) {
      const where = there === undefined ? 'was deleted for ever' : 'is in the trash';
      return refused(
        'conflict',
        `The task with the id "${id}" ${where}. Restore it, or use another id.`,
        'id',
      );
    }
  }
  const zone = input.timeZone ?? null;
  const due = momentOf(input.due, zone);
  if (input.recurrence != null && due == null) {
    return refused('invalid', 'A repeat needs a date to begin on; give the task a due date.', 'due');
  }
  const place = placeOf(document, input);
  if (!place.ok) return place;
  return edit(
    document,
    caller,
    'Add task',
    () => {
      const made = must(
        document.createTask({
          ...(id === undefined ? {} : { id }),
          title: input.title,
          ...(input.notes === undefined ? {} : { notes: input.notes }),
          ...(due === undefined ? {} : { due }),
          start: momentOf(input.start, zone) ?? null,
          priority: priorityOf(input.priority) ?? null,
          tags: tagIdsOf(document, input.tags ?? []),
          ...place.value,
        }),
      );
      if (input.recurrence != null) must(document.setRule(made.id, ruleOf(input.recurrence)), 'recurrence');
      if (input.reminders !== undefined) setReminders(document, made.id, input.reminders);
      if (input.status !== undefined) setStatus(document, made.id, input.status);
      return made.id;
    },
    (task) => ({ task, isNew: true }),
  );
}

export function editTask(
  document: HoldfastDocument,
  input: Input<'editTask'>,
  caller: Caller,
): Answer<'editTask'> {
  const { fields, scope, ordinal } = input;
  const task = liveTask(document, input.id);
  if ('ok' in task) return task;
  const isOne = task.rule !== null && (scope === 'this' || ordinal !== undefined);
  const dates = datesOf(task, fields);
  const clash = clashOf(task, fields, dates, isOne);
  if (clash !== null) return clash;
  const place = placeOf(document, fields, task);
  if (!place.ok) return place;
  return edit(
    document,
    caller,
    'Edit task',
    () => {
      const texts = {
        ...(fields.title === undefined ? {} : { title: fields.title }),
        ...(fields.notes === undefined ? {} : { notes: fields.notes }),
        ...(fields.priority === undefined ? {} : { priority: priorityOf(fields.priority) ?? null }),
        ...dates,
      } satisfies OccurrencePatch & TaskPatch;
      if (isOne) {
        const which = ordinal ?? document.openOccurrences(task.id)[0]?.ordinal ?? task.ordinal ?? 0;
        if (Object.keys(texts).length > 0) must(document.editOccurrence(task.id, which, texts), 'ordinal');
        if (fields.status !== undefined) setStatus(document, task.id, fields.status, which);
        return task.id;
      }
      if (fields.recurrence === null) must(document.removeRule(task.id), 'recurrence');
      const rule = fields.recurrence == null ? {} : { rule: ruleOf(fields.recurrence) };
      const { section, ...row } = place.value;
      must(
        document.editFuture(task.id, { ...texts, ...row, ...rule }),
        fields.recurrence == null ? undefined : 'recurrence',
      );
      if (section !== undefined) must(document.moveTask(task.id, { section }), 'sectionId');
      if (fields.tags !== undefined) setTags(document, task, fields.tags);
      if (fields.reminders !== undefined) setReminders(document, task.id, fields.reminders);
      if (fields.status !== undefined) setStatus(document, task.id, fields.status);
      return task.id;
    },
    (json) => json,
  );
}

export function deleteTask(
  document: HoldfastDocument,
  { id, scope, ordinal }: Input<'deleteTask'>,
): Answer<'deleteTask'> {
  const task = document.task(id as TaskId);
  if (task === undefined) return noSuchTask(id);
  const result =
    task.trashedAt !== null
      ? { ok: true as const }
      : task.rule === null || (scope === null && ordinal === undefined)
        ? document.trashTask(task.id)
        : scope === 'future'
          ? document.endSeries(task.id)
          : document.skipOccurrence(task.id, ordinal);
  return result.ok ? { ok: true, value: null } : refusalOf(result, 'ordinal');
}

export function closeTask(
  document: HoldfastDocument,
  { id, kind, ordinal }: Input<'closeTask'>,
  caller: Caller,
): Answer<'closeTask'> {
  return command(document, id, caller, (task) =>
    kind === 'done'
      ? document.completeOccurrence(task.id, ordinal)
      : document.skipOccurrence(task.id, ordinal),
  );
}

export function reopenTask(
  document: HoldfastDocument,
  { id, ordinal }: Input<'reopenTask'>,
  caller: Caller,
): Answer<'reopenTask'> {
  return command(document, id, caller, (task) => document.reopenOccurrence(task.id, ordinal));
}

export function snoozeTask(
  document: HoldfastDocument,
  { id, until, ordinal }: Input<'snoozeTask'>,
  caller: Caller,
): Answer<'snoozeTask'> {
  const at = until === null ? null : readInstant(until);
  return command(document, id, caller, (task) =>
    document.snooze(task.id, at as Parameters<HoldfastDocument['snooze']>[1], ordinal),
  );
}

export function restoreTask(
  document: HoldfastDocument,
  { id }: Input<'restoreTask'>,
  caller: Caller,
): Answer<'restoreTask'> {
  const result = document.restoreTask(id as TaskId);
  return result.ok ? getTask(document, { id }, caller) : noSuchTask(id);
}

function command(
  document: HoldfastDocument,
  id: string,
  caller: Caller,
  run: (task: Task) => Result,
): Outcome<TaskJson> {
  const task = liveTask(document, id);
  if ('ok' in task) return task;
  const result = run(task);
  return result.ok ? getTask(document, { id }, caller) : refusalOf(result, 'ordinal');
}

function edit<T>(
  document: HoldfastDocument,
  caller: Caller,
  label: string,
  commands: () => TaskId,
  answer: (task: TaskJson) => T,
): Outcome<T> {
  const id = attempt(() => document.batch(label, commands));
  if (!id.ok) return id;
  const task = getTask(document, { id: id.value }, caller);
  return task.ok ? { ok: true, value: answer(task.value) } : task;
}

/** What is in the trash is as good as gone, until it is restored. */
function liveTask(document: HoldfastDocument, id: string): Task | Refused {
  const task = document.task(id as TaskId);
  if (task === undefined) return noSuchTask(id);
  return task.trashedAt === null
    ? task
    : refused('not-found', `The task "${id}" is in the trash; restore it first.`);
}

function noSuchTask(id: string): Refused {
  return refused('not-found', `There is no task "${id}" in this space.`);
}

function momentOf(text: string | null | undefined, zone: string | null): When | null | undefined {
  return typeof text === 'string' ? readMoment(text, zone) : text;
}

/** A new zone alone moves the times that are there to it. */
function datesOf(task: Task, { due, start, timeZone }: TaskFields): Pick<TaskPatch, 'due' | 'start'> {
  const zone = timeZone !== undefined ? timeZone : (task.due?.timeZone ?? task.start?.timeZone ?? null);
  const read = (text: string | null | undefined, now: When | null): When | null | undefined => {
    if (text !== undefined) return momentOf(text, zone);
    if (timeZone === undefined || now?.time === undefined) return undefined;
    return zone === null
      ? { date: now.date, time: now.time }
      : { date: now.date, time: now.time, timeZone: zone };
  };
  const [newDue, newStart] = [read(due, task.due), read(start, task.start)];
  return {
    ...(newDue === undefined ? {} : { due: newDue }),
    ...(newStart === undefined ? {} : { start: newStart }),
  };
}

const OF_ALL = ['tags', 'listId', 'sectionId', 'parentId', 'reminders', 'recurrence'] as const;

/** What can be told to be impossible before anything is written. */
function clashOf(
  task: Task,
  fields: TaskFields,
  dates: Pick<TaskPatch, 'due'>,
  isOne: boolean,
): Refused | null {
  if (isOne) {
    const field = OF_ALL.find((name) => fields[name] !== undefined);
    return field === undefined
      ? null
      : refused('invalid', `"${field}" belongs to the whole series; change it with scope=future.`, field);
  }
  const repeats = fields.recurrence === undefined ? task.rule !== null : fields.recurrence !== null;
  const due = dates.due === undefined ? task.due : dates.due;
  if (!repeats || due !== null) return null;
  return fields.recurrence == null
    ? refused('invalid', 'A repeating task needs a date; set recurrence to null as well.', 'due')
    : refused('invalid', 'A repeat needs a date to begin on; give the task a due date.', 'due');
}

function priorityOf(name: TaskFields['priority']): Task['priority'] | undefined {
  return name === 'none' ? null : name;
}

function ruleOf({ rrule, mode, missed }: NonNullable<TaskFields['recurrence']>): RuleInput {
  return {
    rrule,
    ...(mode === undefined ? {} : { mode }),
    ...(missed === undefined ? {} : { missed }),
  };
}

interface Place {
  readonly listId?: ListId | null;
  readonly parentId?: TaskId | null;
  /** Then the list is that of the section. */
  readonly section?: SectionId | null;
}

/** `task`: where it is now; undefined: it is made. */
function placeOf(document: HoldfastDocument, fields: TaskFields, task?: Task): Outcome<Place> {
  const { listId, parentId } = fields;
  if (parentId != null) {
    const parent = document.task(parentId as TaskId);
    if (parent === undefined || parent.trashedAt !== null) {
      return refused('invalid', `There is no task "${parentId}" to put it below.`, 'parentId');
    }
  }
  const list = listId == null ? listId : listOf(document, listId);
  if (listId != null && list === undefined) {
    return refused('invalid', `There is no list "${listId}" in this space.`, 'listId');
  }
  const section = sectionIn(document, fields, list === 'inbox' ? null : list, task);
  if (!section.ok) return section;
  return {
    ok: true,
    value: {
      ...(listId === undefined ? {} : { listId: list === 'inbox' ? null : (list ?? null) }),
      ...(parentId === undefined ? {} : { parentId: parentId as TaskId | null }),
      ...section.value,
    },
  };
}

/** `list`: the one that was given; undefined: none was. Nothing where the task is in that section already. */
function sectionIn(
  document: HoldfastDocument,
  { sectionId, parentId }: TaskFields,
  list: ListId | null | undefined,
  task: Task | undefined,
): Outcome<Pick<Place, 'section'>> {
  if (sectionId === undefined) return { ok: true, value: {} };
  const now = task === undefined ? null : (document.sectionOf(task.id)?.id ?? null);
  if (sectionId === null) return { ok: true, value: now === null ? {} : { section: null } };
  if ((parentId === undefined ? task?.parentId : parentId) != null) {
    const mend = 'it is shown where its parent is. Set parentId to null as well.';
    return refused('invalid', `A subtask is in no section; ${mend}`, 'sectionId');
  }
  const listId = list !== undefined ? list : (task?.listId ?? null);
  const byId = document.section(sectionId as SectionId);
  const there = byId?.listId == null ? [] : document.sections(byId.listId);
  // An id names its list too; of names there may be one in each.
  const found =
    list === undefined || byId?.listId === list
      ? (there.find(({ id }) => id === sectionId) ?? named(document, listId, sectionId))
      : named(document, listId, sectionId);
  if (found === undefined) {
    const where = listId === null ? 'the Inbox' : `the list "${document.list(listId)?.name ?? listId}"`;
    return refused('invalid', `There is no section "${sectionId}" in ${where}.`, 'sectionId');
  }
  return { ok: true, value: found.id === now ? {} : { section: found.id } };
}

function named(document: HoldfastDocument, listId: ListId | null, wanted: string): Section | undefined {
  const name = foldText(wanted.trim());
  return listId === null
    ? undefined
    : document.sections(listId).find((section) => foldText(section.name) === name);
}

function listOf(document: HoldfastDocument, wanted: string): ListId | 'inbox' | undefined {
  return listIdOf(document, wanted) ?? (foldText(wanted) === 'inbox' ? 'inbox' : undefined);
}

/** By id, or by name without regard to case and accents. */
export function listIdOf(document: HoldfastDocument, wanted: string): ListId | undefined {
  const byId = document.list(wanted as ListId);
  if (byId !== undefined && byId.trashedAt === null) return byId.id;
  const name = foldText(wanted);
  for (const list of document.lists()) {
    if (list.trashedAt === null && foldText(list.name) === name) return list.id;
  }
  return undefined;
}

/** A name that no tag has makes one, inside the edit that needs it. */
function tagIdsOf(document: HoldfastDocument, wanted: readonly string[], task?: Task): TagId[] {
  const ids = new Set<TagId>();
  for (const text of wanted) {
    const name = foldText(text.trim());
    const named = [...document.tags()].filter((tag) => tag.trashedAt === null && foldText(tag.name) === name);
    // Two tags of one name, made apart: those that the task has are meant.
    const own = named.filter((tag) => task?.tags.includes(tag.id));
    const byId = document.tag(text as TagId);
    if (own.length > 0) for (const tag of own) ids.add(tag.id);
    else if (named[0] !== undefined) ids.add(named[0].id);
    else if (byId !== undefined && byId.trashedAt === null) ids.add(byId.id);
    else ids.add(must(document.createTag({ name: text, ...tagIdFor(document, text.trim()) }), 'tags').id);
  }
  return [...ids];
}

/**
 * A tag made by name has its name for its id where that can be one: two scripts that make the same tag at once,
 * through two servers, make one.
 */
export function tagIdFor(document: HoldfastDocument, name: string): { id?: TagId } {
  const isPlain = /^[\p{L}\p{N}_-]{1,64}$/u.test(name);
  return isPlain && document.tag(name as TagId) === undefined ? { id: name as TagId } : {};
}

function setTags(document: HoldfastDocument, task: Task, wanted: readonly string[]): void {
  const ids = tagIdsOf(document, wanted, task);
  for (const id of task.tags) if (!ids.includes(id)) must(document.untagTask(task.id, id));
  for (const id of ids) if (!task.tags.includes(id)) must(document.tagTask(task.id, id));
}

/** What is wanted already, by id or by value, stays as it is. */
function setReminders(document: HoldfastDocument, id: TaskId, wanted: readonly ReminderFields[]): void {
  const there = new Map((document.task(id)?.reminders ?? []).map((reminder) => [reminder.id, reminder]));
  const rest = wanted.map((fields) => {
    const value =
      'before' in fields
        ? { before: fields.before }
        : { at: instantText(readInstant(fields.at) ?? Number.NaN) };
    const sameId = fields.id === undefined ? undefined : there.get(fields.id);
    const same = sameId ?? [...there.values()].find((reminder) => isSame(reminder, value));
    if (same !== undefined) there.delete(same.id);
    return { value, id: same?.id ?? fields.id, isThere: same !== undefined && isSame(same, value) };
  });
  for (const gone of there.keys()) must(document.removeReminder(id, gone), 'reminders');
  for (const { value, id: reminderId, isThere } of rest) {
    if (!isThere) must(document.addReminder(id, value, reminderId), 'reminders');
  }
}

function isSame(reminder: object, value: { before: string } | { at: string }): boolean {
  if ('before' in value) return 'before' in reminder && reminder.before === value.before;
  return 'at' in reminder && readInstant(String(reminder.at)) === readInstant(value.at);
}

function setStatus(
  document: HoldfastDocument,
  id: TaskId,
  status: NonNullable<TaskFields['status']>,
  ordinal?: number,
): void {
  switch (status) {
    case 'open':
      must(
        document.task(id)?.status === 'open' && ordinal === undefined
          ? { ok: true }
          : document.reopenOccurrence(id, ordinal),
        'status',
      );
      return;
    case 'done':
      must(document.completeOccurrence(id, ordinal), 'status');
      return;
    case 'cancelled':
      must(document.skipOccurrence(id, ordinal), 'status');
      return;
  }
}
