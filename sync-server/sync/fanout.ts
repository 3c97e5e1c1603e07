/**
 * How the processes of one installation hear of each other's edits.
 *
 * Promise: what is announced is a hint. Whoever hears it reads the log; whoever does not hear it finds out
 * by polling. So any bus will do, and losing messages costs time, never edits.
 * Limits: a process that believes to be alone announces nothing; it learns of another within `RECOUNT_MS` at
 * the latest, and mostly at once, because a process says hello when it starts to listen.
 */
import type { Database } from '@holdfast/db/database.ts';
import { othersAlive } from '@holdfast/db/space-events.ts';
import type { SpaceEvent, SpaceEvents } from '@holdfast/db/space-events.ts';
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

export interface FanoutOptions {
  /** By whatever they travel. Closed with the fanout. */
  readonly events: SpaceEvents;
  /** Where the processes are counted. */
  readonly database: Database;
  readonly clock: SyncClock;
  readonly onError: (error: Error) => void;
}

const RECOUNT_MS = 10_000;

export function createFanout({ events, database, clock, onError }: FanoutOptions): Fanout {
  let alone = false;
  let counting = false;
  let heardMeanwhile = false;

  function recount(): void {
    if (counting || !events.connected) return;
    counting = true;
    heardMeanwhile = false;
    othersAlive(database, events.processKey)
      .then((others) => {
        // One that began to listen while they were counted may not be among them.
        alone = others === 0 && !heardMeanwhile;
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
    if (event.kind !== 'hello') return;
    alone = false;
    heardMeanwhile = true;
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
