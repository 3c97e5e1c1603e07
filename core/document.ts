/**
 * The public door to a Holdfast document: reading, commands, undo, conflicts, export.
 */
import type * as Y from 'yjs';
import type { EpochMs, ListId, Random, TagId, TaskId, Writer } from './ids.ts';
import type { Conflict, Fragment, List, Priority, Tag, Task, When } from './task.ts';

export type { EpochMs, ListId, LocalDate, TagId, TaskId, Writer } from './ids.ts';
export type { Conflict, Fragment, List, Priority, Tag, Task, TaskStatus, Version, When } from './task.ts';

/** The transaction origin of every edit made through this door. */
export const LOCAL_ORIGIN: unique symbol = Symbol('holdfast local edit');

export type FailureCode =
  | 'invalid' // an input that cannot be stored; the message says which
  | 'not-found' // no such task, list or tag, or it was purged
  | 'ring' // a task cannot be put below itself
  | 'nothing' // nothing to undo, redo or resolve
  | 'superseded' // one's own write no longer stands
  | 'not-an-export' // a file that is not ours
  | 'newer-version' // a file of a later version of Holdfast
  | 'damaged'; // a file that is ours and broken

export interface Failure {
  readonly ok: false;
  readonly code: FailureCode;
  /** A plain sentence for a person. */
  readonly message: string;
}
export type Success<T extends object = object> = { readonly ok: true } & T;
export type Result<T extends object = object> = Success<T> | Failure;

export type Position = 'first' | 'last' | { readonly before: TaskId } | { readonly after: TaskId };

export interface NewTask {
  readonly title: string;
  readonly notes?: string;
  readonly due?: When | null;
  readonly start?: When | null;
  readonly priority?: Priority | null;
  readonly tags?: readonly TagId[];
  readonly listId?: ListId | null;
  readonly parentId?: TaskId | null;
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
  readonly before?: TaskId;
  readonly after?: TaskId;
  readonly listId?: ListId | null;
  readonly parentId?: TaskId | null;
}

export interface DocumentChange {
  readonly tasks: ReadonlySet<TaskId>;
  readonly lists: ReadonlySet<ListId>;
  readonly tags: ReadonlySet<TagId>;
  /** Made through this door on this replica. */
  readonly local: boolean;
}

/** The JSON of an export; see docs/document.md. */
export interface ExportFile {
  readonly format: 'holdfast-export';
  readonly version: 1;
  readonly maps: { readonly [root: string]: { readonly [key: string]: unknown } };
}

export interface ImportSummary {
  /** Tasks that were not here before. */
  readonly created: number;
  /** Tasks that were here and got at least one newer or concurrent value. */
  readonly merged: number;
  /** Tasks of the file that were here already, or were purged here since. */
  readonly unchanged: number;
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

export function openDocument(options: OpenDocumentOptions): HoldfastDocument {
  throw new Error(`not built yet for ${options.doc.guid}`);
}
