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
import { createHistory } from './history.ts';
import type { EpochMs, ListId, Random, TagId, TaskId, Writer } from './ids.ts';
import { createIntents } from './intent.ts';
import { createListCommands } from './list-commands.ts';
import { createModel } from './model.ts';
import type { Result } from './result.ts';
import { createStampClock } from './stamp.ts';
import { createTaskCommands, type NewTask, type TaskMove, type TaskPatch } from './task-commands.ts';
import type { Conflict, Fragment, List, Tag, Task } from './task.ts';

export type { ExportFile, ImportSummary } from './export.ts';
export type { EpochMs, ListId, LocalDate, TagId, TaskId, Writer } from './ids.ts';
export type { Failure, FailureCode, Result, Success } from './result.ts';
export type { NewTask, Position, TaskMove, TaskPatch } from './task-commands.ts';
export type { Conflict, Fragment, List, Priority, Tag, Task, TaskStatus, Version, When } from './task.ts';

/** The transaction origin of every edit made through this door. */
export const LOCAL_ORIGIN: unique symbol = Symbol('holdfast local edit');

export interface DocumentChange {
  readonly tasks: ReadonlySet<TaskId>;
  readonly lists: ReadonlySet<ListId>;
  readonly tags: ReadonlySet<TagId>;
  /** Made through this door on this replica. */
  readonly local: boolean;
}

export interface HoldfastDocument {
  readonly doc: Y.Doc;
  readonly history: { readonly undoLabel?: string; readonly redoLabel?: string };

  /** Every task that was born and not purged: open, done and trashed ones. Not fragments. */
  task(id: TaskId): Task | undefined;
  tasks(): Iterable<Task>;
  list(id: ListId): List | undefined;
  lists(): Iterable<List>;
  tag(id: TagId): Tag | undefined;
  tags(): Iterable<Tag>;
  fragments(): readonly Fragment[];
  /** Tasks at the top level of a list (null: the Inbox) that are not in the trash, in their order. Done ones too. */
  tasksIn(listId: ListId | null): readonly Task[];
  /** Subtasks that are not in the trash, in their order. */
  subtasks(parentId: TaskId): readonly Task[];
  conflicts(): readonly Conflict[];

  createTask(input: NewTask): Result<{ id: TaskId }>;
  editTask(id: TaskId, patch: TaskPatch): Result;
  completeTask(id: TaskId): Result;
  cancelTask(id: TaskId): Result;
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

  createList(input: { name: string; color?: string | null }): Result<{ id: ListId }>;
  editList(id: ListId, patch: { name?: string; color?: string | null }): Result;
  moveList(id: ListId, move: { before?: ListId; after?: ListId }): Result;
  trashList(id: ListId): Result;
  restoreList(id: ListId): Result;
  createTag(input: { name: string; color?: string | null }): Result<{ id: TagId }>;
  editTag(id: TagId, patch: { name?: string; color?: string | null }): Result;
  trashTag(id: TagId): Result;
  restoreTag(id: TagId): Result;

  /** Dismiss the others ('keep'), or let one of them stand. */
  resolveConflict(conflict: Conflict, choice: 'keep' | { readonly take: Writer }): Result;
  /** Several commands as one intent: one transaction, one undo. */
  batch<T>(label: string, commands: () => T): T;
  /** `left` names what was changed since by someone else and therefore was left alone. */
  undo(): Result<{ label: string; left: readonly string[] }>;
  redo(): Result<{ label: string; left: readonly string[] }>;

  subscribe(listener: (change: DocumentChange) => void): () => void;
  exportJson(): ExportFile;
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
}

export function openDocument({ doc, now, random, device }: OpenDocumentOptions): HoldfastDocument {
  const clock = createStampClock(now);
  const model = createModel(doc, clock);
  const intents = createIntents({ doc, model, clock, origin: LOCAL_ORIGIN, ...(device ? { device } : {}) });
  const history = createHistory({ model, intents, now });
  const task = createTaskCommands({ model, intents, now, random });
  const list = createListCommands({ model, intents, now, random });
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

    task: model.task,
    tasks: model.tasks,
    list: model.list,
    lists: model.lists,
    tag: model.tag,
    tags: model.tags,
    fragments: model.fragments,
    tasksIn: (listId) => model.row({ list: listId }),
    subtasks: (parentId) => model.row({ parent: parentId }),
    conflicts: () => readConflicts(model),

    createTask: (input) => run('Add task', () => task.createTask(input)),
    editTask: (id, patch) => run('Edit task', () => task.editTask(id, patch)),
    completeTask: (id) => run('Complete task', () => task.closeTask(id, 'done')),
    cancelTask: (id) => run('Cancel task', () => task.closeTask(id, 'cancelled')),
    reopenTask: (id) => run('Reopen task', () => task.reopenTask(id)),
    trashTask: (id) => run('Move task to trash', () => task.trashTask(id)),
    restoreTask: (id) => run('Restore task', () => task.restoreTask(id)),
    purgeTask: (id) => intents.run('Delete task for ever', () => task.purgeTask(id), forget),
    moveTask: (id, move) => run('Move task', () => task.moveTask(id, move)),
    tagTask: (id, tagId) => run('Add tag', () => task.setTag(id, tagId, true)),
    untagTask: (id, tagId) => run('Remove tag', () => task.setTag(id, tagId, false)),

    createList: (input) => run('Add list', () => list.create('list', input) as Result<{ id: ListId }>),
    editList: (id, patch) => run('Edit list', () => list.edit('list', id, patch)),
    moveList: (id, move) => run('Move list', () => list.moveList(id, move)),
    trashList: (id) => run('Move list to trash', () => list.trash('list', id)),
    restoreList: (id) => run('Restore list', () => list.restore('list', id)),
    createTag: (input) => run('Add tag', () => list.create('tag', input) as Result<{ id: TagId }>),
    editTag: (id, patch) => run('Edit tag', () => list.edit('tag', id, patch)),
    trashTag: (id) => run('Move tag to trash', () => list.trash('tag', id)),
    restoreTag: (id) => run('Restore tag', () => list.restore('tag', id)),

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
      importDocument(doc, file, {
        writer: intents.writer(),
        isBelievable: clock.isBelievable,
        origin: LOCAL_ORIGIN,
      }),
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
