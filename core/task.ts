/**
 * What a reader gets: tasks, lists, sections, tags and filters as plain immutable objects.
 *
 * Promise: an object is never changed after it was handed out, and the same object is handed out again for as long as
 * nothing about it changed, so `===` tells whether to draw again. Where a value in the document cannot be understood,
 * that one field reads as unset and its name stands in `faults`; nothing else suffers.
 */
import type { EpochMs, FilterId, ListId, LocalDate, SectionId, TagId, TaskId, Writer } from './ids.ts';
import type { SeriesRule } from './recurrence/series.ts';

export type Priority = 'low' | 'medium' | 'high' | 'urgent';

/** A day, or a time on a day. With a zone it is that wall clock there; without, wherever the person is. */
export interface When {
  readonly date: LocalDate;
  /** HH:mm */
  readonly time?: string;
  /** IANA name */
  readonly timeZone?: string;
}

export type TaskStatus = 'open' | 'done' | 'cancelled';

export interface Task {
  readonly id: TaskId;
  readonly title: string;
  readonly notes: string;
  readonly due: When | null;
  readonly start: When | null;
  /** null: none */
  readonly priority: Priority | null;
  /** Tags that exist and are not in the trash, ordered by id. */
  readonly tags: readonly TagId[];
  /** Where it is shown: a subtask's is its parent's; null is the Inbox, also when its list is gone or in the trash. */
  readonly listId: ListId | null;
  /** null also when the parent is gone, in the trash, or would make a ring. */
  readonly parentId: TaskId | null;
  /** As it stands: a section that is gone, in the trash, or of another list counts as none (`sectionOf`). */
  readonly section: string | null;
  /** Fractional index among the tasks of the same parent or list; null when its writer gave none. */
  readonly order: string | null;
  readonly status: TaskStatus;
  readonly reminders: readonly Reminder[];
  /** When it was completed or cancelled. */
  readonly closedAt: EpochMs | null;
  /**
   * null: it does not repeat. Of a recurring task, title, notes, dates and priority are those of its open occurrence, and
   * it is closed only when the series is over.
   */
  readonly rule: SeriesRule | null;
  /** Which occurrence this shows; null without a rule. */
  readonly ordinal: number | null;
  /** Its open occurrence reminds again then, and not before. */
  readonly snoozedUntil: EpochMs | null;
  readonly trashedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly createdBy: Writer;
  /** Fields of which a concurrent edit is kept and not yet dismissed. */
  readonly conflicts: readonly string[];
  /** Fields whose value could not be understood and which therefore read as unset. */
  readonly faults: readonly string[];
}

export type Reminder =
  /** An ISO 8601 duration before the due date. */
  | { readonly id: string; readonly before: string }
  /** An instant, UTC ISO with Z. */
  | { readonly id: string; readonly at: string };

/** One open occurrence of a recurring task, or a plain open task as its only one. */
export interface Occurrence {
  /** `<taskId>#<ordinal>` */
  readonly id: string;
  readonly taskId: TaskId;
  readonly ordinal: number;
  readonly title: string;
  readonly notes: string;
  readonly due: When | null;
  readonly start: When | null;
  readonly priority: Priority | null;
  /** The rule's date that it stands for, before any edit of it. */
  readonly slot: string | null;
  readonly slotIndex: number | null;
  /** Slots that were passed over before it because the one before was closed late. */
  readonly missedCount: number;
  readonly snoozedUntil: EpochMs | null;
  /** Open again besides the head. */
  readonly isReopened: boolean;
}

/** What a closed occurrence was; null where its writer did not say. */
export interface ClosedOccurrence {
  readonly id: string;
  readonly taskId: TaskId;
  readonly ordinal: number;
  readonly kind: 'done' | 'skipped';
  readonly at: EpochMs;
  readonly title: string | null;
  readonly due: When | null;
  readonly slot: string | null;
  readonly by: string | null;
  readonly device: string | null;
}

/** A subtask of a recurring task that was ticked in one of its occurrences. */
export interface ClosedStep {
  readonly id: TaskId;
  /** As it was called then, else as it is now. */
  readonly title: string;
  readonly kind: 'done' | 'skipped';
  readonly at: EpochMs;
}

/** What a list's icon is of; how it is drawn is the app's. */
export type ListIcon =
  | 'home'
  | 'work'
  | 'shopping'
  | 'family'
  | 'travel'
  | 'money'
  | 'health'
  | 'study'
  | 'book'
  | 'music'
  | 'food'
  | 'garden'
  | 'sport'
  | 'pet'
  | 'car'
  | 'repair'
  | 'idea'
  | 'star'
  | 'gift'
  | 'phone'
  | 'mail'
  | 'code'
  | 'art'
  | 'film';

export interface List {
  readonly id: ListId;
  readonly name: string;
  readonly color: string | null;
  readonly icon: ListIcon | null;
  readonly order: string | null;
  /** Put away: not among the lists, and its tasks are in no day's view. */
  readonly archivedAt: EpochMs | null;
  readonly trashedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly conflicts: readonly string[];
  readonly faults: readonly string[];
}

/** A part of a list, with a name: a heading, or a column of a board. */
export interface Section {
  readonly id: SectionId;
  /** For good; null where its writer did not say, and then it is shown nowhere. */
  readonly listId: ListId | null;
  readonly name: string;
  readonly order: string | null;
  readonly trashedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly conflicts: readonly string[];
  readonly faults: readonly string[];
}

export interface Tag {
  readonly id: TagId;
  readonly name: string;
  readonly color: string | null;
  readonly trashedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly conflicts: readonly string[];
  readonly faults: readonly string[];
}

/** A question that was kept, to be looked at as a view. */
export interface Filter {
  readonly id: FilterId;
  readonly name: string;
  /** In the language of query.ts, with the ids of lists and tags instead of their names (query/names.ts). */
  readonly query: string;
  readonly color: string | null;
  readonly order: string | null;
  readonly trashedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly conflicts: readonly string[];
  readonly faults: readonly string[];
}

/** What is left of a task that was purged elsewhere, or whose creation has not arrived yet. */
export interface Fragment {
  readonly id: TaskId;
  readonly title: string | null;
  readonly purged: boolean;
  readonly updatedAt: EpochMs;
}

export type EntityKind = 'task' | 'list' | 'tag' | 'section' | 'filter';

/** One of several values that were written to a field without knowledge of each other. */
export interface Version {
  /** As text for notes, else as it stands in the document. */
  readonly value: unknown;
  readonly t: number;
  readonly at: EpochMs;
  readonly writer: Writer;
  readonly device?: { readonly id: string; readonly name: string };
}

export interface Conflict {
  readonly entity: EntityKind;
  readonly id: string;
  readonly field: string;
  readonly standing: Version;
  /** Later ones first. */
  readonly others: readonly Version[];
}
