/**
 * A space on a real database whose log is written by hand, and what is projected of it.
 *
 * Promise: rows are appended as the sync server appends them, with their author and the time they came; several sets of workers
 * on one database are what several processes would be. The clock is set by the test.
 */
import { createDatabase, type Database } from '@holdfast/db/database.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import type { ProjectionEffect } from '@holdfast/workers/projection/effect.ts';
import type { ProjectionSettings } from '@holdfast/workers/projection/project.ts';
import { createWorkers, type Workers } from '@holdfast/workers/workers.ts';
import type * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';

export interface Author {
  readonly userId: string;
  readonly deviceId: string | null;
}

export interface Space {
  readonly database: Database;
  readonly url: string;
  readonly id: string;
  readonly log: { readonly level: string; readonly message: string; readonly fields: object }[];
  /** Milliseconds; the test moves it. */
  readonly clock: { ms: number };
  append(bodies: readonly Uint8Array[], author?: Author, receivedAt?: Date): Promise<void>;
  another(): Promise<string>;
  appendTo(spaceId: string, bodies: readonly Uint8Array[], author?: Author, receivedAt?: Date): Promise<void>;
  workers(projection?: WorkersSettings): Workers;
  stop(): Promise<void>;
}

export type WorkersSettings = Partial<ProjectionSettings> & {
  readonly isThreaded?: boolean;
  readonly effects?: readonly ProjectionEffect[];
};

export const ANN: Author = { userId: 'ann', deviceId: 'laptop' };

export async function openSpace(): Promise<Space> {
  const test = await testDatabase();
  const database = createDatabase({ url: test.url, onError: () => undefined, maxConnections: 6 });
  const another = async (): Promise<string> =>
    (await createSpace(database, { name: 'Space', kind: 'shared', ownerId: 'ann' })).id;
  const id = await another();
  const log: Space['log'] = [];
  const clock = { ms: Date.now() };
  const begun: Workers[] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void log.push({ level, message, fields });

  async function appendTo(
    spaceId: string,
    bodies: readonly Uint8Array[],
    author: Author = ANN,
    receivedAt?: Date,
  ): Promise<void> {
    if (bodies.length === 0) return;
    const batch = crypto.randomUUID();
    const entries = bodies.map((body) => ({ body, ...author }));
    await appendBatch(database, batch, [{ spaceId, entries }], 10_000);
    if (receivedAt) {
      await database.kysely
        .updateTable('update_log')
        .set({ received_at: receivedAt })
        .where('space_id', '=', spaceId)
        .where('batch', '=', batch)
        .execute();
    }
  }

  return {
    database,
    url: test.url,
    id,
    log,
    clock,
    another,
    appendTo,
    append: (bodies, author, receivedAt) => appendTo(id, bodies, author, receivedAt),
    workers(projection = {}) {
      const workers = createWorkers({
        database,
        logger: { info: note('info'), warn: note('warn'), error: note('error') },
        now: () => clock.ms,
        projection,
      });
      begun.push(workers);
      return workers;
    },
    async stop() {
      for (const workers of begun) await workers.close();
      await database.close();
      await test.drop();
    },
  };
}

/** Every update of a document from now on, in order; `take` empties the list. */
export function recordUpdates(doc: Y.Doc): { take(): Uint8Array[] } {
  let updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  return {
    take() {
      const taken = updates;
      updates = [];
      return taken;
    },
  };
}
