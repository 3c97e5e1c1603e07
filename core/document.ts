/**
 * The public door to a Holdfast document: what web, server and workers use to read and write the shape of
 * docs/document.md on a Y.Doc. The rules it keeps are numbered in core/SPEC.md.
 *
 * Promise: everything works offline and on any replica alike. Reading never fails because of what others wrote. Every
 * command is one transaction and one undoable intent; expected failures are values with a sentence. Time, randomness and
 * the device's name are passed in; there is no I/O.
 *
 * Limits: load the document before opening it or after, both work, but commands that ran before the load do not know what it
 * holds. Inside a transaction of someone else, what that transaction wrote is seen only when it ends.
 */
import type * as Y from 'yjs';
import { contentHash } from './canonical.ts';
import { readConflicts, resolveConflict } from './conflicts.ts';
import { exportDocument, importDocument, type ExportFile, type ImportSummary } from './export.ts';
import { createFilterCommands, type FilterPatch, type NewFilter } from './filter-commands.ts';
import { createHistory } from './history.ts';
import {
  createId,
  type EpochMs,
  type FilterId,
  type ListId,
  type Random,
  type SectionId,
  type TagId,
  type TaskId,
  type Writer,
} from './ids.ts';
import { createIntents } from './intent.ts';
import { createListCommands, type ListPatch, type NewSection } from './list-commands.ts';
import { modelInSteps } from './model.ts';
import type { Result } from './result.ts';
import { createStampClock } from './stamp.ts';
import { runSteps, type Steps } from './steps.ts';
import {
  createSeriesCommands,
  type OccurrencePatch,
  type ReminderInput,
  type RuleInput,
} from './series/commands.ts';
import { closedOccurrences } from './series/reading.ts';
import { stepClosingAt } from './series/steps.ts';
import { createTaskCommands, type NewTask, type TaskMove, type TaskPatch } from './task-commands.ts';
import { shownSection } from './tree.ts';
import type {
  ClosedOccurrence,
  ClosedStep,
  Conflict,
  Filter,
  Fragment,
  List,
  Occurrence,
  Section,
  Tag,
  Task,
} from './task.ts';

export type { ExportFile, ImportSummary } from './export.ts';
export type { ListPatch, NewSection } from './list-commands.ts';
export type { FilterPatch, NewFilter } from './filter-commands.ts';
export type { EpochMs, FilterId, ListId, LocalDate, SectionId, TagId, TaskId, Writer } from './ids.ts';
export type { Failure, FailureCode, Result, Success } from './result.ts';
export type { SeriesRule } from './recurrence/series.ts';
export type { Steps } from './steps.ts';
export type { OccurrencePatch, ReminderInput, RuleInput } from './series/commands.ts';
export type { NewTask, Position, TaskMove, TaskPatch } from './task-commands.ts';
export type {
  ClosedOccurrence,
  ClosedStep,
  Conflict,
  Filter,
  Fragment,
  List,
  ListIcon,
  Occurrence,
  Priority,
  Section,
  Tag,
  Task,
  TaskStatus,
  Version,
  When,
} from './task.ts';

/** The transaction origin of every edit made through this door. */
export const LOCAL_ORIGIN: unique symbol = Symbol('holdfast local edit');

export interface DocumentChange {
  readonly tasks: ReadonlySet<TaskId>;
  readonly lists: ReadonlySet<ListId>;
  readonly tags: ReadonlySet<TagId>;
  readonly sections: ReadonlySet<SectionId>;
  readonly filters: ReadonlySet<FilterId>;
  /** Made through this door on this replica. */
  readonly local: boolean;
}

export interface HoldfastDocument {
  readonly doc: Y.Doc;
  readonly history: { readonly undoLabel?: string; readonly redoLabel?: string };
  /** The number of the intent that `undo` would take back; undefined: there is none. */
  readonly lastIntent: number | undefined;

  /** Every task that was born and not purged: open, done and trashed ones. Not fragments. */
  task(id: TaskId): Task | undefined;
  tasks(): Iterable<Task>;
  list(id: ListId): List | undefined;
  lists(): Iterable<List>;
  tag(id: TagId): Tag | undefined;
  tags(): Iterable<Tag>;
  section(id: SectionId): Section | undefined;
  /** Of a list, those that are not in the trash, in their order. */
  sections(listId: ListId): readonly Section[];
  trashedSections(): readonly Section[];
  /** Where a task is shown in its list; null: in no section. */
  sectionOf(id: TaskId): Section | null;
  filter(id: FilterId): Filter | undefined;
  filters(): Iterable<Filter>;
  fragments(): readonly Fragment[];
  /** Tasks at the top level of a list (null: the Inbox) that are not in the trash, in their order. Done ones too. */
  tasksIn(listId: ListId | null): readonly Task[];
  /** Subtasks that are not in the trash, in their order. */
  subtasks(parentId: TaskId): readonly Task[];
  conflicts(): readonly Conflict[];
  /**
   * The open occurrences of a task, the head first, then reopened ones; of a plain open task it is the one. None of what is
   * closed, over, or in the trash.
   */
  openOccurrences(id: TaskId): readonly Occurrence[];
  /** What was done or skipped and what it then was, oldest first. */
  closedOccurrences(id: TaskId): readonly ClosedOccurrence[];
  /** The steps below it that were ticked in this occurrence, in their order. */
  closedSteps(id: TaskId, ordinal: number): readonly ClosedStep[];

  createTask(input: NewTask): Result<{ id: TaskId }>;
  /** Of a recurring task: as editFuture. */
  editTask(id: TaskId, patch: TaskPatch): Result;
  /** Of a recurring task: its open occurrence, as completeOccurrence. */
  completeTask(id: TaskId): Result;
  /** Of a recurring task: its open occurrence, as skipOccurrence. */
  cancelTask(id: TaskId): Result;
  /** Of a recurring task that is over: its last occurrence. */
  reopenTask(id: TaskId): Result;
  /** Its subtasks go with it. */
  trashTask(id: TaskId): Result;
  /** Its subtasks that went with it come with it. A fragment becomes a task again with what is left of it. */
  restoreTask(id: TaskId): Result;
  /** For ever; not undoable. */
  purgeTask(id: TaskId): Result;
  moveTask(id: TaskId, move: TaskMove): Result;
  tagTask(id: TaskId, tagId: TagId): Result;
  untagTask(id: TaskId, tagId: TagId): Result;

  /** Make it repeat, or change how. What is absent in the input stays, see RuleInput. What had ended goes on. */
  setRule(id: TaskId, rule: RuleInput): Result;
  /** Its open occurrence goes on as a plain task. */
  removeRule(id: TaskId): Result;
  /** By ordinal: closing what is closed changes nothing. Default: the open one. */
  completeOccurrence(id: TaskId, ordinal?: number): Result;
  /** Also what deleting only this one is. */
  skipOccurrence(id: TaskId, ordinal?: number): Result;
  /** One below the head is open besides it, and closing it again advances nothing. Default: the last one closed. */
  reopenOccurrence(id: TaskId, ordinal?: number): Result;
  /** This one only. */
  editOccurrence(id: TaskId, ordinal: number, patch: OccurrencePatch): Result;
  /** The open one and all that come. */
  editFuture(id: TaskId, patch: TaskPatch & { readonly rule?: RuleInput }): Result;
  /** Also what deleting all future ones is: nothing comes any more, and what was closed stays. */
  endSeries(id: TaskId): Result;
  /** Of all its occurrences. Under an id that it has it takes that one's place. */
  addReminder(id: TaskId, reminder: ReminderInput, reminderId?: string): Result<{ id: string }>;
  removeReminder(id: TaskId, reminderId: string): Result;
  /** This occurrence (default: the open one) reminds again then, and not before; null takes it back. */
  snooze(id: TaskId, until: EpochMs | null, ordinal?: number): Result;

  /** `id`: default a new one; one that is taken is refused. */
  createList(input: { id?: ListId; name: string; color?: string | null }): Result<{ id: ListId }>;
  /** An archived list keeps its tasks and its place, and is neither among the lists nor in any day's view. */
  editList(id: ListId, patch: ListPatch): Result;
  moveList(id: ListId, move: { before?: ListId; after?: ListId }): Result;
  trashList(id: ListId): Result;
  restoreList(id: ListId): Result;
  /** Last in its list. Its tasks are those that name it (`moveTask`). */
  createSection(input: NewSection): Result<{ id: SectionId }>;
  editSection(id: SectionId, patch: { name?: string }): Result;
  moveSection(id: SectionId, move: { before?: SectionId; after?: SectionId }): Result;
  /** Its tasks stay in the list, in no section, until it comes back. */
  trashSection(id: SectionId): Result;
  restoreSection(id: SectionId): Result;
  createTag(input: { id?: TagId; name: string; color?: string | null }): Result<{ id: TagId }>;
  editTag(id: TagId, patch: { name?: string; color?: string | null }): Result;
  trashTag(id: TagId): Result;
  restoreTag(id: TagId): Result;
  /** What has the first gets the second instead, and the first goes to the trash. */
  mergeTags(from: TagId, into: TagId): Result;
  /** `query` is kept as it is given; only its length is judged here. */
  createFilter(input: NewFilter): Result<{ id: FilterId }>;
  editFilter(id: FilterId, patch: FilterPatch): Result;
  moveFilter(id: FilterId, move: { before?: FilterId; after?: FilterId }): Result;
  trashFilter(id: FilterId): Result;
  restoreFilter(id: FilterId): Result;

  /** Dismiss the others ('keep'), or let one of them stand. */
  resolveConflict(conflict: Conflict, choice: 'keep' | { readonly take: Writer }): Result;
  /** Several commands as one intent: one transaction, one undo. */
  batch<T>(label: string, commands: () => T): T;
  /**
   * The last intent, or the one of this number whatever has followed. `left` names what was changed since and therefore was
   * left alone.
   */
  undo(intent?: number): Result<{ label: string; left: readonly string[] }>;
  redo(): Result<{ label: string; left: readonly string[] }>;

  subscribe(listener: (change: DocumentChange) => void): () => void;
  exportJson(): ExportFile;
  /** One intent. */
  importJson(file: unknown): Result<ImportSummary>;
  /** SHA-256 in hex of the canonical form (core/canonical.ts): equal where the content is equal. */
  contentHash(): Promise<string>;
  close(): void;
}

export interface OpenDocumentOptions {
  readonly doc: Y.Doc;
  readonly now: () => EpochMs;
  readonly random: Random;
  /** Named in conflicts on other devices. */
  readonly device?: { readonly id: string; readonly name: string };
  /** IANA name of where the person is now: it says on which day something was closed. Default: UTC. */
  readonly timeZone?: () => string;
}

export function openDocument(options: OpenDocumentOptions): HoldfastDocument {
  return runSteps(openInSteps(options));
}

/** Of a large document, what a page should not do in one go. */
export function* openInSteps(options: OpenDocumentOptions): Steps<HoldfastDocument> {
  const { doc, now, random, device } = options;
  const clock = createStampClock(now);
  const model = yield* modelInSteps(doc, clock);
  const intents = createIntents({ doc, model, clock, origin: LOCAL_ORIGIN, ...(device ? { device } : {}) });
  const history = createHistory({ model, intents, now });
  const task = createTaskCommands({ model, intents, now, random });
  const series = createSeriesCommands({
    model,
    intents,
    task,
    now,
    timeZone: options.timeZone ?? (() => 'UTC'),
    deviceId: device?.id ?? null,
  });
  const list = createListCommands({ model, intents, now, random });
  const filter = createFilterCommands({ model, intents, now, random });
  const listeners = new Set<(change: DocumentChange) => void>();

  model.onTransaction((changes, transaction) => {
    const change: DocumentChange = { ...changes, local: transaction.origin === LOCAL_ORIGIN };
    for (const listener of [...listeners]) listener(change);
  });

  function run<T>(label: string, command: () => T): T {
    return intents.run(label, command, history.record);
  }

  return {
    doc,
    get history() {
      return history.labels;
    },
    get lastIntent() {
      return history.last;
    },

    task: model.task,
    tasks: model.tasks,
    list: model.list,
    lists: model.lists,
    tag: model.tag,
    tags: model.tags,
    section: model.section,
    sections: model.sectionsOf,
    trashedSections: () => [...model.sections()].filter(({ trashedAt }) => trashedAt !== null),
    sectionOf(id) {
      const found = model.task(id);
      return found === undefined ? null : shownSection(found, model.sectionsOf);
    },
    filter: model.filter,
    filters: model.filters,
    fragments: model.fragments,
    tasksIn: (listId) => model.row({ list: listId }),
    subtasks: (parentId) => model.row({ parent: parentId }),
    conflicts: () => readConflicts(model),
    openOccurrences: (id) => (model.task(id)?.trashedAt === null ? (model.series(id)?.open ?? []) : []),
    closedOccurrences: (id) => {
      const reading = model.series(id);
      return reading === undefined ? [] : closedOccurrences(reading, id);
    },

    closedSteps(id, ordinal) {
      const below = (parentId: TaskId): ClosedStep[] =>
        model.row({ parent: parentId }).flatMap((step) => {
          const own = model.entity('task', step.id);
          const occurrence = model.occurrencesOf(step.id).get(ordinal);
          const closing =
            own === undefined ? null : stepClosingAt(own, occurrence, { seriesId: id, parentId }, ordinal);
          return [
            ...(closing === null
              ? []
              : [Object.freeze({ ...closing, id: step.id, title: closing.title ?? step.title })]),
            ...below(step.id),
          ];
        });
      return below(id);
    },

    createTask: (input) => run('Add task', () => task.createTask(input)),
    editTask: (id, patch) => run('Edit task', () => series.editFuture(id, patch)),
    completeTask: (id) => run('Complete task', () => series.closeOccurrence(id, 'done')),
    cancelTask: (id) => run('Cancel task', () => series.closeOccurrence(id, 'skipped')),
    reopenTask: (id) => run('Reopen task', () => series.reopenTask(id)),
    trashTask: (id) => run('Move task to trash', () => task.trashTask(id)),
    restoreTask: (id) => run('Restore task', () => task.restoreTask(id)),
    purgeTask: (id) => intents.run('Delete task for ever', () => task.purgeTask(id), forget),
    moveTask: (id, move) => run('Move task', () => task.moveTask(id, move)),
    tagTask: (id, tagId) => run('Add tag', () => task.setTag(id, tagId, true)),
    untagTask: (id, tagId) => run('Remove tag', () => task.setTag(id, tagId, false)),

    setRule: (id, rule) => run('Repeat', () => series.setRule(id, rule)),
    removeRule: (id) => run('Stop repeating', () => series.removeRule(id)),
    completeOccurrence: (id, ordinal) =>
      run('Complete task', () => series.closeOccurrence(id, 'done', ordinal)),
    skipOccurrence: (id, ordinal) =>
      run('Skip occurrence', () => series.closeOccurrence(id, 'skipped', ordinal)),
    reopenOccurrence: (id, ordinal) => run('Reopen task', () => series.reopenOccurrence(id, ordinal)),
    editOccurrence: (id, ordinal, patch) =>
      run('Edit occurrence', () => series.editOccurrence(id, ordinal, patch)),
    editFuture: (id, patch) => run('Edit task', () => series.editFuture(id, patch)),
    addReminder: (id, reminder, wanted) =>
      run('Add reminder', () => {
        const reminderId = wanted ?? createId(random);
        const set = series.setReminder(id, reminderId, reminder);
        return set.ok ? { ok: true, id: reminderId } : set;
      }),
    removeReminder: (id, reminderId) =>
      run('Remove reminder', () => series.setReminder(id, reminderId, null)),
    snooze: (id, until, ordinal) => run('Snooze', () => series.snooze(id, until, ordinal)),
    endSeries: (id) => run('End the repeat', () => series.endSeries(id)),

    createList: (input) => run('Add list', () => list.create('list', input) as Result<{ id: ListId }>),
    editList: (id, patch) => run('Edit list', () => list.edit('list', id, patch)),
    moveList: (id, move) => run('Move list', () => list.moveList(id, move)),
    trashList: (id) => run('Move list to trash', () => list.trash('list', id)),
    restoreList: (id) => run('Restore list', () => list.restore('list', id)),
    createSection: (input) => run('Add section', () => list.createSection(input)),
    editSection: (id, patch) => run('Edit section', () => list.edit('section', id, patch)),
    moveSection: (id, move) => run('Move section', () => list.moveSection(id, move)),
    trashSection: (id) => run('Move section to trash', () => list.trash('section', id)),
    restoreSection: (id) => run('Restore section', () => list.restore('section', id)),
    createTag: (input) => run('Add tag', () => list.create('tag', input) as Result<{ id: TagId }>),
    editTag: (id, patch) => run('Edit tag', () => list.edit('tag', id, patch)),
    trashTag: (id) => run('Move tag to trash', () => list.trash('tag', id)),
    restoreTag: (id) => run('Restore tag', () => list.restore('tag', id)),
    mergeTags: (from, into) => run('Merge tags', () => list.mergeTags(from, into)),
    createFilter: (input) => run('Save view', () => filter.create(input)),
    editFilter: (id, patch) => run('Edit view', () => filter.edit(id, patch)),
    moveFilter: (id, move) => run('Move view', () => filter.move(id, move)),
    trashFilter: (id) => run('Move view to trash', () => filter.trash(id)),
    restoreFilter: (id) => run('Restore view', () => filter.restore(id)),

    resolveConflict: (conflict, choice) =>
      run('Settle conflict', () => resolveConflict(model, intents, conflict, choice)),
    batch: run,
    undo: history.undo,
    redo: history.redo,

    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exportJson: () => exportDocument(doc),
    importJson: (file) =>
      run('Import', () =>
        importDocument(doc, file, {
          writer: intents.writer(),
          isBelievable: clock.isBelievable,
          origin: LOCAL_ORIGIN,
          record: intents.recordImport,
        }),
      ),
    contentHash: () => contentHash(doc),
    close() {
      listeners.clear();
      model.close();
    },
  };
}

/** What cannot be undone is not recorded. */
function forget(): void {
  // Nothing to keep.
}
