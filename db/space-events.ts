/**
 * Events between processes by LISTEN and NOTIFY of Postgres, over one lasting connection.
 *
 * Promise: that of event-stream.ts. While the connection lasts it holds an advisory lock under `processKey`, by
 * which other processes can see that this one is alive; the database drops it the moment the process dies.
 * Limits: a payload of Postgres is at most 8000 bytes; larger single events are not sent. A pooler in
 * transaction mode in front of Postgres breaks LISTEN: give this connection a direct URL.
 * Why synchronous_commit is off here: a NOTIFY is a transaction with a commit record, and a hint is not
 * worth an fsync that appends would have to wait for.
 * Why without a time limit for answers: with the connection goes the lock, and a database that is only slow would make this
 * process look dead.
 */
import { randomInt } from 'node:crypto';
import pg from 'pg';
import type { Database } from './database.ts';
import type { SpaceEvent } from './event-format.ts';
import { messageOf } from './event-format.ts';
import type { ConnectionHandlers, EventConnection, EventHooks, SpaceEvents } from './event-stream.ts';
import { createEventStream } from './event-stream.ts';

export type { SpaceEvent } from './event-format.ts';
export type { SpaceEvents } from './event-stream.ts';

export interface SpaceEventsOptions extends EventHooks {
  readonly url: string;
  /** See EventStreamOptions. */
  readonly retryDelayMs?: (failures: number) => number;
}

export const CHANNEL = 'holdfast';
/** First key of the two-key advisory locks that processes hold. */
export const PROCESS_LOCK_CLASS = 0x484f4c44;
const MAX_PAYLOAD_BYTES = 7900;

export function createSpaceEvents({ url, ...options }: SpaceEventsOptions): SpaceEvents {
  const processKey = randomInt(1, 2 ** 31);
  return createEventStream({
    ...options,
    processKey,
    transport: { name: 'postgres', connect: (handlers) => listen(url, processKey, handlers) },
  });
}

/** For processes that have something to say but do not listen. */
export async function announceOnce(database: Database, event: SpaceEvent): Promise<void> {
  await database.run(NOTIFY, [CHANNEL, messageOf(0, event)]);
}

/** How many processes other than this one listen on the database. */
export async function othersAlive(database: Database, processKey: number): Promise<number> {
  const rows = await database.run<{ others: number }>(OTHERS_ALIVE, [PROCESS_LOCK_CLASS, processKey]);
  return rows[0]?.others ?? 0;
}

async function listen(
  url: string,
  processKey: number,
  { message, lost }: ConnectionHandlers,
): Promise<EventConnection> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: 'holdfast events',
  });
  client.on('error', lost);
  client.on('end', () => lost());
  client.on('notification', ({ payload }) => message(payload ?? ''));
  try {
    await client.connect();
    await client.query('SET synchronous_commit = off');
    await client.query('SELECT pg_advisory_lock($1, $2)', [PROCESS_LOCK_CLASS, processKey]);
    await client.query(`LISTEN ${CHANNEL}`);
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  return {
    maxMessageBytes: MAX_PAYLOAD_BYTES,
    send: async (text) => {
      await client.query({ ...NOTIFY, values: [CHANNEL, text] });
    },
    probe: async () => {
      await client.query('SELECT 1');
    },
    close: () => client.end(),
  };
}

const NOTIFY = { name: 'notify', text: 'SELECT pg_notify($1, $2)' };
const OTHERS_ALIVE = {
  name: 'others-alive',
  text: `
    SELECT count(*)::int AS others FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = $1::int::oid AND objid <> $2::int::oid`,
};
