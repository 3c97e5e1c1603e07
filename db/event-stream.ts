/**
 * Events between processes over any transport: the small interface that a transport fills, and all that is the same for each:
 * gathering, packing, coming back after a loss, telling that something may have been missed.
 *
 * Promise: `announce` never waits and never fails its caller: what is said is a hint, and whoever listens finds the truth in the
 * tables. After the connection was lost and is back, `onRestored` is called, since hints may have been missed. What waits to be
 * sent is bounded; beyond it the oldest is dropped and counted. What arrives malformed is counted and otherwise ignored.
 * Limits: one message is on its way at a time, and what is said meanwhile goes together in the next; so a slow transport carries
 * fewer and larger messages.
 */
import type { SpaceEvent } from './event-format.ts';
import { encodeEvent, packEvents, readMessage } from './event-format.ts';

export interface SpaceEvents {
  /** Identifies this process; see db/devices.ts. */
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

/** A way for messages between the processes of one installation. It may lose any of them; it keeps the order of a sender. */
export interface EventTransport {
  /** For logs and metrics, one word. */
  readonly name: string;
  /** A connection that does not answer for so long is given up. Absent: it is waited for as long as it stands. */
  readonly patienceMs?: number;
  /**
   * Connects and listens; rejects when it cannot. `lost` is called at most once, when a connection that stood has ended by itself.
   */
  connect(handlers: ConnectionHandlers): Promise<EventConnection>;
}

export interface ConnectionHandlers {
  message(text: string): void;
  lost(error?: Error): void;
}

export interface EventConnection {
  /** Of one message, in bytes of UTF-8. */
  readonly maxMessageBytes: number;
  /** Resolves when the other side has it, and with it everything sent before. */
  send(text: string): Promise<void>;
  /** Resolves when the other side answers. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

export interface EventHooks {
  /** The connection was lost, could not be made, or refused something. It is made anew by itself. */
  onError(error: Error): void;
  onConnected?(): void;
  onCount?(outcome: EventOutcome, events: number): void;
}

export const EVENT_OUTCOMES = ['sent', 'received', 'malformed', 'dropped'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

export interface EventStreamOptions extends EventHooks {
  readonly transport: EventTransport;
  readonly processKey: number;
  /** How long to wait before connecting anew, given the number of failures so far. Default 100 ms to 2 s, spread by chance. */
  readonly retryDelayMs?: ((failures: number) => number) | undefined;
}

/** Of what waits to be sent. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const PROBES_PER_PATIENCE = 2;

export function createEventStream(options: EventStreamOptions): SpaceEvents {
  return new EventStream(options);
}

class EventStream implements SpaceEvents {
  readonly #options: EventStreamOptions;
  readonly #listeners = new Set<(event: SpaceEvent) => void>();
  readonly #restored = new Set<() => void>();
  readonly #first = Promise.withResolvers<void>();
  #connection: EventConnection | null = null;
  /** Rejects when the present connection is taken away: what waits for its answer waits no longer. */
  #ended = endOfConnection();
  #closed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;
  /** Coalesced by what they are about: only the newest head of a space is worth saying. */
  #outgoing = new Map<string, string>();
  #outgoingBytes = 0;
  #sending = false;
  #serial = 0;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#first.promise.catch(() => undefined);
    void this.#connect();
  }

  get processKey(): number {
    return this.#options.processKey;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  announce(event: SpaceEvent): void {
    // While the connection is away hints are worth nothing: everyone looks into the tables afterwards.
    if (!this.#connection) return;
    const key = event.kind === 'awareness' ? `awareness ${++this.#serial}` : `${event.kind} ${event.spaceId}`;
    const text = encodeEvent(event);
    this.#outgoingBytes += text.length - (this.#outgoing.get(key)?.length ?? 0);
    this.#outgoing.set(key, text);
    for (const [oldest, { length }] of this.#outgoing) {
      if (this.#outgoingBytes <= MAX_WAITING_BYTES) break;
      this.#outgoing.delete(oldest);
      this.#outgoingBytes -= length;
      this.#count('dropped', 1);
    }
    if (!this.#sending) void this.#send();
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
    await this.#end()?.close().catch(ignore);
  }

  /** Takes the connection away from everything that would use it. */
  #end(): EventConnection | null {
    clearTimeout(this.#probe);
    const connection = this.#connection;
    this.#connection = null;
    this.#ended.reject(new Error('the connection ended'));
    this.#outgoing.clear();
    this.#outgoingBytes = 0;
    return connection;
  }

  async #connect(): Promise<void> {
    let lost = false;
    let why: Error | undefined;
    let mine: EventConnection | undefined;
    const onLost = (error?: Error): void => {
      if (lost) return;
      lost = true;
      why = error;
      // One that is lost while it is still being made ends below.
      if (mine && this.#connection === mine) this.#lose(mine, error);
    };
    this.#ended = endOfConnection();
    const connecting = this.#options.transport.connect({
      message: (text) => {
        if (!lost && !this.#closed) this.#receive(text);
      },
      lost: onLost,
    });
    try {
      mine = await this.#answered(connecting);
    } catch (error) {
      // One that comes after all is not used.
      lost = true;
      void connecting.then((late) => late.close()).catch(ignore);
      this.#again(asError(error));
      return;
    }
    if (this.#closed || lost) {
      await mine.close().catch(ignore);
      this.#again(why);
      return;
    }
    const restored = this.#failures > 0;
    this.#failures = 0;
    this.#connection = mine;
    this.#probeSoon(mine);
    this.#options.onConnected?.();
    this.#first.resolve();
    this.announce({ kind: 'hello', spaceId: '' });
    if (restored) for (const listener of this.#restored) listener();
  }

  #lose(connection: EventConnection, error?: Error): void {
    if (this.#connection !== connection) return;
    this.#end();
    void connection.close().catch(ignore);
    this.#again(error);
  }

  #again(error?: Error): void {
    if (this.#closed) return;
    this.#options.onError(error ?? new Error('the connection ended'));
    const delay = this.#options.retryDelayMs ?? defaultRetryDelayMs;
    this.#retry = setTimeout(() => void this.#connect(), delay(this.#failures++));
  }

  /** A connection of which the other end is gone without a word is found out by asking. */
  #probeSoon(connection: EventConnection): void {
    const { patienceMs } = this.#options.transport;
    if (patienceMs === undefined) return;
    this.#probe = setTimeout(() => {
      this.#answered(connection.probe()).then(
        () => {
          if (this.#connection === connection) this.#probeSoon(connection);
        },
        (error: unknown) => this.#lose(connection, asError(error)),
      );
    }, patienceMs / PROBES_PER_PATIENCE);
    this.#probe.unref();
  }

  async #answered<T>(work: Promise<T>): Promise<T> {
    const { patienceMs, name } = this.#options.transport;
    const ended = this.#ended.promise;
    if (patienceMs === undefined) return Promise.race([work, ended]);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${name} did not answer within ${patienceMs} ms`)),
      patienceMs,
    );
    try {
      return await Promise.race([work, ended, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      // After this turn, so that what belongs together goes together.
      await new Promise(setImmediate);
      while (this.#outgoing.size > 0 && this.#connection) {
        const connection = this.#connection;
        const { messages, tooLarge } = packEvents(
          this.processKey,
          this.#outgoing.values(),
          connection.maxMessageBytes,
        );
        this.#outgoing.clear();
        this.#outgoingBytes = 0;
        if (tooLarge > 0) this.#count('dropped', tooLarge);
        try {
          for (const { text, events } of messages) {
            await this.#answered(connection.send(text));
            this.#count('sent', events);
          }
        } catch (error) {
          // Its own end a connection reports itself; a hint that was lost is made good by the listeners' polling.
          if (this.#connection !== connection) continue;
          if (this.#options.transport.patienceMs === undefined) this.#options.onError(asError(error));
          else this.#lose(connection, asError(error));
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  #receive(text: string): void {
    const read = readMessage(text);
    if (read.malformed > 0) this.#count('malformed', read.malformed);
    if (read.sender === null || read.sender === this.processKey) return;
    this.#count('received', read.events.length);
    for (const event of read.events) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch {
          // What another process says must not end this one: it is malformed in a way that only its reader sees.
          this.#count('malformed', 1);
        }
      }
    }
  }

  #count(outcome: EventOutcome, events: number): void {
    if (events > 0) this.#options.onCount?.(outcome, events);
  }
}

function endOfConnection(): PromiseWithResolvers<never> {
  const end = Promise.withResolvers<never>();
  end.promise.catch(ignore);
  return end;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;

/** Spread, so that all who lost the same server do not come back at the same moment. */
function defaultRetryDelayMs(failures: number): number {
  const most = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 5));
  return most * (0.5 + Math.random() / 2);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function ignore(): void {}
