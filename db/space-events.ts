/**
 * What processes tell each other about spaces, and the lasting connection over which they do.
 *
 * Promise: `announce` never waits and never fails its caller: what is said is a hint, and whoever listens
 * finds the truth in the tables. After the connection was lost and is back, `onRestored` is called, since
 * hints may have been missed. While the connection lasts it holds an advisory lock under `processKey`, by
 * which other processes can see that this one is alive; the database drops it the moment the process dies.
 * Limits: a payload of Postgres is at most 8000 bytes; larger single events are not sent. A pooler in
 * transaction mode in front of Postgres breaks LISTEN: give this connection a direct URL.
 * Why synchronous_commit is off here: a NOTIFY is a transaction with a commit record, and a hint is not
 * worth an fsync that appends would have to wait for.
 */
import { randomInt } from 'node:crypto';
import pg from 'pg';
import type { Database } from './database.ts';

/**
 * - head: the space has rows up to `seq`
 * - snapshot: there is a snapshot at `seq`
 * - clients: client ids were registered
 * - devices: a device came, went or made progress
 * - awareness: `data` is a y-protocols awareness update
 * - user: the memberships or sessions of the user `spaceId` (a user id here) changed
 * - hello: a process started listening
 * - notify: there is something new to tell the user `spaceId` (a user id here)
 * - plan: the preferences of the user `spaceId`, or what is to be sent to them, changed
 */
export interface SpaceEvent {
  readonly kind:
    'head' | 'snapshot' | 'clients' | 'devices' | 'awareness' | 'user' | 'hello' | 'notify' | 'plan';
  readonly spaceId: string;
  readonly seq?: number;
  readonly data?: Uint8Array;
  /** Of head: the traceparent of the edit that was committed last, where traces are on. */
  readonly trace?: string;
}

export interface SpaceEvents {
  /** Identifies this process; see db/client-ids.ts. */
  readonly processKey: number;
  readonly connected: boolean;
  announce(event: SpaceEvent): void;
  /** Events of other processes, in the order of each process. */
  subscribe(listener: (event: SpaceEvent) => void): () => void;
  onRestored(listener: () => void): () => void;
  /** Resolves when the first connection stands. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface SpaceEventsOptions {
  readonly url: string;
  readonly onError: (error: Error) => void;
  /** How long to wait before connecting anew, given the number of failures so far. Default 100 ms to 2 s. */
  readonly retryDelayMs?: (failures: number) => number;
}

export const CHANNEL = 'holdfast';
/** First key of the two-key advisory locks that processes hold. */
export const PROCESS_LOCK_CLASS = 0x484f4c44;
const MAX_PAYLOAD_BYTES = 7900;

export function createSpaceEvents(options: SpaceEventsOptions): SpaceEvents {
  return new PostgresSpaceEvents(options);
}

/** For processes that have something to say but do not listen. */
export async function announceOnce(database: Database, event: SpaceEvent): Promise<void> {
  await database.run(NOTIFY, [CHANNEL, JSON.stringify([0, encode(event)])]);
}

/** How many processes other than this one listen on the database. */
export async function othersAlive(database: Database, processKey: number): Promise<number> {
  const rows = await database.run<{ others: number }>(OTHERS_ALIVE, [PROCESS_LOCK_CLASS, processKey]);
  return rows[0]?.others ?? 0;
}

class PostgresSpaceEvents implements SpaceEvents {
  readonly processKey = randomInt(1, 2 ** 31);
  connected = false;
  readonly #options: SpaceEventsOptions;
  readonly #listeners = new Set<(event: SpaceEvent) => void>();
  readonly #restored = new Set<() => void>();
  readonly #first = Promise.withResolvers<void>();
  #client: pg.Client | null = null;
  #closed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  /** Coalesced by what they are about: only the newest head of a space is worth saying. */
  #outgoing = new Map<string, unknown>();
  #sending = false;
  #serial = 0;

  constructor(options: SpaceEventsOptions) {
    this.#options = options;
    this.#first.promise.catch(() => undefined);
    void this.#connect();
  }

  announce(event: SpaceEvent): void {
    if (this.#closed) return;
    const key = event.kind === 'awareness' ? `awareness ${++this.#serial}` : `${event.kind} ${event.spaceId}`;
    this.#outgoing.set(key, encode(event));
    // While the connection is away hints are worth nothing: everyone looks into the tables afterwards.
    if (!this.connected) this.#outgoing.clear();
    else if (!this.#sending) void this.#send();
  }

  subscribe(listener: (event: SpaceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onRestored(listener: () => void): () => void {
    this.#restored.add(listener);
    return () => this.#restored.delete(listener);
  }

  ready(): Promise<void> {
    return this.#first.promise;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#first.reject(new Error('The connection for notifications was closed before it stood.'));
    const client = this.#client;
    this.#client = null;
    this.connected = false;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      application_name: 'holdfast events',
    });
    let lost = false;
    const onLost = (error?: Error): void => {
      if (lost) return;
      lost = true;
      const wasOpen = this.#client === client;
      if (wasOpen) this.#client = null;
      this.connected = false;
      void client.end().catch(() => undefined);
      if (this.#closed) return;
      if (error) this.#options.onError(error);
      const delay =
        this.#options.retryDelayMs ?? ((failures) => Math.min(2000, 100 * 2 ** Math.min(failures, 5)));
      this.#retry = setTimeout(() => void this.#connect(), delay(this.#failures++));
    };
    client.on('error', onLost);
    client.on('end', () => onLost());
    client.on('notification', (message) => this.#receive(message.payload ?? ''));
    try {
      await client.connect();
      await client.query('SET synchronous_commit = off');
      await client.query('SELECT pg_advisory_lock($1, $2)', [PROCESS_LOCK_CLASS, this.processKey]);
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      onLost(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (lost) return;
    if (this.#closed) {
      await client.end().catch(() => undefined);
      return;
    }
    const restored = this.#failures > 0;
    this.#failures = 0;
    this.#client = client;
    this.connected = true;
    this.#first.resolve();
    this.announce({ kind: 'hello', spaceId: '' });
    if (restored) for (const listener of this.#restored) listener();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      // After this turn, so that what belongs together goes together.
      await new Promise(setImmediate);
      while (this.#outgoing.size > 0 && this.#client) {
        const client = this.#client;
        const payloads = packed(this.processKey, this.#outgoing.values());
        this.#outgoing.clear();
        for (const payload of payloads) await client.query({ ...NOTIFY, values: [CHANNEL, payload] });
      }
    } catch (error) {
      // The connection reports its own end; a hint that was lost is made good by the listeners' polling.
      if (!this.#closed) this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#sending = false;
    }
  }

  #receive(payload: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(payload);
    } catch {
      return;
    }
    if (!Array.isArray(parsed) || parsed[0] === this.processKey) return;
    for (const item of parsed.slice(1)) {
      const event = decode(item);
      if (event) for (const listener of this.#listeners) listener(event);
    }
  }
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
const KINDS = [
  'head',
  'snapshot',
  'clients',
  'devices',
  'awareness',
  'user',
  'hello',
  'notify',
  'plan',
] as const;

function encode(event: SpaceEvent): unknown[] {
  const item: unknown[] = [KINDS.indexOf(event.kind), event.spaceId];
  if (event.data) item.push(0, Buffer.from(event.data).toString('base64'));
  else if (event.seq !== undefined) item.push(event.seq);
  // After the place of `data`, where servers before this look for nothing.
  if (event.trace !== undefined && item.length === 3) item.push(0, event.trace);
  return item;
}

function decode(item: unknown): SpaceEvent | null {
  if (!Array.isArray(item)) return null;
  const [kindNumber, spaceId, seq, data, trace] = item as unknown[];
  const kind = typeof kindNumber === 'number' ? KINDS[kindNumber] : undefined;
  if (!kind || typeof spaceId !== 'string') return null;
  return {
    kind,
    spaceId,
    ...(typeof seq === 'number' ? { seq } : {}),
    ...(typeof data === 'string' ? { data: Buffer.from(data, 'base64') } : {}),
    ...(typeof trace === 'string' ? { trace } : {}),
  };
}

function packed(processKey: number, items: Iterable<unknown>): string[] {
  const payloads: string[] = [];
  const start = `[${processKey}`;
  let payload = start;
  for (const item of items) {
    const text = `,${JSON.stringify(item)}`;
    if (start.length + text.length + 1 > MAX_PAYLOAD_BYTES) continue;
    if (payload.length + text.length + 1 > MAX_PAYLOAD_BYTES) {
      payloads.push(`${payload}]`);
      payload = start;
    }
    payload += text;
  }
  if (payload !== start) payloads.push(`${payload}]`);
  return payloads;
}
