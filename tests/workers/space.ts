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
import { auditRetentionJob } from '@holdfast/workers/audit/retention-job.ts';
import { createJobLoop } from '@holdfast/workers/job.ts';
import { EFFECTS } from '@holdfast/workers/projection/effects.ts';
import { projectionJob } from '@holdfast/workers/projection/job.ts';
import {
  createProjector,
  createThreadProjector,
  PROJECTION,
} from '@holdfast/workers/projection/projector.ts';
import { reconcileJob } from '@holdfast/workers/projection/reconcile.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import type * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';

/** The jobs that these tests are about, and no others: those would act on what a moved clock makes old. */
export interface Workers {
  runOnce(): Promise<void>;
  close(): Promise<void>;
}

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
  readonly keepDays?: number;
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
    workers({ isThreaded = false, effects = EFFECTS, keepDays = 30, ...some } = {}) {
      const settings = { ...PROJECTION, ...some };
      const logger = { info: note('info'), warn: note('warn'), error: note('error') };
      const projector = isThreaded
        ? createThreadProjector(test.url, settings)
        : createProjector(database, effects, settings);
      const loops = [
        projectionJob({ database, logger, metrics: NO_METRICS, projector, isBesideServer: true }),
        reconcileJob({ database, logger, effects }),
        auditRetentionJob({ database, logger, keepDays }),
      ].map((job) => createJobLoop({ job, logger, metrics: NO_METRICS, now: () => clock.ms }));
      const workers: Workers = {
        async runOnce() {
          for (const loop of loops) await loop.runOnce();
        },
        async close() {
          for (const loop of loops) await loop.drain();
        },
      };
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
