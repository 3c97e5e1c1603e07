/** When a process announces at all: a lone one says nothing, one that has just got company does. */
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import { systemClock } from '@holdfast/sync-server/sync/clock.ts';
import { createFanout } from '@holdfast/sync-server/sync/fanout.ts';
import type { Fanout } from '@holdfast/sync-server/sync/fanout.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';

let made: TestDatabase;
let database: Database;
const opened: Fanout[] = [];

beforeEach(async () => {
  made = await testDatabase({ migrated: false });
  database = createDatabase({ url: made.url, onError: () => undefined, maxConnections: 2 });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((fanout) => fanout.close()));
  await database.close();
  await made.drop();
});

function open(counts: Database): Fanout {
  const onError = (): void => undefined;
  const events = createSpaceEvents({ url: made.url, onError });
  const fanout = createFanout({ events, database: counts, clock: systemClock, onError });
  opened.push(fanout);
  return fanout;
}

test('[SF13] a process that counted the others while one came does not take itself for alone', async () => {
  const counted = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const slow: Database = {
    ...database,
    async run(...args) {
      const rows = await database.run<never>(...args);
      counted.resolve();
      // The database has answered, and the answer is on its way while another process comes.
      await answer.promise;
      setImmediate(told.resolve);
      return rows;
    },
  };
  const one = open(slow);
  const heard = new Promise<void>((resolve) => {
    one.subscribe(({ kind }) => {
      if (kind === 'hello') resolve();
    });
  });
  await counted.promise;
  const other = open(database);
  await Promise.all([other.ready(), heard]);
  answer.resolve();
  await told.promise;
  const news = new Promise<string>((resolve) => {
    other.subscribe(({ kind, spaceId }) => {
      if (kind === 'head') resolve(spaceId);
    });
  });
  one.announce({ kind: 'head', spaceId: 'x', seq: 1 });
  expect(await news).toBe('x');
});
