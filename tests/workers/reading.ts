/**
 * What the tables say of a space, in a form that can be compared with a fresh reading of its document.
 */
import * as Y from 'yjs';
import { openDocument, type EpochMs } from '@holdfast/core/document.ts';
import type { Database } from '@holdfast/db/database.ts';
import { readLatestSnapshot, readLog } from '@holdfast/db/update-log.ts';

export interface Reading {
  readonly tasks: object[];
  readonly occurrences: object[];
  readonly lists: object[];
  readonly tags: object[];
}

/** The document as snapshot and log have it, without what is in quarantine. */
export async function storedDocument(database: Database, spaceId: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  const snapshot = await readLatestSnapshot(database, spaceId);
  if (snapshot) Y.applyUpdate(doc, snapshot.body);
  for (const row of await readLog(database, spaceId, snapshot?.seq ?? 0, 1_000_000)) {
    Y.applyUpdate(doc, row.body);
  }
  return doc;
}

/** As the public door to the document reads it; written here anew, so that it can disagree with the projection. */
export function readingOf(doc: Y.Doc): Reading {
  const document = openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
  const tasks = [...document.tasks()].sort(byId);
  const wasSeries = (id: string): boolean =>
    [...doc.getMap('tasks').keys()].some((key) => key.startsWith(`${id}/rule@`));
  const reading: Reading = {
    tasks: tasks.map((task) => ({
      id: task.id,
      title: task.title,
      notes: task.notes,
      status: task.status,
      priority: ['none', 'low', 'medium', 'high', 'urgent'].indexOf(task.priority ?? 'none'),
      due: task.due,
      start: task.start,
      list: task.listId,
      parent: task.parentId,
      tags: [...task.tags],
      rule: task.rule,
      ordinal: task.ordinal,
      trashed: task.trashedAt !== null,
      created: task.createdAt,
      updated: task.updatedAt,
      closed: task.closedAt,
    })),
    occurrences: tasks.flatMap((task) => [
      ...(wasSeries(task.id)
        ? document
            .closedOccurrences(task.id)
            .slice(-100)
            .map((each) => ({ id: each.id, state: each.kind, body: each }))
        : []),
      ...document.openOccurrences(task.id).map((each) => ({ id: each.id, state: 'open', body: each })),
    ]),
    lists: [...document.lists()].sort(byId).map(({ id, name }) => ({ id, name })),
    tags: [...document.tags()].sort(byId).map(({ id, name }) => ({ id, name })),
  };
  document.close();
  return { ...reading, occurrences: reading.occurrences.sort(byId as never) };
}

export async function readingOfTables({ kysely }: Database, spaceId: string): Promise<Reading> {
  const tasks = await kysely
    .selectFrom('projected_task')
    .selectAll()
    .where('space_id', '=', spaceId)
    .execute();
  const occurrences = await kysely
    .selectFrom('projected_occurrence')
    .selectAll()
    .where('space_id', '=', spaceId)
    .execute();
  const lists = await kysely
    .selectFrom('projected_list')
    .selectAll()
    .where('space_id', '=', spaceId)
    .execute();
  const tags = await kysely.selectFrom('projected_tag').selectAll().where('space_id', '=', spaceId).execute();
  return {
    tasks: tasks.sort(byId).map((row) => ({
      id: row.id,
      title: row.title,
      notes: row.notes,
      status: row.status,
      priority: row.priority,
      due: row.due,
      start: row.start,
      list: row.list_id,
      parent: row.parent_id,
      tags: row.tags,
      rule: row.rule,
      ordinal: row.ordinal,
      trashed: row.trashed_at !== null,
      created: row.created_at.getTime(),
      updated: row.updated_at.getTime(),
      closed: row.closed_at?.getTime() ?? null,
    })),
    occurrences: occurrences
      .map((row) => ({ id: `${row.task_id}#${row.ordinal}`, state: row.state, body: row.body as object }))
      .sort(byId),
    lists: lists.sort(byId).map(({ id, name }) => ({ id, name })),
    tags: tags.sort(byId).map(({ id, name }) => ({ id, name })),
  };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
