/**
 * Events between processes over a bus beside Postgres (BUS_URL): what is frequent leaves the database alone.
 *
 * Promise: while the bus stands, events go over it; while it does not, they go through the database, and come by either. A change
 * of a person's rights goes both ways always, so that a bus that loses it does not leave a door open.
 * Why Postgres is listened to all the same: the connection there shows that this process is alive (space-events.ts), and programs
 * that say a single thing, such as the operator's commands and compaction, say it there.
 */
import type { Database } from './database.ts';
import type { EventHooks, EventTransport, SpaceEvents } from './event-stream.ts';
import { createEventStream } from './event-stream.ts';

export interface BusEventsOptions extends EventHooks {
  /** By Postgres. Closed together with the bus. */
  readonly database: SpaceEvents;
  readonly transport: EventTransport;
  readonly retryDelayMs?: ((failures: number) => number) | undefined;
}

export function createBusEvents({ database, ...options }: BusEventsOptions): SpaceEvents {
  const bus = createEventStream({ ...options, processKey: database.processKey });
  const both = [bus, database] as const;
  return {
    processKey: database.processKey,
    get connected() {
      return database.connected;
    },
    announce(event) {
      const stands = bus.connected;
      if (stands) bus.announce(event);
      if (!stands || event.kind === 'user') database.announce(event);
    },
    subscribe(listener) {
      const ends = both.map((events) => events.subscribe(listener));
      return () => ends.forEach((end) => end());
    },
    onRestored(listener) {
      const ends = both.map((events) => events.onRestored(listener));
      return () => ends.forEach((end) => end());
    },
    async ready() {
      await Promise.all(both.map((events) => events.ready()));
    },
    async close() {
      await Promise.all(both.map((events) => events.close()));
    },
  };
}

/**
 * What tells the installations apart that share one bus: the same for all processes of a database, and another for every other
 * database. A copy of a whole Postgres, file by file, is an exception and needs a bus of its own.
 */
export async function installationId(database: Database): Promise<string> {
  const [row] = await database.run<{ id: string }>(IDENTITY, []);
  if (!row) throw new Error('The database does not say which it is.');
  return row.id;
}

const IDENTITY = {
  name: 'installation-id',
  text: `
    SELECT system_identifier::text || '.' || oid::text AS id
    FROM pg_control_system(), pg_database WHERE datname = current_database()`,
};
