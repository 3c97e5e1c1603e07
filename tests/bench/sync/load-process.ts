/**
 * The load, in a process of its own: it builds the frames, holds the sockets and measures the time between
 * the write of a frame on one socket and its arrival on another, by one clock.
 *
 * In each document some sockets write, one observes (it reads which updates a frame carries), and the others
 * only receive. Commands come by IPC and are answered in order; see `LoadCommands`.
 */
import { performance } from 'node:perf_hooks';
import * as Y from 'yjs';
import { EMPTY_STATE_VECTOR, EMPTY_UPDATE } from '../../support/wire.ts';
import { dialectFor, type Dialect, type Endpoint, type Incoming } from './dialect.ts';
import { openFastSocket, type FastSocket } from './fast-socket.ts';
import { planSeed, planWriter, reachedClocks, type SeedPlan, type WriterPlan } from './workload.ts';

export interface Shape {
  documents: number;
  writersPerDocument: number;
  /** Sockets that only receive, besides the one observer. */
  listenersPerDocument: number;
  seedTasks: number;
  updatesPerWriter: number;
}

export interface LoadResult {
  updates: number;
  wallSeconds: number;
  /** Milliseconds from the write to the arrival at the observer, ascending. */
  latencies: Float64Array;
  framesReceived: number;
  bytesReceived: number;
}

export interface ColdLoad {
  /** From the first byte of the upgrade request to the last byte of the state. */
  receivedMs: number;
  /** The same, and the state applied to a Y.Doc. */
  appliedMs: number;
  bytes: number;
  tasks: number;
}

export interface CrashReport {
  sent: number;
  /** Of each class, how many are missing from what a fresh client reads afterwards. */
  acknowledged: number;
  received: number;
  updates: {
    document: number;
    writer: number;
    clock: number;
    sentAt: number;
    acknowledged: boolean;
    received: boolean;
  }[];
  stoppedAt: number;
}

export interface LoadCommands {
  prepare(o: { key: string; shape: Shape }): Promise<void>;
  /** Writes the seed of the shape into each document, one update per task or as one, and waits until taken. */
  seed(o: { key: string; endpoints: Endpoint[]; asOne: boolean }): Promise<void>;
  /** With `books`, writers read their acknowledgements too, which costs. */
  connect(o: { key: string; endpoints: Endpoint[]; books: boolean }): Promise<void>;
  /** Closed loop: every writer keeps `window` updates in flight, from update `from` to `to`. */
  flood(o: { from: number; to: number; window: number; receipts: boolean }): Promise<LoadResult>;
  /** Open loop: `rate` updates per second over all writers, from update `from` on, for `seconds`. */
  pace(o: { from: number; rate: number; seconds: number }): Promise<LoadResult>;
  /** Begins to write at a pace and keeps books until the servers' sockets close. */
  beginCrash(o: { from: number; rate: number }): Promise<void>;
  endCrash(o: Record<string, never>): Promise<CrashReport>;
  /** For each document, the state vector that a fresh client ends with. */
  readStateVectors(o: { endpoints: Endpoint[] }): Promise<Map<number, number>[]>;
  idle(o: { endpoints: Endpoint[]; perDocument: number }): Promise<void>;
  cold(o: { endpoint: Endpoint }): Promise<ColdLoad>;
  disconnect(o: Record<string, never>): Promise<void>;
}

/** By the server, while the load still needed it. */
class SocketClosed extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    super(`A socket closed: ${code} ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

interface Writer {
  plan: WriterPlan;
  frames: Buffer[];
  sentAt: Float64Array;
  next: number;
  until: number;
  /** How many of the updates the observer has seen, and the server has acknowledged. */
  seen: number;
  acknowledged: number;
  /** How often Hocuspocus said so; once more than there were updates, for our answer to its step 1. */
  saved: number;
  socket: FastSocket;
  dialect: Dialect;
  document: number;
}

interface Prepared {
  shape: Shape;
  seed: SeedPlan;
  plans: WriterPlan[];
}

const prepared = new Map<string, Prepared>();
let sockets: FastSocket[] = [];
let writers: Writer[] = [];
let writersByClient = new Map<string, Writer>();
let framesReceived = 0;
let bytesReceived = 0;
let latencies: number[] = [];
let onSeen: (writer: Writer, count: number) => void = () => undefined;
let crash: { timer: NodeJS.Timeout; from: number } | undefined;

const commands: LoadCommands = {
  prepare: async ({ key, shape }) => {
    if (prepared.has(key)) return;
    const seed = planSeed(shape.seedTasks);
    const plans: WriterPlan[] = [];
    // Every document has its own writers by id, but the same edits: frames are built once for all of them.
    for (let n = 0; n < shape.writersPerDocument; n++) {
      plans.push(planWriter(seed, shape.seedTasks, n, shape.updatesPerWriter));
    }
    prepared.set(key, { shape, seed, plans });
  },

  seed: async ({ key, endpoints, asOne }) => {
    const { seed } = get(key);
    for (const endpoint of endpoints) {
      const updates = asOne ? [seed.state] : seed.updates;
      await uploadAll(endpoint, updates, seed.stateVector);
    }
  },

  connect: async ({ key, endpoints, books }) => {
    const { shape, seed, plans } = get(key);
    framesReceived = bytesReceived = 0;
    writers = [];
    writersByClient = new Map();
    for (const [document, endpoint] of endpoints.entries()) {
      const dialect = dialectFor(endpoint);
      for (const plan of plans) {
        const writer: Writer = {
          plan,
          frames: plan.updates.map((update) => dialect.frame('update', update)),
          sentAt: new Float64Array(plan.updates.length),
          next: 0,
          until: 0,
          seen: 0,
          acknowledged: 0,
          saved: 0,
          socket: undefined as unknown as FastSocket,
          dialect,
          document,
        };
        writer.socket = await join(
          endpoint,
          dialect,
          seed.stateVector,
          books ? (message) => acknowledge(writer, message) : undefined,
        );
        writers.push(writer);
        writersByClient.set(`${document}/${plan.clientId}`, writer);
      }
      await join(endpoint, dialect, seed.stateVector, (message, at) => observe(document, message, at));
      for (let n = 0; n < shape.listenersPerDocument; n++) await join(endpoint, dialect, seed.stateVector);
    }
  },

  flood: async ({ from, to, window, receipts }) => {
    begin(from, to);
    const total = writers.length * (to - from);
    let seen = 0;
    const finished = Promise.withResolvers<void>();
    failOnClose(finished.reject);
    let ticket = 0;
    const fill = (writer: Writer): void => {
      if (writer.next >= writer.until || writer.next - writer.seen >= window) return;
      writer.socket.cork();
      while (writer.next < writer.until && writer.next - writer.seen < window) {
        send(writer);
        const ask = receipts ? writer.dialect.receipt(++ticket) : null;
        if (ask !== null) writer.socket.write(ask);
      }
      writer.socket.uncork();
    };
    onSeen = (writer, count) => {
      seen += count;
      if (seen === total) finished.resolve();
      refill.add(writer);
      if (refill.size === 1) setImmediate(refillAll);
    };
    const refill = new Set<Writer>();
    const refillAll = (): void => {
      const batch = [...refill];
      refill.clear();
      for (const writer of batch) fill(writer);
    };
    const startedAt = performance.now();
    for (const writer of writers) fill(writer);
    await finished.promise;
    return result(total, startedAt);
  },

  pace: async ({ from, rate, seconds }) => {
    const total = Math.floor(rate * seconds);
    const each = Math.ceil(total / writers.length);
    begin(from, from + each);
    const finished = Promise.withResolvers<void>();
    failOnClose(finished.reject);
    let sent = 0;
    let seen = 0;
    onSeen = (_writer, count) => {
      seen += count;
      if (seen === each * writers.length) finished.resolve();
    };
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(
        each * writers.length,
        Math.floor(((performance.now() - startedAt) / 1_000) * rate),
      );
      for (; sent < due; sent++) send(writers[sent % writers.length]!);
      if (sent === each * writers.length) clearInterval(timer);
    }, 1);
    try {
      await finished.promise;
    } finally {
      clearInterval(timer);
    }
    return result(sent, startedAt);
  },

  beginCrash: async ({ from, rate }) => {
    const each = writers[0]!.plan.updates.length;
    begin(from, each);
    onSeen = () => undefined;
    let sent = 0;
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
      for (; sent < due; sent++) {
        const writer = writers[sent % writers.length]!;
        if (writer.next >= writer.until) continue;
        send(writer);
        const ask = writer.dialect.receipt(writer.next);
        if (ask !== null) writer.socket.write(ask);
      }
    }, 1);
    crash = { timer, from };
  },

  endCrash: async () => {
    const { timer, from } = crash!;
    clearInterval(timer);
    await Promise.all(sockets.map((socket) => socket.closed));
    const report: CrashReport = {
      sent: 0,
      acknowledged: 0,
      received: 0,
      updates: [],
      stoppedAt: performance.now(),
    };
    for (const writer of writers) {
      for (let n = from; n < writer.next; n++) {
        const acknowledged = n < writer.acknowledged;
        const received = n < writer.seen;
        report.sent += 1;
        if (acknowledged) report.acknowledged += 1;
        if (received) report.received += 1;
        report.updates.push({
          document: writer.document,
          writer: writer.plan.clientId,
          clock: writer.plan.clocks[n]!,
          sentAt: writer.sentAt[n]!,
          acknowledged,
          received,
        });
      }
    }
    await commands.disconnect({});
    return report;
  },

  readStateVectors: async ({ endpoints }) => {
    const vectors: Map<number, number>[] = [];
    for (const endpoint of endpoints) {
      const doc = await readDocument(endpoint);
      vectors.push(Y.decodeStateVector(Y.encodeStateVector(doc)));
    }
    return vectors;
  },

  idle: async ({ endpoints, perDocument }) => {
    for (const endpoint of endpoints) {
      const dialect = dialectFor(endpoint);
      const all: Promise<FastSocket>[] = [];
      for (let n = 0; n < perDocument; n++) {
        all.push(join(endpoint, dialect, EMPTY_STATE_VECTOR));
        // In tens, so that the server's accept queue does not overflow.
        if (all.length % 10 === 0) await Promise.all(all);
      }
      await Promise.all(all);
    }
  },

  cold: async ({ endpoint }) => {
    const startedAt = performance.now();
    const dialect = dialectFor(endpoint);
    const updates: Uint8Array[] = [];
    let bytes = 0;
    const socket = await join(endpoint, dialect, EMPTY_STATE_VECTOR, (message) => {
      if (message.kind !== 'step2' && message.kind !== 'update') return;
      bytes += message.update.length;
      updates.push(message.update);
    });
    const receivedMs = performance.now() - startedAt;
    const doc = new Y.Doc();
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    const appliedMs = performance.now() - startedAt;
    let tasks = 0;
    for (const key of doc.getMap('tasks').keys()) if (key.endsWith('/born')) tasks += 1;
    sockets = sockets.filter((each) => each !== socket);
    socket.destroy();
    return { receivedMs, appliedMs, bytes, tasks };
  },

  disconnect: async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map((socket) => socket.closed));
    sockets = [];
    writers = [];
    writersByClient = new Map();
  },
};

function get(key: string): Prepared {
  const found = prepared.get(key);
  if (found === undefined) throw new Error(`The load '${key}' was not prepared`);
  return found;
}

/** Opens a socket, answers the server's step 1 with nothing new, and resolves when the first sync is done. */
async function join(
  endpoint: Endpoint,
  dialect: Dialect,
  stateVector: Uint8Array,
  onMessage?: (message: Incoming, at: number) => void,
): Promise<FastSocket> {
  const ready = Promise.withResolvers<void>();
  const synced = Promise.withResolvers<void>();
  let isSynced = false;
  const handle = (payload: Buffer): void => {
    framesReceived += 1;
    bytesReceived += payload.length;
    // Once in step, only those who must read do: a mere listener costs no more than its bytes.
    if (isSynced && onMessage === undefined) return;
    const at = performance.now();
    const message = dialect.read(payload);
    if (message.kind === 'ready') ready.resolve();
    if (message.kind === 'step1') socket.write(dialect.frame('step2', EMPTY_UPDATE));
    onMessage?.(message, at);
    if (message.kind === 'step2') {
      isSynced = true;
      synced.resolve();
    }
  };
  // Frames may come in the same packet as the upgrade's answer, before `socket` is known here.
  let early: Buffer[] | undefined = [];
  const socket = await openFastSocket({
    url: endpoint.url,
    headers: endpoint.headers,
    onMessage: (payload) => (early === undefined ? handle(payload) : void early.push(Buffer.from(payload))),
  });
  sockets.push(socket);
  void socket.closed.then(({ code, reason }) => {
    const error = new SocketClosed(code, reason);
    ready.reject(error);
    synced.reject(error);
  });
  ready.promise.catch(() => undefined);
  const waiting = early;
  early = undefined;
  for (const payload of waiting) handle(payload);
  for (const frame of dialect.opening) socket.write(frame);
  if (dialect.waitsForReady) await ready.promise;
  socket.write(dialect.frame('step1', stateVector));
  await synced.promise;
  return socket;
}

async function uploadAll(endpoint: Endpoint, updates: Uint8Array[], stateVector: Uint8Array): Promise<void> {
  const dialect = dialectFor(endpoint);
  const taken = Promise.withResolvers<void>();
  let saved = 0;
  const socket = await join(endpoint, dialect, EMPTY_STATE_VECTOR, (message) => {
    if (message.kind === 'receipt') {
      if (message.status === 0) taken.resolve();
      else taken.reject(new Error('The server refused the seed'));
    }
    // The answer to our own (empty) step 2 is counted by Hocuspocus as well.
    if (message.kind === 'saved' && ++saved > updates.length) taken.resolve();
  });
  void socket.closed.then(({ code, reason }) => {
    taken.reject(new SocketClosed(code, reason));
  });
  for (const update of updates) socket.write(dialect.frame('update', update));
  const ask = dialect.receipt(1);
  if (ask !== null) socket.write(ask);
  await taken.promise;
  sockets = sockets.filter((each) => each !== socket);
  socket.destroy();
  await socket.closed;
  const reached = Y.decodeStateVector(Y.encodeStateVector(await readDocument(endpoint)));
  for (const [client, clock] of Y.decodeStateVector(stateVector)) {
    if (reached.get(client) !== clock)
      throw new Error(`The seed did not arrive: ${reached.get(client)} of ${clock}`);
  }
}

async function readDocument(endpoint: Endpoint): Promise<Y.Doc> {
  const doc = new Y.Doc();
  const dialect = dialectFor(endpoint);
  const socket = await join(endpoint, dialect, EMPTY_STATE_VECTOR, (message) => {
    if (message.kind === 'step2' || message.kind === 'update') Y.applyUpdate(doc, message.update);
  });
  sockets = sockets.filter((each) => each !== socket);
  socket.destroy();
  await socket.closed;
  return doc;
}

function begin(from: number, to: number): void {
  latencies = [];
  framesReceived = bytesReceived = 0;
  for (const writer of writers) {
    if (writer.next !== from || writer.seen !== from)
      throw new Error(`A run starts at ${from}, a writer stands at ${writer.next}`);
    if (to > writer.frames.length)
      throw new Error(`Only ${writer.frames.length} updates are built, ${to} are asked for`);
    writer.until = to;
  }
}

function send(writer: Writer): void {
  writer.sentAt[writer.next] = performance.now();
  writer.socket.write(writer.frames[writer.next]!);
  writer.next += 1;
}

function acknowledge(writer: Writer, message: Incoming): void {
  if (message.kind === 'receipt' && message.status === 0) writer.acknowledged = message.upTo;
  if (message.kind === 'saved' && message.status === 0) writer.acknowledged = writer.saved++;
}

function observe(document: number, message: Incoming, at: number): void {
  if (message.kind !== 'update' && message.kind !== 'step2') return;
  for (const [client, clock] of reachedClocks(message.update)) {
    const writer = writersByClient.get(`${document}/${client}`);
    if (writer === undefined) continue;
    const { clocks } = writer.plan;
    const before = writer.seen;
    while (writer.seen < writer.next && clocks[writer.seen]! <= clock) {
      latencies.push(at - writer.sentAt[writer.seen]!);
      writer.seen += 1;
    }
    if (writer.seen > before) onSeen(writer, writer.seen - before);
  }
}

function failOnClose(reject: (error: Error) => void): void {
  for (const socket of sockets) {
    void socket.closed.then(({ code, reason }) => reject(new SocketClosed(code, reason)));
  }
}

function result(updates: number, startedAt: number): LoadResult {
  const wallSeconds = (performance.now() - startedAt) / 1_000;
  return {
    updates,
    wallSeconds,
    latencies: Float64Array.from(latencies).sort(),
    framesReceived,
    bytesReceived,
  };
}

if (process.send === undefined) throw new Error('This is started by the bench, not by hand');

process.on('disconnect', () => process.exit(0));
process.on('message', (call: { id: number; command: keyof LoadCommands; options: never }) => {
  void (async () => {
    try {
      const value = await commands[call.command](call.options);
      process.send!({ id: call.id, value });
    } catch (error) {
      process.send!({
        id: call.id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        ...(error instanceof SocketClosed ? { closed: { code: error.code, reason: error.reason } } : {}),
      });
    }
  })();
});
