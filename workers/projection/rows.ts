/**
 * From what core reads in a document to rows of the projection.
 *
 * Promise: a pure function of the document: the same on every process, and told to be the same by its digest. What Postgres
 * cannot store is replaced (storable.ts), never refused, so that one odd task stops no other.
 * Limits: of a series the last CLOSED_KEPT closed occurrences are kept here; the document has them all.
 */
import { hash } from 'node:crypto';
import { foldText } from '@holdfast/core/fold.ts';
import type { ListId, TagId, TaskId } from '@holdfast/core/ids.ts';
import type { Model } from '@holdfast/core/model.ts';
import { Temporal } from '@holdfast/core/recurrence/temporal.ts';
import { mayRemind } from '@holdfast/core/reminders.ts';
import { closedOccurrences } from '@holdfast/core/series/reading.ts';
import type { Occurrence, Task, When } from '@holdfast/core/task.ts';
import { PRIORITIES } from '@holdfast/core/values.ts';
import type { NamedRow, OccurrenceRow, TaskRow } from '@holdfast/db/projected-rows.ts';
import { isStorableName, storableInstant, storableJson, storableText } from './storable.ts';

export const CLOSED_KEPT = 100;
/** Of the notes; a search vector of Postgres can be one megabyte. */
const MAX_SEARCH_CHARS = 100_000;

/** A task and its occurrences as text of JSON. */
export interface TaskText {
  readonly task: string;
  readonly occurrences: readonly string[];
  /** False: it reminds nobody of anything. */
  readonly mayRemind: boolean;
}

/** Null: there is no such task, or none that can be stored. */
export function taskRow(model: Model, id: string, createdBy: string | null): TaskText | null {
  const task = isStorableName(id) ? model.task(id as TaskId) : undefined;
  if (task === undefined) return null;
  const tagNames = task.tags.flatMap((tag) => model.tag(tag)?.name ?? []);
  const series = model.series(task.id);
  const open = series === undefined || task.trashedAt !== null ? [] : series.open;
  const occurrences = occurrenceRows(model, task, series, open).map(storableJson);
  const row: Omit<TaskRow, 'created_by' | 'digest'> = {
    id,
    title: storableText(task.title),
    notes: storableText(task.notes),
    status: task.status,
    priority: task.priority === null ? 0 : PRIORITIES.indexOf(task.priority) + 1,
    start: task.start,
    due: task.due,
    due_date: task.due?.date ?? null,
    due_at: storableInstant(instantOf(task.due)),
    list_id: nameOrNull(task.listId),
    parent_id: nameOrNull(task.parentId),
    section: nameOrNull(task.section),
    sort_order: textOrNull(task.order),
    tags: task.tags.filter(isStorableName),
    reminders: task.reminders,
    rule: task.rule,
    ordinal: task.ordinal,
    trashed_at: storableInstant(task.trashedAt),
    created_at: instantAnyway(task.createdAt),
    updated_at: instantAnyway(task.updatedAt),
    closed_at: storableInstant(task.closedAt),
    search_title: searchable(task.title),
    search_tags: searchable(tagNames.join(' ')),
    search_notes: searchable(task.notes),
  };
  const json = storableJson(row);
  const digest = hash('sha256', `[${json},[${occurrences.join()}]]`, 'base64url').slice(0, 22);
  const more = `{"created_by":${storableJson(createdBy)},"digest":"${digest}",`;
  return { task: more + json.slice(1), occurrences, mayRemind: mayRemind(task.reminders, open) };
}

/** Null: there is no such list, or none that can be stored. */
export function listRow(model: Model, id: string): NamedRow | null {
  const list = isStorableName(id) ? model.list(id as ListId) : undefined;
  return list === undefined ? null : { ...namedRow(list), sort_order: textOrNull(list.order) };
}

export function tagRow(model: Model, id: string): NamedRow | null {
  const tag = isStorableName(id) ? model.tag(id as TagId) : undefined;
  return tag === undefined ? null : namedRow(tag);
}

function namedRow(named: {
  readonly id: string;
  readonly name: string;
  readonly color: string | null;
  readonly trashedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}): NamedRow {
  return {
    id: named.id,
    name: storableText(named.name),
    color: textOrNull(named.color),
    sort_order: null,
    trashed_at: storableInstant(named.trashedAt),
    created_at: instantAnyway(named.createdAt),
    updated_at: instantAnyway(named.updatedAt),
  };
}

/** Open ones of every open task; closed ones only of what repeats or did. */
function occurrenceRows(
  model: Model,
  task: Task,
  series: ReturnType<Model['series']>,
  openOnes: readonly Occurrence[],
): OccurrenceRow[] {
  if (series === undefined) return [];
  const open: OccurrenceRow[] = openOnes.map((occurrence) => ({
    task_id: task.id,
    ordinal: occurrence.ordinal,
    state: 'open',
    body: occurrence,
    closed_at: null,
  }));
  if (model.entity('task', task.id)?.registers.has('rule') !== true) return open;
  const closed = closedOccurrences(series, task.id).slice(-CLOSED_KEPT);
  return [
    ...open,
    ...closed.map((occurrence) => ({
      task_id: task.id,
      ordinal: occurrence.ordinal,
      state: occurrence.kind,
      body: occurrence,
      closed_at: storableInstant(occurrence.at),
    })),
  ];
}

/** Of a time with a zone: a floating one has no instant, and a zone that is unknown here gives none. */
function instantOf(due: When | null): number | null {
  if (due?.time === undefined || due.timeZone === undefined) return null;
  try {
    return Temporal.PlainDateTime.from(`${due.date}T${due.time}`).toZonedDateTime(due.timeZone, {
      disambiguation: 'compatible',
    }).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function searchable(text: string): string {
  return storableText(foldText(text.slice(0, MAX_SEARCH_CHARS)).slice(0, MAX_SEARCH_CHARS));
}

function instantAnyway(ms: number): string {
  return storableInstant(ms) ?? '1970-01-01T00:00:00.000Z';
}

function nameOrNull(name: string | null): string | null {
  return name !== null && isStorableName(name) ? name : null;
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
