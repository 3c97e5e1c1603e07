/**
 * The read side: what a document says, as tasks, lists, sections, tags, filters and conflicts.
 *
 * Promise: reading one task costs its own fields. Objects are made when they are first asked for, kept, and made anew only
 * when something about them changed. All that changed in one transaction is told once.
 *
 * It is one long module because what is derived (places, series, steps, conflicts) hangs on the same caches, and has to go
 * stale together.
 */
import type * as Y from 'yjs';
import {
  isId,
  parseOccurrenceId,
  type EpochMs,
  type FilterId,
  type ListId,
  type SectionId,
  type TagId,
  type TaskId,
  type Writer,
} from './ids.ts';
import { readNotesValue } from './notes.ts';
import { compareOrdered, readOrder } from './order.ts';
import { effective, isSameValue, type Register } from './register.ts';
import { readSeries, repeats, type SeriesReading } from './series/reading.ts';
import { countsNow, readStepClosing, stepField, type StepOf } from './series/steps.ts';
import { isStamp, msOfStamp, type StampClock } from './stamp.ts';
import { runSteps, type Steps } from './steps.ts';
import { createTable, type Entity, type Table } from './store.ts';
import { readEnd } from './series/values.ts';
import type { EntityKind, Filter, Fragment, List, Reminder, Section, Tag, Task, TaskStatus } from './task.ts';
import { createTree, listRow, parentRow, type Placing, type Tree } from './tree.ts';
import {
  readArchived,
  readDone,
  readIcon,
  readPriority,
  readReference,
  readReminder,
  readText,
  readTrashed,
  readWhen,
} from './values.ts';

export interface Changes {
  readonly tasks: Set<TaskId>;
  readonly lists: Set<ListId>;
  readonly tags: Set<TagId>;
  readonly sections: Set<SectionId>;
  readonly filters: Set<FilterId>;
}

export interface Model {
  readonly tables: { readonly [kind in EntityKind]: Table };
  readonly tree: Tree;
  readonly meta: Y.Map<unknown>;
  /** Take over a key that this replica has just written, before its transaction ends. */
  wrote(kind: EntityKind, key: string): void;
  entity(kind: EntityKind, id: string): Entity | undefined;
  /** Born and not purged; of an occurrence, that its task is. */
  isAlive(kind: EntityKind, id: string): boolean;
  /** What it says of its repetition; undefined: no such task. */
  series(id: TaskId): SeriesReading | undefined;
  /** What occurrences of a task hold. */
  occurrencesOf(id: TaskId): ReadonlyMap<number, Entity>;
  /** Of which occurrence of which series above it this is a step; null: of none, or it is a series itself. */
  stepOf(id: TaskId): StepOf | null;
  task(id: TaskId): Task | undefined;
  tasks(): Iterable<Task>;
  list(id: ListId): List | undefined;
  lists(): Iterable<List>;
  tag(id: TagId): Tag | undefined;
  tags(): Iterable<Tag>;
  section(id: SectionId): Section | undefined;
  sections(): Iterable<Section>;
  /** Of a list that is there, those that are not in the trash, in their order. */
  sectionsOf(listId: ListId): readonly Section[];
  filter(id: FilterId): Filter | undefined;
  filters(): Iterable<Filter>;
  fragments(): readonly Fragment[];
  row(container: { readonly list: ListId | null } | { readonly parent: TaskId }): readonly Task[];
  /** Entities that may have a conflict worth showing. */
  conflicted(kind: EntityKind): Iterable<Entity>;
  onTransaction(listener: (changes: Changes, transaction: Y.Transaction) => void): void;
  close(): void;
}

const KINDS = ['task', 'list', 'tag', 'section', 'filter'] as const satisfies readonly EntityKind[];
const ROOTS = {
  task: 'tasks',
  list: 'lists',
  tag: 'tags',
  section: 'sections',
  filter: 'filters',
} as const satisfies Record<EntityKind, string>;

/** Fields of which a concurrent edit is worth a person's attention. Order, tags and times of closing are not. */
const SHOWN_FIELDS: Record<EntityKind, ReadonlySet<string>> = {
  task: new Set([
    'title',
    'notes',
    'due',
    'start',
    'priority',
    'list',
    'section',
    'parent',
    'done',
    'trashed',
    'rule',
  ]),
  list: new Set(['name', 'color', 'icon', 'archived', 'trashed']),
  tag: new Set(['name', 'color', 'trashed']),
  section: new Set(['name', 'trashed']),
  filter: new Set(['name', 'query', 'color', 'trashed']),
};
/** Some milliseconds of work. */
const ENTITIES_A_STEP = 500;
const TAG_FIELD = 'tag/';
export const REMINDER_FIELD = 'reminder/';

export function rootOf(kind: EntityKind): string {
  return ROOTS[kind];
}

export function tagField(tagId: string): string {
  return TAG_FIELD + tagId;
}

/** The field's value in the sense of a conflict: two closings, two archivings or two trashings say the same. */
export function conflictValue(entity: Entity, field: string, value: unknown): unknown {
  if (field === 'done' || field === 'trashed' || field === 'archived') return value !== null;
  if (field === 'notes') return readNotesValue(entity, value) ?? value;
  return value;
}

/** The registers that disagree with the standing one, later ones first. */
export function dissenting(entity: Entity, field: string): readonly Register[] {
  const registers = entity.registers.get(field);
  if (registers === undefined || registers.length < 2) return [];
  const [standing, ...others] = effective(registers);
  if (standing === undefined) return [];
  const value = conflictValue(entity, field, standing.v);
  return others.filter((other) => !isSameValue(conflictValue(entity, field, other.v), value));
}

/** Fields in conflict, in a fixed order. */
export function conflictingFields(kind: EntityKind, entity: Entity): string[] {
  const fields: string[] = [];
  for (const [field, registers] of entity.registers) {
    // Two closings of one occurrence say the same, and reopening one is settled by the later.
    if (field === 'done' && parseOccurrenceId(entity.id) !== null) continue;
    if (registers.length > 1 && SHOWN_FIELDS[kind].has(field) && dissenting(entity, field).length > 0) {
      fields.push(field);
    }
  }
  return fields.sort();
}

export function createModel(doc: Y.Doc, clock: StampClock): Model {
  return runSteps(modelInSteps(doc, clock));
}

export function* modelInSteps(doc: Y.Doc, clock: StampClock): Steps<Model> {
  const observe = (t: number): void => clock.observe(t);
  const tables: Record<EntityKind, Table> = {
    task: createTable(doc.getMap('tasks'), observe),
    list: createTable(doc.getMap('lists'), observe),
    tag: createTable(doc.getMap('tags'), observe),
    section: createTable(doc.getMap('sections'), observe),
    filter: createTable(doc.getMap('filters'), observe),
  };
  const meta = doc.getMap<unknown>('meta');
  const tree = createTree((list) => isVisible('list', list));
  const taskCache = new Map<string, Task>();
  const seriesCache = new Map<string, SeriesReading>();
  const occurrences = new Map<string, Map<number, Entity>>();
  /** By task, the latest stamp in its occurrences: a series of years has thousands, and its task is read at each closing. */
  const newestOccurrence = new Map<string, { readonly ordinal: number; readonly stamp: number }>();
  const listCache = new Map<string, List>();
  const tagCache = new Map<string, Tag>();
  const sectionCache = new Map<string, Section>();
  /** By list, what `sectionsOf` last gave. */
  const sectionRows = new Map<string, readonly Section[]>();
  const filterCache = new Map<string, Filter>();
  const taggedTasks = new Map<string, Set<string>>();
  const tagsOfTask = new Map<string, readonly string[]>();
  const conflicted = idsByKind();
  const fragmentIds = new Set<string>();
  /** Touched since the derived state was last brought up to date. */
  const dirty = idsByKind();
  let pending = noChanges();
  const listeners: ((changes: Changes, transaction: Y.Transaction) => void)[] = [];
  const cleanups: (() => void)[] = [];

  for (const kind of KINDS) {
    const table = tables[kind];
    const observer = (events: Y.YEvent<Y.AbstractType<unknown>>[]): void => {
      for (const event of events) {
        if (event.target !== table.map) touchText(kind, event);
        else for (const key of (event as Y.YMapEvent<unknown>).keysChanged) wrote(kind, key);
      }
    };
    table.map.observeDeep(observer as Parameters<typeof table.map.observeDeep>[0]);
    cleanups.push(() => table.map.unobserveDeep(observer as Parameters<typeof table.map.observeDeep>[0]));
  }
  for (const kind of KINDS) {
    yield* tables[kind].applyAll();
    yield;
  }
  // Tasks last: where one is hangs on the list that it names.
  for (const kind of KINDS) if (kind !== 'task') yield* settleAll(kind);
  yield* settleAll('task');
  pending = noChanges();

  const afterTransaction = (transaction: Y.Transaction): void => {
    settle();
    const changes = pending;
    if (Object.values(changes).every((ids: ReadonlySet<string>) => ids.size === 0)) return;
    pending = noChanges();
    for (const listener of [...listeners]) listener(changes, transaction);
  };
  doc.on('afterTransaction', afterTransaction);
  cleanups.push(() => doc.off('afterTransaction', afterTransaction));

  function wrote(kind: EntityKind, key: string): void {
    const id = tables[kind].apply(key);
    if (id !== null) dirty[kind].add(id);
  }

  function* settleAll(kind: EntityKind): Steps<void> {
    let sinceStep = 0;
    for (const id of [...tables[kind].entities.keys()]) {
      dirty[kind].add(id);
      sinceStep += 1;
      if (sinceStep % ENTITIES_A_STEP > 0) continue;
      settle();
      yield;
    }
    settle();
    yield;
  }

  /** Something inside a value changed: a text of notes. */
  function touchText(kind: EntityKind, event: Y.YEvent<Y.AbstractType<unknown>>): void {
    const [key] = event.path;
    if (typeof key === 'string') dirty[kind].add(key.slice(0, key.indexOf('/')));
  }

  function entity(kind: EntityKind, id: string): Entity | undefined {
    return tables[kind].entities.get(id);
  }

  function isAlive(kind: EntityKind, id: string): boolean {
    return isBorn(kind, kind === 'task' ? (parseOccurrenceId(id)?.taskId ?? id) : id);
  }

  function isBorn(kind: EntityKind, id: string): boolean {
    const found = entity(kind, id);
    return found !== undefined && found.plain.has('born') && !found.plain.has('purged');
  }

  function isVisible(kind: EntityKind, id: string): boolean {
    const found = entity(kind, id);
    return isBorn(kind, id) && found !== undefined && readTrashed(standingValue(found, 'trashed')) == null;
  }

  /** Bring everything that is derived up to date with the tables. */
  function settle(): void {
    if (KINDS.every((kind) => dirty[kind].size === 0)) return;
    const changedTags = [...dirty.tag];
    const changedLists = new Set(dirty.list);
    const changedTasks = [...dirty.task];
    const changedSections = [...dirty.section];
    for (const id of dirty.filter) {
      filterCache.delete(id);
      pending.filters.add(id as FilterId);
    }
    for (const kind of KINDS) {
      for (const id of dirty[kind]) noteConflicts(kind, id);
      dirty[kind].clear();
    }
    for (const id of changedTags) {
      tagCache.delete(id);
      pending.tags.add(id as TagId);
      for (const task of taggedTasks.get(id) ?? []) touchTask(task);
    }
    for (const id of changedLists) {
      listCache.delete(id);
      sectionRows.delete(id);
      pending.lists.add(id as ListId);
    }
    for (const id of changedSections) {
      sectionCache.delete(id);
      sectionRows.clear();
      pending.sections.add(id as SectionId);
    }
    const placings = new Map<string, Placing | undefined>();
    for (const id of changedTasks) {
      touchTask(id);
      const found = entity('task', id);
      noteTags(id, found);
      noteOccurrence(id, found);
      // An id with `#` is one occurrence of a recurring task: not a task of its own, and no fragment.
      if (found !== undefined && !isBorn('task', id) && !id.includes('#') && hasContent(found))
        fragmentIds.add(id);
      else fragmentIds.delete(id);
      placings.set(id, found === undefined ? undefined : placingOf(found));
    }
    const moved = tree.update(placings, changedLists);
    for (const id of moved) touchTask(id);
    for (const id of new Set([...changedTasks.map(taskIdOf), ...moved])) {
      if (moved.has(id) || entity('task', id)?.registers.has('rule')) touchBelow(id);
    }
  }

  /** What is below a series is read by where the series stands. */
  function touchBelow(top: string): void {
    const seen = new Set([top]);
    for (const id of seen) {
      for (const child of tree.childrenSaying(id)) {
        if (!seen.has(child)) touchTask(child);
        seen.add(child);
      }
    }
  }

  function noteOccurrence(id: string, found: Entity | undefined): void {
    const occurrence = parseOccurrenceId(id);
    if (occurrence === null) return;
    const { taskId, ordinal } = occurrence;
    const known = occurrences.get(taskId) ?? new Map<number, Entity>();
    if (found === undefined) known.delete(ordinal);
    else known.set(ordinal, found);
    if (known.size === 0) {
      occurrences.delete(taskId);
      newestOccurrence.delete(taskId);
    } else {
      occurrences.set(taskId, known);
      noteNewest(taskId, known, ordinal);
    }
    touchTask(taskId);
  }

  /** Looks at all of them only where the newest became older: an undo may put back what has an earlier stamp. */
  function noteNewest(taskId: string, known: ReadonlyMap<number, Entity>, ordinal: number): void {
    const before = newestOccurrence.get(taskId);
    const changed = known.get(ordinal);
    const stamp = changed === undefined ? 0 : latestStamp(changed);
    if (before === undefined || stamp >= before.stamp) newestOccurrence.set(taskId, { ordinal, stamp });
    else if (before.ordinal === ordinal) {
      let newest = { ordinal, stamp };
      for (const [other, entity] of known) {
        const its = latestStamp(entity);
        if (its > newest.stamp) newest = { ordinal: other, stamp: its };
      }
      newestOccurrence.set(taskId, newest);
    }
  }

  function touchTask(id: string): void {
    taskCache.delete(id);
    seriesCache.delete(id);
    pending.tasks.add(id as TaskId);
  }

  function noteConflicts(kind: EntityKind, id: string): void {
    const found = entity(kind, id);
    if (found !== undefined && isAlive(kind, id) && conflictingFields(kind, found).length > 0)
      conflicted[kind].add(id);
    else conflicted[kind].delete(id);
  }

  function noteTags(id: string, found: Entity | undefined): void {
    for (const tag of tagsOfTask.get(id) ?? []) taggedTasks.get(tag)?.delete(id);
    const tags = found === undefined ? [] : tagsIn(found);
    if (tags.length === 0) {
      tagsOfTask.delete(id);
      return;
    }
    tagsOfTask.set(id, tags);
    for (const tag of tags) {
      const tasks = taggedTasks.get(tag);
      if (tasks === undefined) taggedTasks.set(tag, new Set([id]));
      else tasks.add(id);
    }
  }

  function placingOf(found: Entity): Placing {
    const alive = isBorn('task', found.id);
    const parent = effective(found.registers.get('parent') ?? [])[0];
    return {
      alive,
      visible: alive && readTrashed(standingValue(found, 'trashed')) == null,
      parent: readReference(parent?.v ?? null) ?? null,
      parentT: parent?.t ?? 0,
      parentAuthor: parent?.author ?? '',
      list: readReference(standingValue(found, 'list')) ?? null,
      order: readOrder(standingValue(found, 'order')) ?? null,
      bornT: birthOf(found).t,
    };
  }

  function task(id: TaskId): Task | undefined {
    settle();
    const known = taskCache.get(id);
    if (known !== undefined) return known;
    const found = entity('task', id);
    if (found === undefined || !isBorn('task', id)) return undefined;
    const made = readTask(found);
    taskCache.set(id, made);
    return made;
  }

  function readTask(found: Entity): Task {
    const fields = createFieldReader(found);
    const done = fields.read('done', readDone, { status: 'open', at: null });
    const place = tree.place(found.id);
    const notesRegister = found.registers.get('notes')?.[0];
    const birth = birthOf(found);
    fields.read('list', readReference, null);
    fields.read('parent', readReference, null);
    fields.read('end', readEnd, null);
    const inherited = {
      title: fields.read('title', readText, ''),
      notes:
        notesRegister === undefined
          ? (readNotesValue(found, true) ?? '')
          : fields.read('notes', (value) => readNotesValue(found, value), ''),
      due: fields.read('due', readWhen, null),
      start: fields.read('start', readWhen, null),
      priority: fields.read('priority', readPriority, null),
    };
    const held = occurrences.get(found.id);
    const step = stepOf(found.id as TaskId);
    const isDoneElsewhere =
      step !== null && done.status !== 'open' && !countsNow(standingValue(found, 'done'), step);
    const closing =
      step === null
        ? null
        : readStepClosing(held?.get(step.ordinal)?.registers.get(stepField(step.seriesId))?.[0]?.v ?? null);
    let reading =
      held !== undefined || found.registers.has('rule') || isDoneElsewhere
        ? readSeries({ task: found, occurrences: held ?? NO_OCCURRENCES, inherited, isDoneElsewhere })
        : null;
    if (reading !== null && closing !== null) reading = { ...reading, open: [] };
    if (reading?.hasFault) fields.addFault('rule');
    if (reading !== null) seriesCache.set(found.id, reading);
    const shown = reading?.open[0];
    const own = isDoneElsewhere ? OPEN : done;
    const state =
      closing !== null
        ? { status: STATUS_OF[closing.kind], closedAt: closing.at }
        : reading === null
          ? { status: own.status, closedAt: own.at }
          : stateOf(reading, own);
    return Object.freeze({
      id: found.id as TaskId,
      title: shown?.title ?? inherited.title,
      notes: shown?.notes ?? inherited.notes,
      due: shown === undefined ? inherited.due : shown.due,
      start: shown === undefined ? inherited.start : shown.start,
      priority: shown === undefined ? inherited.priority : shown.priority,
      tags: Object.freeze(tagsIn(found).filter((tag) => isVisible('tag', tag)) as TagId[]),
      listId: place.list as ListId | null,
      parentId: place.parent as TaskId | null,
      section: fields.read('section', readReference, null),
      order: fields.read('order', readOrder, null),
      reminders: remindersIn(found, fields),
      status: state.status,
      closedAt: state.closedAt,
      rule: reading?.rule ?? null,
      ordinal: reading === null || reading.rule === null ? null : (shown?.ordinal ?? reading.headOrdinal),
      snoozedUntil: shown?.snoozedUntil ?? null,
      trashedAt: fields.read('trashed', readTrashed, null)?.at ?? null,
      createdAt: msOfStamp(birth.t),
      updatedAt: msOfStamp(Math.max(latestStamp(found), newestOccurrence.get(found.id)?.stamp ?? 0)),
      createdBy: birth.by,
      conflicts: Object.freeze(conflictingFields('task', found)),
      faults: fields.faults(),
    });
  }

  function series(id: TaskId): SeriesReading | undefined {
    const found = task(id);
    if (found === undefined) return undefined;
    const known = seriesCache.get(id);
    if (known !== undefined) return known;
    const own = entity('task', id);
    if (own === undefined) return undefined;
    const made = readSeries({ task: own, occurrences: NO_OCCURRENCES, inherited: found });
    seriesCache.set(id, made);
    return made;
  }

  /** The nearest task above that repeats, else the nearest that ever did. */
  function stepOf(id: TaskId): StepOf | null {
    const parentId = tree.place(id).parent as TaskId | null;
    const own = entity('task', id);
    if (parentId === null || (own !== undefined && repeats(own))) return null;
    let found: StepOf | null = null;
    for (let up: TaskId | null = parentId; up !== null; up = tree.place(up).parent as TaskId | null) {
      if (!entity('task', up)?.registers.has('rule')) continue;
      const reading = series(up);
      if (reading === undefined || (reading.rule === null && found !== null)) continue;
      // Over: what was ticked in its last occurrence is what is to be seen.
      const ordinal = reading.open[0]?.ordinal ?? reading.closed[0]?.ordinal ?? reading.headOrdinal;
      found = { seriesId: up, ordinal, repeats: reading.rule !== null, parentId };
      if (found.repeats) break;
    }
    return found;
  }

  function readNamed(kind: 'list' | 'tag' | 'section' | 'filter', found: Entity): Named {
    const fields = createFieldReader(found);
    return {
      name: fields.read('name', readText, ''),
      color: fields.read('color', (value) => (value === null ? null : readText(value)), null),
      order: fields.read('order', readOrder, null),
      trashedAt: fields.read('trashed', readTrashed, null)?.at ?? null,
      createdAt: msOfStamp(birthOf(found).t),
      updatedAt: updatedAt(found),
      conflicts: Object.freeze(conflictingFields(kind, found)),
      faults: fields.faults(),
    };
  }

  function readList(id: ListId, found: Entity): List {
    const own = createFieldReader(found);
    const icon = own.read('icon', readIcon, null);
    const archivedAt = own.read('archived', readArchived, null)?.at ?? null;
    const named = readNamed('list', found);
    const faults = Object.freeze([...new Set([...named.faults, ...own.faults()])].sort());
    return Object.freeze({ id, ...named, icon, archivedAt, faults });
  }

  function list(id: ListId): List | undefined {
    settle();
    const found = entity('list', id);
    if (found === undefined || !isAlive('list', id)) return undefined;
    let made = listCache.get(id);
    if (made === undefined) listCache.set(id, (made = readList(id, found)));
    return made;
  }

  function readSection(id: SectionId, found: Entity): Section {
    const { name, order, trashedAt, createdAt, updatedAt: changedAt, ...named } = readNamed('section', found);
    const { list: of } = (found.plain.get('born') ?? {}) as { list?: unknown };
    const listId = isId(of) ? (of as ListId) : null;
    const faults =
      listId === null ? Object.freeze([...new Set([...named.faults, 'born'])].sort()) : named.faults;
    return Object.freeze({
      id,
      listId,
      name,
      order,
      trashedAt,
      createdAt,
      updatedAt: changedAt,
      conflicts: named.conflicts,
      faults,
    });
  }

  function section(id: SectionId): Section | undefined {
    settle();
    const found = entity('section', id);
    if (found === undefined || !isAlive('section', id)) return undefined;
    let made = sectionCache.get(id);
    if (made === undefined) sectionCache.set(id, (made = readSection(id, found)));
    return made;
  }

  function* sections(): Generator<Section> {
    for (const id of [...tables.section.entities.keys()]) {
      const found = section(id as SectionId);
      if (found !== undefined) yield found;
    }
  }

  function sectionsOf(listId: ListId): readonly Section[] {
    settle();
    let row = sectionRows.get(listId);
    if (row === undefined) {
      const bornT = ({ id }: Section): number => {
        const found = entity('section', id);
        return found === undefined ? 0 : birthOf(found).t;
      };
      row = Object.freeze(
        isVisible('list', listId)
          ? [...sections()]
              .filter((each) => each.listId === listId && each.trashedAt === null)
              .map((each) => ({ each, id: each.id, order: each.order, bornT: bornT(each) }))
              .sort(compareOrdered)
              .map(({ each }) => each)
          : [],
      );
      sectionRows.set(listId, row);
    }
    return row;
  }

  function tag(id: TagId): Tag | undefined {
    settle();
    const found = entity('tag', id);
    if (found === undefined || !isAlive('tag', id)) return undefined;
    let made = tagCache.get(id);
    if (made === undefined) tagCache.set(id, (made = Object.freeze({ id, ...readNamed('tag', found) })));
    return made;
  }

  function filter(id: FilterId): Filter | undefined {
    settle();
    const found = entity('filter', id);
    if (found === undefined || !isAlive('filter', id)) return undefined;
    let made = filterCache.get(id);
    if (made === undefined) {
      const named = readNamed('filter', found);
      const query = createFieldReader(found);
      made = Object.freeze({
        id,
        ...named,
        query: query.read('query', readText, ''),
        faults: Object.freeze([...new Set([...named.faults, ...query.faults()])].sort()),
      });
      filterCache.set(id, made);
    }
    return made;
  }

  return {
    tables,
    get tree() {
      settle();
      return tree;
    },
    meta,
    wrote,
    entity(kind, id) {
      settle();
      return entity(kind, id);
    },
    isAlive,
    series,
    stepOf(id) {
      settle();
      return stepOf(id);
    },
    occurrencesOf(id) {
      settle();
      return occurrences.get(id) ?? NO_OCCURRENCES;
    },
    task,
    *tasks() {
      settle();
      for (const id of [...tables.task.entities.keys()]) {
        const found = task(id as TaskId);
        if (found !== undefined) yield found;
      }
    },
    list,
    *lists() {
      for (const id of [...tables.list.entities.keys()]) {
        const found = list(id as ListId);
        if (found !== undefined) yield found;
      }
    },
    tag,
    *tags() {
      for (const id of [...tables.tag.entities.keys()]) {
        const found = tag(id as TagId);
        if (found !== undefined) yield found;
      }
    },
    section,
    sections,
    sectionsOf,
    filter,
    *filters() {
      for (const id of [...tables.filter.entities.keys()]) {
        const found = filter(id as FilterId);
        if (found !== undefined) yield found;
      }
    },
    fragments() {
      settle();
      return [...fragmentIds].sort().flatMap((id) => {
        const found = entity('task', id);
        if (found === undefined) return [];
        const title = readText(standingValue(found, 'title')) ?? null;
        return [{ id: id as TaskId, title, purged: found.plain.has('purged'), updatedAt: updatedAt(found) }];
      });
    },
    row(container) {
      settle();
      const name = 'list' in container ? listRow(container.list) : parentRow(container.parent);
      return tree.row(name).flatMap(({ id }) => task(id as TaskId) ?? []);
    },
    *conflicted(kind) {
      settle();
      for (const id of [...conflicted[kind]].sort()) {
        const found = entity(kind, id);
        if (found !== undefined) yield found;
      }
    },
    onTransaction: (listener) => void listeners.push(listener),
    close: () => cleanups.splice(0).forEach((cleanup) => cleanup()),
  };
}

export function standingValue(entity: Entity, field: string): unknown {
  return entity.registers.get(field)?.[0]?.v ?? null;
}

const NO_OCCURRENCES: ReadonlyMap<number, Entity> = new Map();
const OPEN: { readonly status: TaskStatus; readonly at: EpochMs | null } = { status: 'open', at: null };
const STATUS_OF = { done: 'done', skipped: 'cancelled' } as const;

function taskIdOf(id: string): string {
  return parseOccurrenceId(id)?.taskId ?? id;
}

/** Open while an occurrence is; else what became of the last one. */
function stateOf(
  reading: SeriesReading,
  own: { readonly status: TaskStatus; readonly at: EpochMs | null },
): { readonly status: TaskStatus; readonly closedAt: EpochMs | null } {
  if (reading.open.length > 0) return { status: 'open', closedAt: null };
  const last = reading.closed[0]?.closing;
  if (reading.rule === null && own.status !== 'open') return { status: own.status, closedAt: own.at };
  return {
    status: last?.kind === 'done' ? 'done' : 'cancelled',
    closedAt: last?.at ?? reading.endedAt,
  };
}

/** What lists, tags and sections have in common. */
type Named = Omit<Tag, 'id'> & { readonly order: string | null };

function noChanges(): Changes {
  return { tasks: new Set(), lists: new Set(), tags: new Set(), sections: new Set(), filters: new Set() };
}

function idsByKind(): Record<EntityKind, Set<string>> {
  return { task: new Set(), list: new Set(), tag: new Set(), section: new Set(), filter: new Set() };
}

/** Who made it and when; a birth that cannot be understood is still a birth. */
export function birthOf(entity: Entity): { t: number; by: Writer } {
  const born = entity.plain.get('born');
  const { t, by } = (typeof born === 'object' && born !== null ? born : {}) as { t?: unknown; by?: unknown };
  return { t: isStamp(t) ? t : 0, by: (typeof by === 'string' ? by : '') as Writer };
}

function updatedAt(entity: Entity): EpochMs {
  return msOfStamp(latestStamp(entity));
}

function latestStamp(entity: Entity): number {
  let latest = birthOf(entity).t;
  for (const registers of entity.registers.values()) latest = Math.max(latest, registers[0]?.t ?? 0);
  return latest;
}

/** More than the mark that it was purged. */
function hasContent(entity: Entity): boolean {
  return (
    entity.registers.size > 0 || [...entity.plain.keys()].some((name) => name !== 'purged' && name !== 'born')
  );
}

function tagsIn(entity: Entity): string[] {
  const tags: string[] = [];
  for (const field of entity.registers.keys()) {
    if (field.startsWith(TAG_FIELD) && standingValue(entity, field) === true)
      tags.push(field.slice(TAG_FIELD.length));
  }
  return tags.sort();
}

function remindersIn(entity: Entity, fields: FieldReader): readonly Reminder[] {
  const found: Reminder[] = [];
  for (const field of entity.registers.keys()) {
    if (!field.startsWith(REMINDER_FIELD)) continue;
    const id = field.slice(REMINDER_FIELD.length);
    const reminder = fields.read(field, (value) => readReminder(id, value), null);
    if (reminder !== null) found.push(reminder);
  }
  return Object.freeze(found.sort((a, b) => (a.id < b.id ? -1 : 1)));
}

interface FieldReader {
  read<T>(field: string, understand: (value: unknown) => T | undefined, unset: T): T;
  addFault(field: string): void;
  faults(): readonly string[];
}

function createFieldReader(entity: Entity): FieldReader {
  const faults = new Set(entity.broken.values());
  if (entity.plain.has('born') && birthOf(entity).t === 0) faults.add('born');
  return {
    read(field, understand, unset) {
      const register = entity.registers.get(field)?.[0];
      if (register === undefined) return unset;
      const value = understand(register.v);
      if (value !== undefined) return value;
      faults.add(field);
      return unset;
    },
    addFault: (field) => void faults.add(field),
    faults: () => Object.freeze([...faults].sort()),
  };
}
