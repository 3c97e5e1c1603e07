/**
 * The connection to the server, over y-websocket's provider.
 *
 * Promise: nothing leaves this device before IndexedDB has committed it (unless storing fails for good:
 * then it is sent all the same, since the server is the only place left). An edit stops waiting only when a
 * receipt of the server covers it, and receipts cover only what was sent before them on the same socket.
 * Whatever ends a socket, the next one begins from what is stored: nothing is remembered between sockets
 * that could be wrong.
 *
 * What of y-websocket is used: the socket and its silence watchdog. What is not: its update handler and
 * BroadcastChannel, which send and broadcast before anything is stored, its answer to sync step 1, and its
 * reconnecting, which has no jitter, so that every device of a restarted server would come back within the
 * same 2.5 s, and whose timers cannot be taken back, so that each attempt out of turn begets one more chain
 * of attempts.
 *
 * Limits: `synced` means downloaded. Whether everything was uploaded is told by the count of waiting edits.
 */

import * as decoding from 'lib0/decoding';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { chunkUpdate } from './chunks.ts';
import type { ClientIds, ServerView } from './clients.ts';
import type { PendingWrite, Storage, Unsent } from './storage.ts';
import type { ConnectionState, EpochMs, OfflineReason } from './status.ts';
import { SERVER_ORIGIN, type UnsentMarker } from './stored-document.ts';
import type { LinkState } from './tabs.ts';
import * as wire from './wire.ts';
import { t } from '../words/language.ts';

export interface Connection {
  readonly link: LinkState;
  start(): void;
  /** Something was committed that may have to be sent. */
  poke(): void;
  /** Tries now instead of at the next planned attempt. After 'signed-out' or 'refused' too. */
  tryNow(): void;
  /** The network is gone, says the browser. */
  drop(): void;
  /** Asks the server whether other tabs may write with these ids; the answers go to `onView`. */
  askIds(asked: readonly number[]): void;
  /** This device has another name: says so, if a socket is up. */
  introduce(): void;
  contentHash(): Promise<{ seq: number; hash: string } | null>;
  close(): void;
}

interface ConnectionOptions {
  /** ws(s)://host/sync */
  syncUrl: string;
  spaceId: string;
  storage: Storage;
  ids: ClientIds;
  self: () => { id: string; name: string };
  now: () => EpochMs;
  random: () => number;
  isOnline: () => boolean;
  /** Somebody looks at this window. */
  isVisible: () => boolean;
  onLink: () => void;
  /** The server told what it knows of this device's ids. */
  onView: (view: ServerView) => void;
  /** The server knows this device, which called itself `said`, as `name`. */
  onNamed: (said: string, name: string) => void;
  /** The server has something to tell this person (message 106, which has no body). */
  onNotify: () => void;
}

interface Covers {
  readonly keys: readonly number[];
  readonly marker: UnsentMarker | null;
  readonly unstored: readonly PendingWrite[];
}

/** One socket from open to close. Dies with it. */
interface Session {
  readonly socket: WebSocket;
  readonly hellos: { sentAt: number; resolve: (answer: wire.HelloAnswer) => void }[];
  readonly registered: Set<number>;
  readonly tickets: Map<number, { covers: Covers | null; resolve: (isTaken: boolean) => void }>;
  readonly sentUnstored: Set<PendingWrite>;
  readonly hashes: Map<number, (answer: { seq: number; hash: string }) => void>;
  isGreeted: boolean;
  isEpochNew: boolean;
  /** What the server said it has; null before its first sync step 1. */
  serverVector: Uint8Array | null;
  /** The server asked (again): answer from scratch. */
  isAnswerDue: boolean;
  /** How often it asked. */
  asked: number;
  sentUpTo: number;
  /** Of the marker that went with the last whole answer: not again for the same. */
  sentMarkerEdits: number;
  isPumping: boolean;
  pumpAgain: boolean;
}

/** Far below the server's frame limit; many frames also let others have their turn. */
const CHUNK_BYTES = 64 * 1024;
/** Sent ahead of receipts at most. */
const WINDOW_BYTES = 512 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_BACKOFF_MS = 30_000;
/** While somebody looks on: who waits for a server to come back sees it come. */
export const MAX_BACKOFF_SEEN_MS = 5_000;
const MAX_SKEW_MS = 2 * 60_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { storage, ids } = options;
  const { doc } = storage;
  const awareness = createAwareness(doc, options.now());
  const provider = new WebsocketProvider(options.syncUrl, options.spaceId, doc, {
    connect: false,
    disableBc: true,
    awareness,
  });
  doc.off('update', provider._updateHandler);
  provider.messageHandlers = [];
  // It announces by the client id of the moment, which may have changed since awareness heard of it.
  provider.disconnectBc = () => undefined;
  let session: Session | null = null;
  let lastTicket = 0;
  let head = 0;
  let epoch: string | null = null;
  let devices: readonly wire.DeviceReport[] = [];
  let clockSkewMs: number | null = null;
  let refusal: string | null = null;
  let ended: 'signed-out' | 'refused' | null = null;
  let hasFailed = false;
  let isStarted = false;
  let isClosed = false;
  let connectTimer: ReturnType<typeof setTimeout> | undefined;
  /** There is at most one planned attempt. */
  let attemptTimer: ReturnType<typeof setTimeout> | undefined;

  provider.on('status', ({ status }) => {
    clearTimeout(connectTimer);
    if (status === 'connected' && provider.ws) begin(provider.ws);
    if (status === 'connecting') {
      const socket = provider.ws;
      connectTimer = setTimeout(() => socket?.close(), CONNECT_TIMEOUT_MS);
    }
    options.onLink();
  });
  provider.on('connection-close', () => {
    clearTimeout(connectTimer);
    // A server that is replaced ends its connections and another takes them: only who cannot come back is offline.
    hasFailed = session?.isGreeted !== true;
    endSession();
    // y-websocket's own next attempt then does nothing.
    provider.shouldConnect = false;
    planAttempt();
    options.onLink();
  });
  provider.on('closed', ({ code, reason }) => {
    clearTimeout(attemptTimer);
    ended = code === 4401 ? 'signed-out' : 'refused';
    refusal = code === 4401 ? null : sentenceFor(code, reason);
    options.onLink();
  });
  provider.on('sync', () => options.onLink());

  provider.messageHandlers[wire.MESSAGE.sync] = (_encoder, decoder) => {
    const step = decoding.readVarUint(decoder);
    const body = decoding.readVarUint8Array(decoder);
    if (step === wire.SYNC.step1) {
      if (!session) return;
      session.serverVector = body;
      session.isAnswerDue = true;
      session.asked += 1;
      // It met a gap and dropped what came since: no receipt under way speaks for an edit any more, and whoever
      // waits for one goes on to the answer, which covers everything that is unsent.
      for (const ticket of session.tickets.values()) ticket.resolve(false);
      session.tickets.clear();
      void pump(session);
      return;
    }
    Y.applyUpdate(doc, body, SERVER_ORIGIN);
    if (step === wire.SYNC.step2) provider.synced = true;
  };
  // Awareness is carried for later; a personal space has no one else in it.
  provider.messageHandlers[1] = (_encoder, decoder) => void decoding.readVarUint8Array(decoder);
  provider.messageHandlers[3] = () => undefined;

  provider.messageHandlers[wire.MESSAGE.hello] = (_encoder, decoder) => {
    const answer = wire.readHelloAnswer(decoder);
    const asked = session?.hellos.shift();
    if (!answer || !asked || !session) return;
    // Only now: a server that refuses completes the connection first, so that its reason can be read.
    ended = null;
    refusal = null;
    const skew = answer.serverTime - (asked.sentAt + options.now()) / 2;
    clockSkewMs = Math.abs(skew) > MAX_SKEW_MS ? Math.round(skew) : null;
    head = Math.max(head, answer.head);
    session.isEpochNew ||= epoch !== null && epoch !== answer.epoch;
    epoch = answer.epoch;
    for (const id of answer.clocks.keys()) if (!answer.refused.includes(id)) session.registered.add(id);
    asked.resolve(answer);
    options.onLink();
  };
  provider.messageHandlers[wire.MESSAGE.receipt] = (_encoder, decoder) => {
    const receipt = wire.readReceipt(decoder);
    const asked = session?.tickets.get(receipt.ticket);
    if (!asked || !session) return;
    session.tickets.delete(receipt.ticket);
    if (receipt.isCommitted) {
      if (asked.covers) {
        refusal = null;
        for (const write of asked.covers.unstored) write.isSent = true;
        storage.confirm(asked.covers);
      }
    } else {
      refusal = t('The server did not take an edit: {text}.', {
        text: receipt.text || t('it gave no reason'),
      });
    }
    asked.resolve(receipt.isCommitted);
    options.onLink();
  };
  provider.messageHandlers[wire.MESSAGE.head] = (_encoder, decoder) => {
    const seq = decoding.readVarUint(decoder);
    head = Math.max(head, seq);
    void reportApplied(seq);
    options.onLink();
  };
  provider.messageHandlers[wire.MESSAGE.devices] = (_encoder, decoder) => {
    devices = wire.readDevices(decoder) ?? devices;
    options.onLink();
  };
  provider.messageHandlers[wire.MESSAGE.notify] = () => options.onNotify();
  provider.messageHandlers[wire.MESSAGE.contentHash] = (_encoder, decoder) => {
    const answer = wire.readContentHash(decoder);
    if (!answer || !session) return;
    session.hashes.get(answer.ticket)?.(answer);
    session.hashes.delete(answer.ticket);
  };

  function planAttempt(): void {
    clearTimeout(attemptTimer);
    if (isClosed || ended) return;
    const isSeen = options.isVisible() && options.isOnline();
    const delayMs = reconnectDelayMs(provider.wsUnsuccessfulReconnects + 1, options.random, isSeen);
    attemptTimer = setTimeout(() => provider.connect(), delayMs);
  }

  function begin(socket: WebSocket): void {
    session = {
      socket,
      hellos: [],
      registered: new Set(),
      tickets: new Map(),
      sentUnstored: new Set(),
      hashes: new Map(),
      isGreeted: false,
      isEpochNew: false,
      serverVector: null,
      isAnswerDue: false,
      asked: 0,
      sentUpTo: 0,
      sentMarkerEdits: 0,
      isPumping: false,
      pumpAgain: false,
    };
    beginAwareness(awareness, options.now());
    // A hello that could not be written down is said again on the next socket.
    void greet(session).catch(() => socket.close());
  }

  function endSession(): void {
    const ending = session;
    session = null;
    if (!ending) return;
    for (const ticket of ending.tickets.values()) ticket.resolve(false);
  }

  async function greet(on: Session): Promise<void> {
    const view = await hello(on, ids.toRegister(options.spaceId));
    if (on !== session) return;
    const foreign = ids.findForeign(view);
    if (foreign !== null) {
      ended = 'refused';
      refusal =
        t(
          'The tasks in this browser are a copy of another device of yours, made before either was signed in. ',
        ) + t('Export them here, clear this browser, sign in again and import the file.');
      provider.disconnect();
      options.onLink();
      return;
    }
    await decide(view);
    if (on !== session) return;
    on.isGreeted = true;
    provider.wsUnsuccessfulReconnects = 0;
    options.onLink();
    void pump(on);
  }

  /** Registers ids and learns what the server knows of them. */
  async function hello(
    on: Session,
    clientIds: readonly number[],
    writing = ids.candidate ?? doc.clientID,
  ): Promise<ServerView> {
    const device = options.self();
    const answer = await new Promise<wire.HelloAnswer>((resolve) => {
      on.hellos.push({ sentAt: options.now(), resolve });
      send(on, wire.helloFrame({ protocol: 1, device, clientIds, writing }));
    });
    if (answer.name !== null && answer.name !== device.name) options.onNamed(device.name, answer.name);
    const view = { spaceId: options.spaceId, clocks: answer.clocks, refused: new Set(answer.refused) };
    options.onView(view);
    // Where storing fails, edits are sent all the same.
    await ids.accept(view).catch((error: unknown) => {
      if (storage.state.failing === null) throw error;
    });
    return view;
  }

  async function pump(on: Session): Promise<void> {
    on.pumpAgain = true;
    if (on.isPumping) return;
    on.isPumping = true;
    try {
      while (on.pumpAgain && on === session) {
        on.pumpAgain = false;
        await pumpOnce(on);
      }
    } catch {
      // The storage could not be read. Its own retry pokes this again when it is back.
    } finally {
      on.isPumping = false;
    }
  }

  async function pumpOnce(on: Session): Promise<void> {
    if (!on.isGreeted || !on.serverVector) return;
    const isAnswer = on.isAnswerDue;
    const { asked } = on;
    on.isAnswerDue = false;
    const unsent = await readUnsent(isAnswer ? 0 : on.sentUpTo);
    const unstored = storage.unstored().filter((write) => isAnswer || !on.sentUnstored.has(write));
    const writers = new Set([...unsent.entries, ...unstored].map((edit) => edit.writer));
    const unknown = [...writers].filter((writer) => !on.registered.has(writer));
    if (unknown.length > 0) await hello(on, [...unknown, doc.clientID]);
    const isWhole = isAnswer || (unsent.marker !== null && unsent.marker.edits !== on.sentMarkerEdits);
    const marker = isWhole ? unsent.marker : null;
    const single = [...unsent.entries, ...unstored].map((edit) => edit.update);
    const updates = isWhole ? await answerTo(on, on.serverVector, unsent, single) : single;
    if (on !== session || on.asked !== asked) return;
    if (!isAnswer && updates.length === 0) return;
    on.sentUpTo = Math.max(on.sentUpTo, unsent.entries.at(-1)?.key ?? 0);
    if (marker) on.sentMarkerEdits = marker.edits;
    for (const write of unstored) on.sentUnstored.add(write);
    const covers = { keys: unsent.entries.map((entry) => entry.key), marker, unstored };
    await transmit(on, updates, isAnswer, covers);
    // Sent everything: an id that had unsent edits may be equal on both sides now.
    if (isAnswer && ids.candidate !== null && on === session) {
      await decide(await hello(on, ids.toRegister(options.spaceId)));
    }
  }

  /** An id that cannot be retired on paper now is not used now either, and is looked at again next time. */
  async function decide(view: ServerView): Promise<void> {
    await ids.decide(view).catch(() => undefined);
  }

  function readUnsent(after: number): Promise<Unsent> {
    // While storing fails, reading may too; what is in memory is sent all the same.
    return storage
      .readUnsent(after)
      .catch((error: unknown) =>
        storage.state.failing === null ? Promise.reject(error as Error) : { entries: [], marker: null },
      );
  }

  /** What the server lacks: the unsent edits alone where they are all of it, else the difference. */
  async function answerTo(
    on: Session,
    serverVector: Uint8Array,
    unsent: Unsent,
    single: readonly Uint8Array[],
  ): Promise<Uint8Array[]> {
    const isKnown = unsent.marker === null && !on.isEpochNew;
    if (isKnown && coversLack(Y.decodeStateVector(serverVector), doc, single)) {
      return single.length === 0 ? [] : [Y.mergeUpdates([...single])];
    }
    return [await storage.encodeCommitted(serverVector)];
  }

  async function transmit(
    on: Session,
    updates: readonly Uint8Array[],
    isAnswer: boolean,
    covers: Covers,
  ): Promise<void> {
    const pieces = updates.flatMap((update) => chunkUpdate(update, CHUNK_BYTES));
    if (isAnswer && pieces.length === 0) pieces.push(wire.EMPTY_UPDATE);
    const { asked } = on;
    let ahead = 0;
    let isTaken = true;
    for (const [index, piece] of pieces.entries()) {
      if (on !== session || on.asked !== asked) return;
      const step = isAnswer && index === 0 ? wire.SYNC.step2 : wire.SYNC.update;
      send(on, wire.syncFrame(step, piece));
      ahead += piece.length;
      if (ahead > WINDOW_BYTES && index < pieces.length - 1) {
        ahead = 0;
        isTaken = (await ticket(on, null)) && isTaken;
      }
    }
    if (on !== session || on.asked !== asked) return;
    const isNeeded = covers.keys.length > 0 || covers.marker !== null || covers.unstored.length > 0;
    // A receipt speaks of the pieces since the one before it: after a refusal the last must not cover all.
    const received = isNeeded ? ticket(on, isTaken ? covers : null) : Promise.resolve();
    options.onLink();
    if (isAnswer && ids.candidate !== null) await received;
  }

  function ticket(on: Session, covers: Covers | null): Promise<boolean> {
    return new Promise((resolve) => {
      lastTicket += 1;
      on.tickets.set(lastTicket, { covers, resolve });
      send(on, wire.numberFrame(wire.MESSAGE.receipt, lastTicket));
    });
  }

  async function reportApplied(seq: number): Promise<void> {
    const on = session;
    await storage.settled();
    if (!on || on !== session || storage.state.failing !== null) return;
    send(on, wire.numberFrame(wire.MESSAGE.applied, seq));
  }

  function connectionState(): ConnectionState {
    if (ended) return ended;
    if (refusal !== null) return 'refused';
    if (session?.isGreeted && provider.synced) return 'online';
    return hasFailed || !options.isOnline() ? 'offline' : 'connecting';
  }

  return {
    get link() {
      const connection = connectionState();
      const offlineReason: OfflineReason = options.isOnline() ? 'server' : 'network';
      const self = options.self().id;
      const isSaving = [...(session?.tickets.values() ?? [])].some((ticket) => ticket.covers !== null);
      return {
        connection,
        ...(connection === 'offline' ? { offlineReason } : {}),
        ...(connection === 'refused' && refusal !== null ? { refusal } : {}),
        saving: isSaving,
        seenBy: devices
          .filter((device) => device.id !== self)
          .map(({ id, name, seenAt, applied, connected }) => ({
            id,
            name,
            at: seenAt as EpochMs,
            current: applied >= head,
            // What was heard before the connection broke says nothing about now.
            connected: connected && connection === 'online',
          })),
        clockSkewMs,
      };
    },
    start() {
      isStarted = true;
      hasFailed = false;
      provider.connect();
    },
    poke() {
      if (session) void pump(session);
    },
    tryNow() {
      // With a socket there is nothing to try; while one is being closed, what is planned must stay planned.
      if (!isStarted || isClosed || provider.ws) return;
      clearTimeout(attemptTimer);
      provider.connect();
    },
    drop() {
      if (!isStarted || ended) return;
      // It goes on trying: a browser's word about the network is not always true of this server.
      provider.disconnect();
      // Where there was no socket any more, only the reason is another.
      options.onLink();
    },
    askIds(asked) {
      const on = session;
      if (!on?.isGreeted) return;
      // One hello for each: the server lets one socket claim several ids, one at a time.
      for (const id of asked) void hello(on, [id], id).catch(() => undefined);
    },
    introduce() {
      if (session?.isGreeted) void hello(session, []).catch(() => undefined);
    },
    contentHash() {
      const on = session;
      if (!on?.isGreeted) return Promise.resolve(null);
      lastTicket += 1;
      const asked = lastTicket;
      return new Promise((resolve) => {
        on.hashes.set(asked, resolve);
        on.socket.addEventListener('close', () => resolve(null), { once: true });
        send(on, wire.numberFrame(wire.MESSAGE.contentHash, asked));
      });
    },
    close() {
      isClosed = true;
      clearTimeout(connectTimer);
      clearTimeout(attemptTimer);
      provider.destroy();
      awareness.destroy();
      endSession();
    },
  };
}

/** Doubles from 200 ms to the cap, of which the later half is left to chance, so that not everyone comes at once. */
export function reconnectDelayMs(failures: number, random: () => number, isSeen: boolean): number {
  const capMs = isSeen ? MAX_BACKOFF_SEEN_MS : MAX_BACKOFF_MS;
  return Math.min(capMs, 100 * 2 ** failures) * (0.5 + random() / 2);
}

function send(on: Session, frame: Uint8Array): void {
  on.socket.send(frame as Uint8Array<ArrayBuffer>);
}

/**
 * Others ignore an awareness clock that is lower than one they saw, and an id is used again after a restart:
 * so the clock begins from the time. Nothing is announced yet.
 */
export function createAwareness(doc: Y.Doc, now: EpochMs): Awareness {
  const awareness = new Awareness(doc);
  awareness.setLocalState(null);
  beginAwareness(awareness, now);
  return awareness;
}

/** Under the id that the document has now. */
function beginAwareness(awareness: Awareness, now: EpochMs): void {
  awareness.clientID = awareness.doc.clientID;
  const clock = Math.max(Math.floor(now / 1000), awareness.meta.get(awareness.clientID)?.clock ?? 0);
  awareness.meta.set(awareness.clientID, { clock, lastUpdated: now });
}

/** Do the updates carry every struct that the server's state vector lacks? */
function coversLack(
  server: ReadonlyMap<number, number>,
  doc: Y.Doc,
  updates: readonly Uint8Array[],
): boolean {
  const lacking = [...Y.decodeStateVector(Y.encodeStateVector(doc))].filter(
    ([client, clock]) => clock > (server.get(client) ?? 0),
  );
  if (lacking.length === 0) return true;
  if (updates.length === 0) return false;
  const { from, to } = Y.parseUpdateMeta(Y.mergeUpdates([...updates]));
  return lacking.every(
    ([client, clock]) =>
      (from.get(client) ?? Infinity) <= (server.get(client) ?? 0) && (to.get(client) ?? 0) >= clock,
  );
}

function sentenceFor(code: number, reason: string): string {
  switch (code) {
    case 4403:
      return t('This account may not open these tasks on this server.');
    case 4409:
      return t(
        'This window runs a version of Holdfast that is too old for the server. Reload it; your edits stay.',
      );
    default:
      return t('The server refused the connection ({code}{why}).', {
        code,
        why: reason ? `, ${reason}` : '',
      });
  }
}
