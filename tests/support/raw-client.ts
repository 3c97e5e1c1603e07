/**
 * A raw client of the sync server: a WebSocket, the wire, and nothing that repairs or resends.
 *
 * Promise: what it says was sent was handed to the socket, once; what it says was received came from the
 * server. It never reconnects, so a test knows exactly which edits the server was given. With a `doc` it also
 * answers the server's sync step 1 and applies what comes, as every Yjs client does.
 */
import type { Agent } from 'node:https';
import WebSocket from 'ws';
import * as Y from 'yjs';
import {
  EMPTY_UPDATE,
  readServerMessage,
  receiptFrame,
  step1Frame,
  step2Frame,
  updateFrame,
  type Receipt,
} from './wire.ts';

export interface RawClientOptions {
  /** ws://host:port/sync/{spaceId} */
  url: string;
  token?: string;
  headers?: Record<string, string>;
  /** How to connect, for wss: which authority to trust, which name to ask for. */
  agent?: Agent;
  /** Kept in step with the server; absent: the client begins as empty and only reports what comes. */
  doc?: Y.Doc;
  onUpdate?: (update: Uint8Array) => void;
  onFrame?: (frame: Uint8Array) => void;
}

export interface RawClient {
  /** The server's state has been received. */
  readonly synced: Promise<void>;
  /** The server has asked what it lacks and was answered: a receipt asked for from now on covers it. */
  readonly answered: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  sendFrame(frame: Uint8Array): void;
  sendUpdate(update: Uint8Array): void;
  /** Asks for a receipt of everything sent so far; rejects when the socket closes first. */
  receipt(): Promise<Receipt>;
  close(): Promise<void>;
  terminate(): void;
}

/** The origin of every transaction that came from the server. */
export const FROM_SERVER = Symbol('from server');

/** Resolves once the socket is open; rejects when it closes before. */
export async function connectRawClient(options: RawClientOptions): Promise<RawClient> {
  const headers = { ...options.headers };
  if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
  const { url, agent } = options;
  const socket = new WebSocket(url, { headers, perMessageDeflate: false, ...(agent ? { agent } : {}) });
  socket.binaryType = 'nodebuffer';

  const synced = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const waiting = new Map<number, { resolve(receipt: Receipt): void; reject(error: Error): void }>();
  let lastTicket = 0;
  let lastError: Error | undefined;
  synced.promise.catch(() => undefined);
  answered.promise.catch(() => undefined);

  socket.on('error', (error) => {
    lastError = error;
  });
  socket.on('close', (code, reason) => {
    const text = reason.toString();
    const error = new Error(
      `The socket to ${options.url} closed with ${code} ${text}`,
      lastError ? { cause: lastError } : {},
    );
    synced.reject(error);
    answered.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    closed.resolve({ code, reason: text });
  });
  socket.on('message', (data: Buffer) => {
    options.onFrame?.(data);
    const message = readServerMessage(data);
    switch (message.kind) {
      case 'step1':
        socket.send(
          step2Frame(options.doc ? Y.encodeStateAsUpdate(options.doc, message.stateVector) : EMPTY_UPDATE),
        );
        answered.resolve();
        return;
      case 'step2':
      case 'update':
        if (options.doc) Y.applyUpdate(options.doc, message.update, FROM_SERVER);
        options.onUpdate?.(message.update);
        if (message.kind === 'step2') synced.resolve();
        return;
      case 'receipt':
        waiting.get(message.receipt.ticket)?.resolve(message.receipt);
        waiting.delete(message.receipt.ticket);
        return;
      case 'other':
        return;
    }
  });

  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    void closed.promise.then(({ code, reason }) => {
      reject(
        new Error(`Could not open ${options.url}: ${code} ${reason}`, lastError ? { cause: lastError } : {}),
      );
    });
  });
  socket.send(step1Frame(Y.encodeStateVector(options.doc ?? new Y.Doc())));

  return {
    synced: synced.promise,
    answered: answered.promise,
    closed: closed.promise,
    sendFrame: (frame) => socket.send(frame),
    sendUpdate: (update) => socket.send(updateFrame(update)),
    receipt: () => {
      const ticket = ++lastTicket;
      const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
      if (socket.readyState !== WebSocket.OPEN) {
        reject(new Error(`The socket to ${options.url} is not open`));
        return promise;
      }
      waiting.set(ticket, { resolve, reject });
      socket.send(receiptFrame(ticket));
      return promise;
    },
    close: async () => {
      socket.close();
      await closed.promise;
    },
    terminate: () => socket.terminate(),
  };
}
