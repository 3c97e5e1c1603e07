/**
 * What can be asked of a space's document, as data: it crosses to the thread that holds the document and back.
 *
 * Promise: an input has passed its schema (http/task-schemas.ts) before it gets here; what only the document can
 * tell (is there such a list, does the rule ever fall) is answered by an outcome that names the field.
 */
import type { FailureCode, ListIcon } from '@holdfast/core/document.ts';
import type { QueryFault } from '@holdfast/core/query/language.ts';
import type { TaskJson as CoreTaskJson } from '@holdfast/core/task-json.ts';

export type TaskStatusName = 'open' | 'done' | 'cancelled';
export type PriorityName = 'none' | 'low' | 'medium' | 'high' | 'urgent';
export const PRIORITY_NAMES = [
  'none',
  'low',
  'medium',
  'high',
  'urgent',
] as const satisfies readonly PriorityName[];

/** The task of the API: CONTRACT's shape, which scripts rely on. */
export interface TaskJson extends CoreTaskJson {
  /** For the zone and the moment of whoever asks. */
  readonly isOverdue: boolean;
}

export type ReminderFields =
  | { readonly id?: string | undefined; readonly before: string }
  | { readonly id?: string | undefined; readonly at: string };

export interface RecurrenceFields {
  readonly rrule: string;
  readonly mode?: 'schedule' | 'completion' | undefined;
  readonly missed?: 'skip' | 'catch-up' | undefined;
}

/** Absent: leave alone. null: none. */
export interface TaskFields {
  readonly title?: string | undefined;
  readonly notes?: string | undefined;
  readonly status?: TaskStatusName | undefined;
  readonly priority?: PriorityName | undefined;
  readonly start?: string | null | undefined;
  readonly due?: string | null | undefined;
  readonly timeZone?: string | null | undefined;
  /** Ids or names; a new name makes the tag. */
  readonly tags?: readonly string[] | undefined;
  readonly listId?: string | null | undefined;
  /** Id, or name within its list. */
  readonly sectionId?: string | null | undefined;
  readonly parentId?: string | null | undefined;
  readonly reminders?: readonly ReminderFields[] | undefined;
  readonly recurrence?: RecurrenceFields | null | undefined;
}

export type Scope = 'this' | 'future';
export const TASK_SORTS = ['due', 'priority', 'created', 'title', 'order'] as const;
export type TaskSort = (typeof TASK_SORTS)[number];

export interface TaskQuery {
  readonly status?: readonly (TaskStatusName | 'trashed')[] | undefined;
  readonly priority?: readonly PriorityName[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly list?: string | undefined;
  readonly section?: string | undefined;
  /** Id or name of a saved filter, or a query; not both. */
  readonly filter?: string | undefined;
  readonly query?: string | undefined;
  readonly due_after?: string | undefined;
  readonly due_before?: string | undefined;
  readonly q?: string | undefined;
  /** Default `created`; with a filter or a query the order that it says. */
  readonly sort?: TaskSort | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A list, section, tag or filter: what all have, and what only some do. */
export interface NamedJson {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface TagJson extends NamedJson {
  readonly color: string | null;
}

export interface ListJson extends NamedJson {
  readonly color: string | null;
  readonly icon: ListIcon | null;
  readonly archived: boolean;
  readonly order: string | null;
}

export interface SectionJson extends NamedJson {
  readonly listId: string;
  readonly order: string | null;
}

export interface FilterJson extends NamedJson {
  /** With names where it is kept with ids. */
  readonly query: string;
  readonly color: string | null;
  readonly order: string | null;
}

export interface NamedJsons {
  readonly list: ListJson;
  readonly section: SectionJson;
  readonly tag: TagJson;
  readonly filter: FilterJson;
}
export type NamedKind = keyof NamedJsons;
export type AnyNamedJson = NamedJsons[NamedKind];

/** Each kind's schema lets in those that it has. */
export interface NamedFields {
  readonly name?: string | undefined;
  readonly color?: string | null | undefined;
  readonly icon?: ListIcon | null | undefined;
  readonly archived?: boolean | undefined;
  readonly query?: string | undefined;
  /** Id of the one to put it next to; at most one of the two. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

interface OfTask {
  readonly id: string;
}

/** By name: what goes in and what comes out. */
export interface Calls {
  listTasks: {
    input: TaskQuery;
    value: { readonly tasks: TaskJson[]; readonly nextCursor: string | null };
  };
  getTask: { input: OfTask; value: TaskJson };
  /** With an `id` that is there already: that task, and nothing is written. */
  createTask: {
    input: TaskFields & { readonly title: string; readonly id?: string | undefined };
    value: { readonly task: TaskJson; readonly isNew: boolean };
  };
  editTask: {
    input: OfTask & {
      readonly fields: TaskFields;
      readonly scope: Scope;
      readonly ordinal?: number | undefined;
    };
    value: TaskJson;
  };
  deleteTask: {
    input: OfTask & { readonly scope: Scope | null; readonly ordinal?: number | undefined };
    value: null;
  };
  closeTask: {
    input: OfTask & { readonly kind: 'done' | 'skipped'; readonly ordinal?: number | undefined };
    value: TaskJson;
  };
  reopenTask: { input: OfTask & { readonly ordinal?: number | undefined }; value: TaskJson };
  restoreTask: { input: OfTask; value: TaskJson };
  snoozeTask: {
    input: OfTask & { readonly until: string | null; readonly ordinal?: number | undefined };
    value: TaskJson;
  };
  /** `list`: id or name, of which sections alone. */
  listNamed: {
    input: { readonly kind: NamedKind; readonly list?: string | undefined };
    value: AnyNamedJson[];
  };
  getNamed: { input: OfTask & { readonly kind: NamedKind }; value: AnyNamedJson };
  createNamed: {
    input: NamedFields & {
      readonly kind: NamedKind;
      readonly name: string;
      readonly id?: string | undefined;
      /** Of a section: id or name of its list. */
      readonly listId?: string | undefined;
    };
    value: { readonly named: AnyNamedJson; readonly isNew: boolean };
  };
  editNamed: {
    input: OfTask & { readonly kind: NamedKind; readonly fields: NamedFields };
    value: AnyNamedJson;
  };
  trashNamed: { input: OfTask & { readonly kind: NamedKind }; value: null };
  restoreNamed: { input: OfTask & { readonly kind: NamedKind }; value: AnyNamedJson };
}

export type CallName = keyof Calls;

/** Which calls may write: only their callers need the right to, and only they take a client id. */
export const WRITING_CALLS: ReadonlySet<CallName> = new Set<CallName>([
  'createTask',
  'editTask',
  'deleteTask',
  'closeTask',
  'reopenTask',
  'restoreTask',
  'snoozeTask',
  'createNamed',
  'editNamed',
  'trashNamed',
  'restoreNamed',
]);

export interface Caller {
  readonly nowMs: number;
  /** IANA name: the person's, for what has no zone of its own. */
  readonly timeZone: string;
}

export interface Refused {
  readonly ok: false;
  readonly code: FailureCode | 'conflict';
  readonly message: string;
  readonly field?: string;
  /** What in a query cannot be understood, and where. */
  readonly faults?: readonly QueryFault[];
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refused;

export function refused(code: Refused['code'], message: string, field?: string): Refused {
  return { ok: false, code, message, ...(field === undefined ? {} : { field }) };
}
