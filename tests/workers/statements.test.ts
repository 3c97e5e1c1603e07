/** The statements of the projection, as a connection keeps them: how they would find their rows in tables of any size. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { EFFECTS } from '@holdfast/workers/projection/effects.ts';
import { createProjector, PROJECTION } from '@holdfast/workers/projection/projector.ts';
import { openSpace, recordUpdates, type Space } from './space.ts';

let space: Space;
/** Of one connection, so that what it keeps can be asked for. */
let database: Database;

beforeEach(async () => {
  space = await openSpace();
  database = createDatabase({ url: space.url, onError: () => undefined, maxConnections: 1 });
});

afterEach(async () => {
  await database.close();
  await space.stop();
});

test('[DB7] a plan that is kept since the tables were empty reads none of those that grow', async () => {
  const { document, doc } = createReplica(7);
  const updates = recordUpdates(doc);
  const { id } = must(document.createTask({ title: 'One' }));
  must(document.addReminder(id, { at: new Date(space.clock.ms + 60_000).toISOString() }));
  must(document.createTag({ name: 'soon' }));
  must(document.createList({ name: 'Garden' }));
  await space.append(updates.take());
  const projector = createProjector(database, EFFECTS, PROJECTION);
  await projector.project(space.id, space.clock.ms);
  must(document.trashTask(id));
  must(document.purgeTask(id));
  await space.append(updates.take());
  await projector.project(space.id, space.clock.ms);
  await projector.close();

  const kept = await database.run<{ name: string; statement: string }>(
    { name: '', text: `SELECT name, statement FROM pg_prepared_statements WHERE name <> '' ORDER BY name` },
    [],
  );
  expect(kept.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'append-audit',
      'append-outbox',
      'audited-among',
      'authored-rows',
      'known-notifications',
      'open-occurrences',
      'remove-from-projected_task',
      'write-tasks',
    ]),
  );
  const reading: string[] = [];
  for (const { name, statement } of kept) {
    const plan = await space.database.run<Record<string, string>>(
      { name: '', text: `EXPLAIN (GENERIC_PLAN) ${statement}` },
      [],
    );
    for (const line of plan.flatMap((row) => Object.values(row))) {
      const table = /Seq Scan on (\w+)/.exec(line)?.[1];
      if (table !== undefined && GROWING.has(table)) reading.push(`${name}: ${table}`);
    }
  }
  expect(reading).toEqual([]);
});

const GROWING: ReadonlySet<string> = new Set([
  'audit',
  'notification',
  'outbox',
  'projected_list',
  'projected_occurrence',
  'projected_tag',
  'projected_task',
  'update_log',
]);
