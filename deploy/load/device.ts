/**
 * One device under load: a socket, its edits, and the receipts that it waits for.
 *
 * Promise: an edit counts as kept only when a receipt covers it; one that was under way when the socket closed is sent again
 * after the next connection, as the app does.
 * Limits: it holds no document. It counts what peers send and does not read it, so after a reconnection it is sent again what
 * they did since it came.
 */
import {
  EMPTY_STATE_VECTOR,
  EMPTY_UPDATE,
  encodeStateVector,
  readFrame,
  receiptFrame,
  step1Frame,
  step2Frame,
  updateFrame,
} from './frames.ts';
import { SEED_CLIENT_ID, seedClock } from './writer.ts';
import type { Writer } from './writer.ts';

/** What a scenario runs in: k6, or the load tool of `npm run bench -- load`. */
export interface World {
  request(call: Call): Promise<Answer>;
  /** Opens a WebSocket; never throws: a failure is a `closed`. */
  openSocket(url: string, token: string, listener: SocketListener): LoadSocket;
  nowMs(): number;
  after(ms: number): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
  /** A duration, in milliseconds. */
  note(duration: Duration, ms: number): void;
  count(what: Count, by?: number): void;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What a browser would send back as `Cookie`. */
  readonly cookie: string;
}

export interface SocketListener {
  opened(): void;
  message(frame: Uint8Array): void;
  /** Once, whoever closed it. */
  closed(code: number, reason: string): void;
}

export interface LoadSocket {
  send(frame: Uint8Array): void;
  close(): void;
}

export const DURATIONS = {
  me: 'GET /api/v1/me answered',
  connected: 'socket open',
  inStep: 'socket in step with the space',
  kept: 'edit kept: from sending to its receipt',
  back: 'back after the storm: in step, and all edits kept',
  api: 'API call answered',
} as const;
export type Duration = keyof typeof DURATIONS;

export const COUNTS = {
  opened: 'apps opened',
  edits: 'edits made',
  receipts: 'edits kept',
  refused: 'edits refused',
  received: 'edits of peers received',
  returns: 'devices that came back',
  dropped: 'sockets closed by the server',
  calls: 'API calls',
  failures: 'failures',
} as const;
export type Count = keyof typeof COUNTS;

export interface Device {
  /** Resolves when it is in step; rejects when the socket closes before. */
  connect(): Promise<void>;
  /** Makes an edit, connected or not; resolves when a receipt covers it. */
  edit(): Promise<void>;
  /** The end of the connection that `connect` opened. */
  closed(): Promise<void>;
  /** Resolves when no edit waits for its receipt. */
  allKept(): Promise<void>;
  /** Resolves when everything that the server had for it up to now is here. It must be in step. */
  caughtUp(): Promise<void>;
  close(): void;
}

export interface DeviceOptions {
  readonly world: World;
  /** ws(s)://host/sync/{spaceId} */
  readonly url: string;
  readonly token: string;
  readonly writer: Writer;
  readonly seedTasks: number;
}

interface Pending {
  readonly number: number;
  readonly update: Uint8Array;
  readonly madeAtMs: number;
  readonly done: () => void;
}

export function createDevice({ world, url, token, writer, seedTasks }: DeviceOptions): Device {
  let socket: LoadSocket | undefined;
  let isAsked = false;
  let wasInStep = false;
  let isClosing = false;
  let ended = Promise.resolve();
  let pending: Pending[] = [];
  /** Which edit each ticket covers. */
  const tickets = new Map<number, number>();
  let lastTicket = 0;
  let lastEdit = 0;
  let whenKept: (() => void)[] = [];
  const whenAnswered = new Map<number, () => void>();

  function askReceipt(): number {
    lastTicket += 1;
    tickets.set(lastTicket, lastEdit);
    socket?.send(receiptFrame(lastTicket));
    return lastTicket;
  }

  function settle(ticket: number, status: number): void {
    const upTo = tickets.get(ticket);
    tickets.delete(ticket);
    whenAnswered.get(ticket)?.();
    whenAnswered.delete(ticket);
    if (upTo === undefined) return;
    const settled = pending.filter(({ number }) => number <= upTo);
    pending = pending.filter(({ number }) => number > upTo);
    for (const { madeAtMs, done } of settled) {
      if (status === 0) {
        world.count('receipts');
        world.note('kept', world.nowMs() - madeAtMs);
      } else world.count('refused');
      done();
    }
    if (pending.length > 0) return;
    for (const resolve of whenKept) resolve();
    whenKept = [];
  }

  return {
    connect() {
      const startedAtMs = world.nowMs();
      isAsked = false;
      isClosing = false;
      let isInStep = false;
      let end: () => void = () => undefined;
      ended = new Promise((resolve) => (end = resolve));
      return new Promise((resolve, reject) => {
        socket = world.openSocket(url, token, {
          opened() {
            world.note('connected', world.nowMs() - startedAtMs);
            const known = new Map([
              [SEED_CLIENT_ID, seedClock(seedTasks)],
              [writer.clientId, writer.clock()],
            ]);
            // At first it has nothing, as an app that was just installed.
            socket?.send(step1Frame(wasInStep ? encodeStateVector(known) : EMPTY_STATE_VECTOR));
          },
          message(bytes) {
            const frame = readFrame(bytes);
            switch (frame.kind) {
              case 'step1':
                isAsked = true;
                socket?.send(step2Frame(EMPTY_UPDATE));
                for (const { update } of pending) socket?.send(updateFrame(update));
                if (pending.length > 0) askReceipt();
                return;
              case 'step2':
                isInStep = true;
                wasInStep = true;
                world.note('inStep', world.nowMs() - startedAtMs);
                resolve();
                return;
              case 'update':
                // Before it is in step these are the space as it was.
                if (isInStep) world.count('received');
                return;
              case 'receipt':
                settle(frame.ticket, frame.status);
                return;
              case 'other':
                return;
            }
          },
          closed(code, reason) {
            socket = undefined;
            isAsked = false;
            tickets.clear();
            if (!isClosing && isInStep) world.count('dropped');
            reject(new Error(`The socket closed: ${code} ${reason}`));
            end();
          },
        });
      });
    },
    edit() {
      const update = writer.edit();
      const number = (lastEdit += 1);
      world.count('edits');
      return new Promise((done) => {
        pending.push({ number, update, madeAtMs: world.nowMs(), done });
        if (!isAsked) return;
        socket?.send(updateFrame(update));
        askReceipt();
      });
    },
    closed: () => ended,
    allKept: () =>
      pending.length === 0 ? Promise.resolve() : new Promise((resolve) => whenKept.push(resolve)),
    caughtUp: () => new Promise((resolve) => whenAnswered.set(askReceipt(), resolve)),
    close() {
      isClosing = true;
      socket?.close();
    },
  };
}
