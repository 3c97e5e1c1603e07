/**
 * How the processes of one installation hear of each other's edits.
 *
 * Promise: what is announced is a hint. Whoever hears it reads the log; whoever does not hear it finds out
 * by polling. So any bus will do, and losing messages costs time, never edits.
 * Limits: a process that believes to be alone announces nothing; it learns of another within `RECOUNT_MS` at
 * the latest, and mostly at once, because a process says hello when it starts to listen.
 */
import type { Database } from '@holdfast/db/database.ts';
import { createSpaceEvents, othersAlive } from '@holdfast/db/space-events.ts';
import type { SpaceEvent } from '@holdfast/db/space-events.ts';
import type { SyncClock } from './clock.ts';

export type { SpaceEvent } from '@holdfast/db/space-events.ts';

export interface Fanout {
  /** Identifies this process among those on the database. */
  readonly processKey: number;
  announce(event: SpaceEvent): void;
  /** What others announce. */
  subscribe(listener: (event: SpaceEvent) => void): () => void;
  /** Announcements may have been missed: look at everything again. */
  onRestored(listener: () => void): () => void;
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface PostgresFanoutOptions {
  readonly database: Database;
  readonly clock: SyncClock;
  readonly onError: (error: Error) => void;
}

const RECOUNT_MS = 10_000;

/** The default: LISTEN and NOTIFY on the database that is there anyway. */
export function createPostgresFanout({ database, clock, onError }: PostgresFanoutOptions): Fanout {
  const events = createSpaceEvents({ url: database.url, onError });
  let alone = false;
  let counting = false;

  function recount(): void {
    if (counting || !events.connected) return;
    counting = true;
    othersAlive(database, events.processKey)
      .then((others) => {
        alone = others === 0;
      })
      .catch((error: unknown) => {
        alone = false;
        onError(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        counting = false;
      });
  }

  const unsubscribe = events.subscribe((event) => {
    if (event.kind === 'hello') alone = false;
  });
  const unrestore = events.onRestored(() => {
    alone = false;
    recount();
  });
  const stop = clock.every(RECOUNT_MS, recount);
  events.ready().then(recount, () => undefined);

  return {
    processKey: events.processKey,
    announce(event) {
      if (!alone) events.announce(event);
    },
    subscribe: (listener) => events.subscribe(listener),
    onRestored: (listener) => events.onRestored(listener),
    ready: () => events.ready(),
    close() {
      stop();
      unsubscribe();
      unrestore();
      return events.close();
    },
  };
}
