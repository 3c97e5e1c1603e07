/**
 * What a person does with tasks, checked and written.
 *
 * Promise: a command writes only what it changes: no defaults, no field that already says so. Input that cannot be stored is
 * refused with a sentence and changes nothing.
 */
import * as Y from 'yjs';
import {
  createId,
  isId,
  type EpochMs,
  type ListId,
  type Random,
  type SectionId,
  type TagId,
  type TaskId,
} from './ids.ts';
import type { Intents } from './intent.ts';
import { standingValue, tagField, type Model } from './model.ts';
import { namedText, readNotesValue, rewriteText, standingText, textKey } from './notes.ts';
import { keysForInsert, type Row } from './order.ts';
import { effective, isSameValue } from './register.ts';
import { DONE, failure, type Failure, type Result } from './result.ts';
import type { Entity } from './store.ts';
import type { Priority, Task, When } from './task.ts';
import { listRow, parentRow } from './tree.ts';
import { acceptTitle, MAX_NOTES_CHARS, PRIORITIES, readTrashed, readWhen } from './values.ts';

export type Position = 'first' | 'last' | { readonly before: TaskId } | { readonly after: TaskId };

export interface NewTask {
  /** Default: a new one. One that is taken, also in the trash or for ever gone, is refused. */
  readonly id?: TaskId;
  readonly title: string;
  readonly notes?: string;
  readonly due?: When | null;
  readonly start?: When | null;
  readonly priority?: Priority | null;
  readonly tags?: readonly TagId[];
  readonly listId?: ListId | null;
  /** A subtask is where its parent is; listId is then not needed. */
  readonly parentId?: TaskId | null;
  /** Its list is then the section's. */
  readonly section?: SectionId | null;
  /** Default: last. */
  readonly position?: Position;
}

/** Absent: leave alone. null: unset. */
export interface TaskPatch {
  readonly title?: string;
  readonly notes?: string;
  readonly due?: When | null;
  readonly start?: When | null;
  readonly priority?: Priority | null;
  readonly listId?: ListId | null;
  readonly parentId?: TaskId | null;
}

export interface TaskMove {
  /** Put it right before or after this one, wherever that is. */
  readonly before?: TaskId;
  readonly after?: TaskId;
  readonly listId?: ListId | null;
  readonly parentId?: TaskId | null;
  /** Of which its list follows; null: of its list, but in no section. Absent: it stays as it is. */
  readonly section?: SectionId | null;
}

export interface TaskCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
  readonly random: Random;
}

type Container = { readonly parent: TaskId } | { readonly list: ListId | null };

export type TaskCommands = ReturnType<typeof createTaskCommands>;

/** All are to be called inside an intent. */
export function createTaskCommands({ model, intents, now, random }: TaskCommandDependencies) {
  function createTask(input: NewTask): Result<{ id: TaskId }> {
    const accepted = acceptPatch(input);
    if (!accepted.ok) return accepted;
    if (accepted.fields.title === undefined) return failure('invalid', 'A task needs a title.');
    for (const tag of input.tags ?? []) {
      if (model.tag(tag) === undefined) return failure('not-found', 'There is no such tag.');
    }
    if (input.id !== undefined) {
      if (!isId(input.id)) return failure('invalid', `“${String(input.id)}” cannot be the id of a task.`);
      if (model.entity('task', input.id) !== undefined) {
        return failure('invalid', `The id “${input.id}” is taken; leave it out, or choose another.`);
      }
    }
    const container = containerOf(input, null) ?? { list: null };
    const fault = checkSection(input.section) ?? checkContainer(container);
    if (fault !== null) return fault;
    const target = insertionIndex(container, null, input.position ?? 'last');
    if (typeof target !== 'number') return target;

    const id = input.id ?? (createId(random) as TaskId);
    intents.recordBirth({ kind: 'task', id });
    intents.setPlain('task', id, 'born', { t: intents.stamp(), by: intents.writer() });
    const text = new Y.Text();
    if (input.notes !== undefined && input.notes !== '') text.insert(0, input.notes);
    intents.setPlain('task', id, 'notes', text);
    if (input.notes !== undefined && input.notes !== '') intents.setField('task', id, 'notes', true);
    for (const [field, value] of Object.entries(accepted.fields)) {
      if (value !== null) intents.setField('task', id, field, value);
    }
    for (const tag of new Set(input.tags)) intents.setField('task', id, tagField(tag), true);
    place(id, container, target);
    if (input.section != null) intents.setField('task', id, 'section', input.section);
    return { ok: true, id };
  }

  function editTask(id: TaskId, patch: TaskPatch): Result {
    const task = model.task(id);
    if (task === undefined) return noSuchTask();
    const accepted = acceptPatch(patch);
    if (!accepted.ok) return accepted;
    const container = containerOf(patch, task);
    if (container !== null) {
      const fault = checkContainer(container) ?? checkRing(id, container);
      if (fault !== null) return fault;
    }
    if (patch.notes !== undefined) editNotes(id, patch.notes);
    for (const [field, value] of Object.entries(accepted.fields)) setIfNew(id, field, value);
    if (container !== null && !isIn(task, container)) {
      const target = insertionIndex(container, id, 'last');
      if (typeof target === 'number') place(id, container, target);
    }
    return DONE;
  }

  function moveTask(id: TaskId, move: TaskMove): Result {
    const task = model.task(id);
    if (task === undefined) return noSuchTask();
    const wrong = checkSection(move.section);
    if (wrong !== null) return wrong;
    const neighbour = move.before ?? move.after;
    let container = containerOf(move, task);
    let position: Position = 'last';
    if (neighbour !== undefined) {
      const at = model.task(neighbour);
      if (neighbour === id) return DONE;
      if (at === undefined || at.trashedAt !== null) {
        return failure('not-found', 'The task to put it next to is not here any more.');
      }
      container = at.parentId === null ? { list: at.listId } : { parent: at.parentId };
      position = move.before === undefined ? { after: neighbour } : { before: neighbour };
    }
    if (container === null) return failure('invalid', 'Say where to move the task.');
    const fault = checkContainer(container) ?? checkRing(id, container);
    if (fault !== null) return fault;
    const target = insertionIndex(container, id, position);
    if (typeof target !== 'number') return target;
    place(id, container, target);
    if (move.section !== undefined) setIfNew(id, 'section', move.section);
    return DONE;
  }

  function closeTask(id: TaskId, kind: 'done' | 'cancelled'): Result {
    const task = model.task(id);
    if (task === undefined) return noSuchTask();
    if (task.status === kind) return DONE;
    // One that used to repeat goes on as one of its occurrences.
    const ordinal = model.series(id)?.headOrdinal ?? 0;
    const { parentId } = task;
    intents.setField('task', id, 'done', {
      kind,
      at: now(),
      ...(ordinal === 0 ? {} : { ordinal }),
      // The parent may repeat, or be made to elsewhere: this is the tick of the occurrence that it stands for now.
      ...(parentId === null ? {} : { step: { of: parentId, ordinal: model.stepOf(id)?.ordinal ?? 0 } }),
    });
    return DONE;
  }

  function reopenTask(id: TaskId): Result {
    const task = model.task(id);
    if (task === undefined) return noSuchTask();
    if (task.status !== 'open') intents.setField('task', id, 'done', null);
    return DONE;
  }

  function trashTask(id: TaskId): Result {
    const task = model.task(id);
    if (task === undefined) return noSuchTask();
    if (task.trashedAt !== null) return DONE;
    const at = now();
    const below = descendants(id);
    intents.setField('task', id, 'trashed', { at });
    for (const child of below) intents.setField('task', child, 'trashed', { at, with: id });
    return DONE;
  }

  function restoreTask(id: TaskId): Result {
    const task = model.task(id);
    if (task === undefined) return restoreFragment(id);
    if (task.trashedAt !== null) intents.setField('task', id, 'trashed', null);
    for (const child of trashedWith(id)) intents.setField('task', child, 'trashed', null);
    return DONE;
  }

  /** What is left becomes a task again: a new birth, and the mark of purging goes. */
  function restoreFragment(id: TaskId): Result {
    if (!model.fragments().some((fragment) => fragment.id === id)) return noSuchTask();
    const entity = model.entity('task', id);
    if (entity === undefined) return noSuchTask();
    intents.recordBirth({ kind: 'task', id });
    if (!entity.plain.has('born')) {
      intents.setPlain('task', id, 'born', { t: intents.stamp(), by: intents.writer() });
    }
    if (entity.plain.has('purged')) intents.removeKey('task', `${id}/purged`);
    intents.setField('task', id, 'trashed', null);
    return DONE;
  }

  function purgeTask(id: TaskId): Result {
    const task = model.task(id);
    const isFragment = model.fragments().some((fragment) => fragment.id === id);
    if (task === undefined && !isFragment) return noSuchTask();
    if (task !== undefined && task.trashedAt === null) {
      return failure(
        'invalid',
        'Move the task to the trash first; only from there it can be deleted for ever.',
      );
    }
    for (const gone of [id, ...trashedWith(id)]) {
      const entity = model.entity('task', gone);
      if (entity === undefined) continue;
      const keys = [entity, ...model.occurrencesOf(gone as TaskId).values()].flatMap((each) =>
        model.tables.task.keysOf(each),
      );
      intents.setPlain('task', gone, 'purged', { t: intents.stamp(), by: intents.writer() });
      for (const key of keys) if (key !== `${gone}/purged`) intents.removeKey('task', key);
    }
    return DONE;
  }

  function setTag(id: TaskId, tagId: TagId, isTagged: boolean): Result {
    const entity = model.entity('task', id);
    if (entity === undefined || model.task(id) === undefined) return noSuchTask();
    if (isTagged && model.tag(tagId) === undefined) return failure('not-found', 'There is no such tag.');
    if ((standingValue(entity, tagField(tagId)) === true) !== isTagged) {
      intents.setField('task', id, tagField(tagId), isTagged ? true : null);
    }
    return DONE;
  }

  function editNotes(id: TaskId, notes: string): void {
    const entity = model.entity('task', id);
    if (entity === undefined) return;
    const before = effective(entity.registers.get('notes') ?? []);
    const now = readNotesValue(entity, before[0]?.v ?? true) ?? '';
    if (now === notes && before.length < 2) return;
    const found = standingText(entity, before[0]);
    if (found !== null) {
      const edit = rewriteText(found.text, notes);
      intents.stampField('task', id, 'notes', found.value);
      intents.recordText({ id, reference: found.value, before, edit });
      return;
    }
    // No text that could be edited in place: put one under the own name, where nobody else makes one.
    const name = intents.writer();
    const own = entity.plain.get(namedText(name));
    if (own instanceof Y.Text && !before.some((register) => textKey(register.v) === namedText(name))) {
      rewriteText(own, notes);
    } else {
      const text = new Y.Text();
      text.insert(0, notes);
      intents.setPlain('task', id, namedText(name), text);
    }
    intents.setField('task', id, 'notes', { text: name });
  }

  /** Writes where the value is another, or where it settles a conflict. */
  function setIfNew(id: TaskId, field: string, value: unknown): void {
    const registers = effective(model.entity('task', id)?.registers.get(field) ?? []);
    if (registers.length < 2 && isSameValue(registers[0]?.v ?? null, value)) return;
    intents.setField('task', id, field, value);
  }

  /** Give it a key at this index of the row, and say so where it is another row than it said. */
  function place(id: TaskId, container: Container, index: number): void {
    const { key, rekeyed } = keysForInsert(rowWithout(container, id), index, random);
    const entity = model.entity('task', id);
    const says = (field: string): unknown => (entity === undefined ? null : standingValue(entity, field));
    if ('parent' in container) {
      if (says('parent') !== container.parent) intents.setField('task', id, 'parent', container.parent);
    } else {
      if (says('parent') !== null) intents.setField('task', id, 'parent', null);
      if (says('list') !== container.list) intents.setField('task', id, 'list', container.list);
    }
    intents.setField('task', id, 'order', key);
    for (const other of rekeyed) intents.setField('task', other.id, 'order', other.key);
  }

  function insertionIndex(container: Container, moved: TaskId | null, position: Position): number | Failure {
    const row = rowName(container);
    const at = moved === null ? -1 : model.tree.indexInRow(row, moved);
    if (position === 'first') return 0;
    if (position === 'last') return model.tree.row(row).length - (at === -1 ? 0 : 1);
    const index = model.tree.indexInRow(row, 'before' in position ? position.before : position.after);
    if (index === -1) return failure('not-found', 'The task to put it next to is not there.');
    const without = at !== -1 && at < index ? index - 1 : index;
    return 'before' in position ? without : without + 1;
  }

  /** The row as it is without this task, as a view: a row may be long. */
  function rowWithout(container: Container, id: TaskId): Row {
    const row = model.tree.row(rowName(container));
    const skipped = model.tree.indexInRow(rowName(container), id);
    if (skipped === -1) return row;
    return { length: row.length - 1, at: (i) => row[i < skipped ? i : i + 1] };
  }

  function rowName(container: Container): string {
    return 'parent' in container ? parentRow(container.parent) : listRow(container.list);
  }

  function containerOf(
    input: Pick<TaskMove, 'listId' | 'parentId' | 'section'>,
    task: Task | null,
  ): Container | null {
    if (input.parentId != null) return { parent: input.parentId };
    if (input.section != null) return { list: model.section(input.section)?.listId ?? null };
    if (input.section === null && input.listId === undefined) return { list: task?.listId ?? null };
    if (input.listId !== undefined) return { list: input.listId };
    // Taken out from below its parent it stays in the list where it was seen.
    return input.parentId === null ? { list: task?.listId ?? null } : null;
  }

  function checkContainer(container: Container): Failure | null {
    if ('parent' in container) {
      const parent = model.task(container.parent);
      return parent === undefined || parent.trashedAt !== null
        ? failure('not-found', 'The task to put it below is not here any more.')
        : null;
    }
    if (container.list === null) return null;
    const list = model.list(container.list);
    return list === undefined || list.trashedAt !== null
      ? failure('not-found', 'That list is not here any more.')
      : null;
  }

  function checkSection(id: SectionId | null | undefined): Failure | null {
    if (id == null) return null;
    const section = model.section(id);
    return section?.listId == null || section.trashedAt !== null
      ? failure('not-found', 'That section is not here any more.')
      : null;
  }

  function checkRing(id: TaskId, container: Container): Failure | null {
    if (!('parent' in container)) return null;
    for (let up: TaskId | null = container.parent; up !== null; up = model.task(up)?.parentId ?? null) {
      if (up === id) return failure('ring', 'A task cannot be put below itself.');
    }
    return null;
  }

  function isIn(task: Task, container: Container): boolean {
    if ('parent' in container) return task.parentId === container.parent;
    return task.parentId === null && task.listId === container.list;
  }

  /** Those below it that are not in the trash, wherever they hang. */
  function descendants(id: TaskId): TaskId[] {
    const below: TaskId[] = [];
    for (const { id: child } of model.tree.row(parentRow(id))) {
      below.push(child as TaskId, ...descendants(child as TaskId));
    }
    return below;
  }

  function trashedWith(root: TaskId): TaskId[] {
    const found: TaskId[] = [];
    const seen = new Set<string>([root]);
    for (const id of seen) {
      for (const child of model.tree.childrenSaying(id)) seen.add(child);
      const entity = model.entity('task', id);
      if (id !== root && entity !== undefined && goesWith(entity, root)) found.push(id as TaskId);
    }
    return found;
  }

  function acceptPatch(input: TaskPatch): { ok: true; fields: { [field: string]: unknown } } | Failure {
    const fields: { [field: string]: unknown } = {};
    if (input.title !== undefined) {
      const accepted = acceptTitle(input.title, 'A task');
      if ('fault' in accepted) return failure('invalid', accepted.fault);
      fields['title'] = accepted.title;
    }
    for (const field of ['due', 'start'] as const) {
      const value = input[field];
      if (value === undefined) continue;
      const when = readWhen(value);
      if (when === undefined)
        return failure('invalid', `${JSON.stringify(value)} is not a date that can be stored.`);
      fields[field] = when;
    }
    if (input.priority !== undefined) {
      if (input.priority !== null && !PRIORITIES.includes(input.priority)) {
        return failure('invalid', `“${String(input.priority)}” is not a priority.`);
      }
      fields['priority'] = input.priority;
    }
    if (input.notes !== undefined && input.notes.length > MAX_NOTES_CHARS) {
      return failure(
        'invalid',
        `Notes can have up to ${MAX_NOTES_CHARS} characters; these have ${input.notes.length}.`,
      );
    }
    return { ok: true, fields };
  }

  return {
    acceptPatch,
    createTask,
    editTask,
    moveTask,
    closeTask,
    reopenTask,
    trashTask,
    restoreTask,
    purgeTask,
    setTag,
  };
}

function goesWith(entity: Entity, root: string): boolean {
  return readTrashed(standingValue(entity, 'trashed'))?.with === root;
}

function noSuchTask(): Failure {
  return failure('not-found', 'This task is not here any more.');
}
