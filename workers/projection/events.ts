/**
 * From changes to events for the outbox: what a program outside is told about a space.
 *
 * Promise: one event for one thing that someone did to one task, list or tag; its id is a pure function of what was done, so
 * that whoever gets it twice can tell. In order, without gaps. docs/events.md describes them for readers.
 * Limits: `task` in an event is the task after the turn that found the change, which may hold later changes too; `changes`
 * says what this one did. A change that did not stand is no event.
 */
import { hash } from 'node:crypto';
import type { TaskId } from '@holdfast/core/ids.ts';
import type { Model } from '@holdfast/core/model.ts';
import { instantText, taskJson } from '@holdfast/core/task-json.ts';
import type { Task } from '@holdfast/core/task.ts';
import { shownSection } from '@holdfast/core/tree.ts';
import { msOfStamp } from '@holdfast/core/stamp.ts';
import type { Cursor } from '@holdfast/db/projection.ts';
import type { OutboxRow } from '@holdfast/db/told-changes.ts';
import type { NewChange } from './audit-rows.ts';
import { isStorableName, storableJson } from './storable.ts';

const PREFIX = 'dev.holdfast.';

export type TaskDeed =
  'created' | 'updated' | 'completed' | 'reopened' | 'trashed' | 'restored' | 'purged' | 'skipped';

/** All that one writer did to one thing under one stamp. */
interface Deed {
  readonly entity: string;
  readonly id: string;
  readonly ordinal: number | null;
  readonly stamp: number;
  readonly writer: string;
  readonly at: Date;
  readonly userId: string;
  readonly isOpening: boolean;
  readonly changes: NewChange[];
}

export function outboxRows(
  spaceId: string,
  cursor: Cursor,
  changed: readonly NewChange[],
  model: Model,
): OutboxRow[] {
  let seq = cursor.outboxSeq;
  const tasks = taskTexts(model);
  return deedsOf(changed).map((deed) => {
    const type = typeOf(deed);
    return {
      space_id: spaceId,
      seq: ++seq,
      id: eventId(spaceId, deed, type),
      type,
      subject: deed.ordinal === null ? deed.id : `${deed.id}#${deed.ordinal}`,
      at: deed.at,
      data: dataOf(deed, tasks),
    };
  });
}

function deedsOf(changed: readonly NewChange[]): Deed[] {
  const deeds = new Map<string, Deed>();
  for (const each of changed) {
    const { change, row } = each;
    if (!change.stands || change.entity === 'filter' || change.entity === 'section') continue;
    const isOpening = change.field === 'occurrence';
    const key = JSON.stringify([
      change.entity,
      change.id,
      change.ordinal,
      change.stamp,
      change.writer,
      isOpening,
    ]);
    const known = deeds.get(key);
    if (known !== undefined) {
      known.changes.push(each);
      continue;
    }
    deeds.set(key, {
      entity: change.entity,
      id: change.id,
      ordinal: change.ordinal,
      stamp: change.stamp,
      writer: change.writer,
      at: row.receivedAt,
      userId: row.userId,
      isOpening,
      changes: [each],
    });
  }
  return [...deeds.values()];
}

function typeOf(deed: Deed): string {
  if (deed.isOpening) return `${PREFIX}occurrence.opened`;
  return `${PREFIX}${deed.entity}.${verbOf(deed)}`;
}

function verbOf({ changes }: Deed): TaskDeed {
  const fields = new Map(changes.map(({ change }) => [change.field, change]));
  if (fields.has('purged')) return 'purged';
  if (fields.has('born')) return 'created';
  const trashed = fields.get('trashed');
  if (trashed !== undefined) return trashed.after === null ? 'restored' : 'trashed';
  // A step is closed per occurrence, in a field that names the series: `done/<series>`.
  const done = fields.get('done') ?? changes.find(({ change }) => change.field.startsWith('done/'))?.change;
  if (done === undefined || done.entity !== 'task') return 'updated';
  const kind = typeof done.after === 'object' ? (done.after as { kind?: unknown } | null)?.kind : undefined;
  if (kind === 'done') return 'completed';
  return kind === 'skipped' || kind === 'cancelled' ? 'skipped' : 'reopened';
}

function dataOf(
  { entity, id, ordinal, stamp, userId, changes }: Deed,
  taskText: (id: string) => string,
): string {
  const parts = [
    `"${entity}Id":${storableJson(id)}`,
    ...(ordinal === null ? [] : [`"ordinal":${ordinal}`]),
    `"userId":${storableJson(userId)}`,
    `"claimedAt":${stamp === 0 ? 'null' : JSON.stringify(new Date(msOfStamp(stamp)).toISOString())}`,
    `"changes":[${changes.map(changeJson).join(',')}]`,
    ...(entity === 'task' ? [`"task":${taskText(id)}`] : []),
  ];
  return `{${parts.join(',')}}`;
}

function changeJson({ change, beforeJson, afterJson }: NewChange): string {
  return `{"field":${storableJson(change.field)},"before":${beforeJson},"after":${afterJson}}`;
}

/** Each task is read once, however many events of the turn tell of it. */
function taskTexts(model: Model): (id: string) => string {
  const texts = new Map<string, string>();
  return (id) => {
    let text = texts.get(id);
    if (text === undefined) {
      const task = isStorableName(id) ? model.task(id as TaskId) : undefined;
      text = task === undefined ? 'null' : storableJson(toldTask(task, model));
      texts.set(id, text);
    }
    return text;
  };
}

/** The API has its trash for what is in it; whoever only hears of a task is told. */
function toldTask(task: Task, model: Model): object {
  return {
    ...taskJson(task, (tag) => model.tag(tag)?.name, shownSection(task, model.sectionsOf)?.id ?? null),
    trashedAt: task.trashedAt === null ? null : instantText(task.trashedAt),
  };
}

/** A UUID of version 8 (RFC 9562): the first bits of a hash over what was done. */
function eventId(spaceId: string, { entity, id, ordinal, stamp, writer }: Deed, type: string): string {
  const name = JSON.stringify([spaceId, entity, id, ordinal, stamp, writer, type]);
  const bytes = hash('sha256', name, 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
