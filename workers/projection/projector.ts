/**
 * Who does the projecting: this thread, or one of its own with its own connections, so that sockets never wait for it.
 *
 * Promise: both do the same. A thread that ends by itself fails what it was asked and is started anew by the next question.
 * Limits: one space after the other; what a document costs to read is paid here and nowhere else.
 */
import { Worker } from 'node:worker_threads';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { ProjectionEffect } from './effect.ts';
import { projectSpace } from './project.ts';
import type { ProjectionSettings, SpaceOutcome } from './project.ts';
import { createReplicas } from './replicas.ts';

export interface Projector {
  /** Null: another process is at it. */
  project(spaceId: string, nowMs: number): Promise<SpaceOutcome | null>;
  close(): Promise<void>;
}

export const PROJECTION: ProjectionSettings = {
  // What a turn writes is flushed with whatever the server commits meanwhile: a large one would be felt there.
  maxRows: 200,
  maxBytes: 4 * 1024 * 1024,
  patienceMs: 60_000,
};

export function createProjector(
  database: Database,
  effects: readonly ProjectionEffect[],
  settings: ProjectionSettings,
): Projector {
  const replicas = createReplicas();
  return {
    project: (spaceId, nowMs) => projectSpace({ database, replicas, effects, settings }, spaceId, nowMs),
    close() {
      replicas.close();
      return Promise.resolve();
    },
  };
}

export interface ThreadInput {
  readonly databaseUrl: string;
  readonly settings: ProjectionSettings;
}

export interface Question {
  readonly id: number;
  readonly spaceId: string;
  readonly nowMs: number;
}

export type Answer =
  | { readonly id: number; readonly outcome: SpaceOutcome | null }
  | { readonly id: number; readonly error: string };

export function createThreadProjector(databaseUrl: string, settings: ProjectionSettings): Projector {
  const open = new Map<number, PromiseWithResolvers<SpaceOutcome | null>>();
  let thread: Worker | undefined;
  let lastId = 0;

  function running(): Worker {
    if (thread) return thread;
    const input: ThreadInput = { databaseUrl, settings };
    const started = new Worker(new URL('./projector-thread.ts', import.meta.url), { workerData: input });
    const onEnd = (error: Error): void => {
      if (thread === started) thread = undefined;
      for (const { reject } of open.values()) reject(error);
      open.clear();
    };
    started.on('message', (answer: Answer) => {
      const asked = open.get(answer.id);
      open.delete(answer.id);
      if ('error' in answer) asked?.reject(new Error(answer.error));
      else asked?.resolve(answer.outcome);
    });
    started.on('error', onEnd);
    started.on('exit', (code) => onEnd(new Error(`The thread of the projection ended with ${code}.`)));
    // Alone it keeps no process alive.
    started.unref();
    thread = started;
    return started;
  }

  return {
    project(spaceId, nowMs) {
      const asked = Promise.withResolvers<SpaceOutcome | null>();
      const question: Question = { id: ++lastId, spaceId, nowMs };
      open.set(question.id, asked);
      running().postMessage(question);
      return asked.promise;
    },
    async close() {
      await thread?.terminate();
    },
  };
}

/** What runs in the thread. */
export function answerQuestions(
  { databaseUrl, settings }: ThreadInput,
  effects: readonly ProjectionEffect[],
  port: {
    on(event: 'message', listener: (question: Question) => void): void;
    postMessage(answer: Answer): void;
  },
): void {
  const database = createDatabase({
    url: databaseUrl,
    // The turn that meets it fails and is tried again, which is told.
    onError: () => undefined,
    maxConnections: 2,
  });
  const projector = createProjector(database, effects, settings);
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, spaceId, nowMs }) => {
    last = last.then(async () => {
      try {
        port.postMessage({ id, outcome: await projector.project(spaceId, nowMs) });
      } catch (error) {
        port.postMessage({
          id,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
    });
  });
}
