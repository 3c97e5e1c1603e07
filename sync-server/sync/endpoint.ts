/**
 * The sync endpoint: takes WebSocket upgrades at /sync/{spaceId} and puts the parts of this folder together.
 *
 * Promise: who may not enter learns why, by a close code, after the upgrade, because browsers show nothing
 * of a refused one; a socket that is open is asked again and again who it is; a drain takes nothing new,
 * commits and confirms what was taken, and sends everyone away with 1012.
 * Limits: it serves the spaces that exist; making them is not its business. One timer each for heartbeats,
 * polling and devices serves all sockets.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Database } from '@holdfast/db/database.ts';
import { isDeviceRevoked } from '@holdfast/db/devices.ts';
import { createGroupCommit } from '@holdfast/db/group-commit.ts';
import { readHead, readHeads } from '@holdfast/db/update-log.ts';
import { isUuid } from '@holdfast/db/uuid.ts';
import { isRefusal } from '../accounts/principal.ts';
import type { Principal, Refusal, RequestHead } from '../accounts/principal.ts';
import { requestIdFor } from '../http/request-id.ts';
import type { Logger } from '../logging.ts';
import type { CallName, Calls, Outcome } from '../replica/calls.ts';
import { createReplicas } from '../replica/replicas.ts';
import type { Question, Replicas } from '../replica/replicas.ts';
import type { Tracing } from '../tracing.ts';
import { systemClock } from './clock.ts';
import type { SyncClock } from './clock.ts';
import { createDecoder } from './decode.ts';
import type { Fanout, SpaceEvent } from './fanout.ts';
import { NO_INSPECTION_LIMITS, UpdateInspector } from './inspect.ts';
import { SYNC_LIMITS } from './limits.ts';
import type { SyncLimits } from './limits.ts';
import { createMeasures } from './measures.ts';
import type { SyncMetrics, SyncStats } from './measures.ts';
import { createPresence } from './presence.ts';
import type { Presence } from './presence.ts';
import { Room, SpaceGoneError } from './room.ts';
import type { PendingEdit, SyncHub } from './hub.ts';
import { Session } from './session.ts';
import type { Role, SessionServices } from './session.ts';
import { createPeerServer } from './websocket.ts';
import { CLOSE, MessageReader, NOTIFY } from './wire.ts';
import type { CloseCode } from './wire.ts';

export interface SyncEndpointOptions {
  readonly database: Database;
  readonly fanout: Fanout;
  /** Asked at the upgrade and again on long sockets. Cookies of another site's page must be refused here. */
  authenticate(head: RequestHead): Promise<Principal | Refusal>;
  /** Null: no access, or no such space. */
  authorize(principal: Principal, spaceId: string): Promise<Role | null>;
  readonly logger: Logger;
  readonly metrics: SyncMetrics;
  /** Left out: no traces are sent. */
  readonly tracing?: Tracing | undefined;
  readonly limits?: SyncLimits;
  readonly clock?: SyncClock;
}

export interface SyncEndpoint {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A read or an edit of a space's document, for a caller who was let in. Throws SpaceGoneError. */
  ask<Name extends CallName>(question: Question<Name>): Promise<Outcome<Calls[Name]['value']>>;
  /** A user's sessions, tokens or memberships changed: look at their sockets now, here and elsewhere. */
  revalidate(userId: string): void;
  /** There is something new to tell a user: on their sockets that said hello, here and elsewhere. */
  notify(userId: string): void;
  stats(): SyncStats;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const BEAT_MS = 5000;
const DEVICES_MS = 1000;
/** How long a drain waits for the database before it gives up what is not committed (and was not confirmed). */
const DRAIN_COMMIT_MS = 10_000;
const DRAIN_CLOSE_MS = 2000;
const AWARENESS_STALE_MS = 45_000;
const IDENTITY_HEADERS = ['authorization', 'cookie', 'origin', 'host', 'sec-fetch-site'] as const;

interface OpenRoom {
  readonly room: Room;
  readonly loaded: Promise<void>;
}

export function createSyncEndpoint(options: SyncEndpointOptions): SyncEndpoint {
  return new Endpoint(options);
}

class Endpoint implements SyncEndpoint {
  readonly #options: SyncEndpointOptions;
  readonly #hub: SyncHub;
  readonly #presence: Presence & SessionServices;
  readonly #replicas: Replicas;
  readonly #peers;
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #sessions = new Set<Session>();
  readonly #stops: (() => void)[] = [];
  #draining = false;
  #polling = false;
  #closed: Promise<void> | null = null;
  #emptied: (() => void) | null = null;

  constructor(options: SyncEndpointOptions) {
    this.#options = options;
    const { database, fanout, logger } = options;
    const limits = options.limits ?? SYNC_LIMITS;
    const clock = options.clock ?? systemClock;
    const measures = createMeasures(options.metrics, () => this.stats());
    this.#hub = {
      database,
      fanout,
      logger,
      limits,
      clock,
      measures,
      tracing: options.tracing ?? null,
      log: createGroupCommit<PendingEdit>({
        database,
        onTrouble: (error, attempt) => logger.warn({ err: error, attempt }, 'edits wait for the database'),
        onBatch: ({ rows, durationMs }) => measures.committed(durationMs, rows),
      }),
      decoder: createDecoder(),
      inspector: new UpdateInspector(limits.inspection),
      trusting: new UpdateInspector(NO_INSPECTION_LIMITS),
      reader: new MessageReader(),
    };
    this.#replicas = createReplicas({ hub: this.#hub, open: (id, epoch) => this.#openIn(id, epoch) });
    this.#peers = createPeerServer({ maxFrameBytes: limits.maxFrameBytes });
    const presence = createPresence(this.#hub);
    this.#presence = {
      ...presence,
      closed: (session: Session) => {
        logger.debug(session.ids, 'a socket is gone');
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#emptied?.();
      },
    };
    this.#stops.push(
      clock.every(BEAT_MS, () => this.#beat()),
      clock.every(limits.pollMs, () => void this.#poll()),
      clock.every(DEVICES_MS, () => void this.#presence.flush()),
      fanout.subscribe((event) => this.#onEvent(event)),
      fanout.onRestored(() => this.#lookAtEverything()),
    );
  }

  stats(): SyncStats {
    return {
      connections: this.#sessions.size,
      rooms: this.#rooms.size,
      pendingBytes: this.#hub.log.pendingBytes,
    };
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignore);
    const spaceId = /^\/sync\/([^/?#]+)\/?(?:\?|$)/.exec(request.url ?? '')?.[1];
    if (spaceId === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    // The one that the answer will name.
    const given = request.headers['x-request-id'];
    const requestId = requestIdFor(typeof given === 'string' ? given : undefined);
    request.headers['x-request-id'] = requestId;
    this.#accept(request, socket, head, { spaceId: spaceId.toLowerCase(), requestId }).catch(
      (error: unknown) => {
        this.#hub.logger.debug({ err: error, requestId }, 'an upgrade did not succeed');
        socket.destroy();
      },
    );
  }

  async #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { spaceId, requestId }: { spaceId: string; requestId: string },
  ): Promise<void> {
    const identity = identityOf(request);
    const verdict = await this.#admit(identity, spaceId, requestId);
    const peer = await this.#peers.accept(request, socket, head);
    if ('code' in verdict) {
      this.#hub.measures.closed(verdict.code);
      this.#hub.logger.debug({ requestId, code: verdict.code }, 'a socket was not let in');
      peer.close(verdict.code, verdict.reason);
      return;
    }
    // Ours, and not the id of the request, which a client may choose.
    const connectionId = crypto.randomUUID();
    const who = { ...verdict, connectionId, head: identity, spaceId };
    const session = new Session(this.#hub, this.#presence, peer, who);
    this.#sessions.add(session);
    this.#hub.logger.debug({ requestId, ...session.ids }, 'a socket opened');
    peer.listen(session);
    try {
      const room = await this.#open(spaceId);
      if (this.#draining) session.close(CLOSE.restart, 'The server is restarting.');
      if (session.isOpen) session.enter(room);
    } catch (error) {
      if (error instanceof SpaceGoneError) session.close(CLOSE.noAccess, 'You have no access to this space.');
      else {
        this.#hub.logger.warn({ err: error, requestId, ...session.ids }, 'a space could not be loaded');
        session.close(CLOSE.later, 'The space cannot be loaded at the moment. Connect again in a while.');
      }
    }
  }

  async #admit(
    identity: RequestHead,
    spaceId: string,
    requestId: string,
  ): Promise<{ principal: Principal; role: Role } | { code: CloseCode; reason: string }> {
    if (this.#draining) return { code: CLOSE.restart, reason: 'The server is restarting.' };
    if (this.#sessions.size >= this.#hub.limits.maxSockets) {
      return { code: CLOSE.later, reason: 'The server is full. Connect again in a while.' };
    }
    try {
      const principal = await this.#options.authenticate(identity);
      if (isRefusal(principal)) return refusalToClose(principal);
      const role = isUuid(spaceId) ? await this.#options.authorize(principal, spaceId) : null;
      if (role === null) return { code: CLOSE.noAccess, reason: 'You have no access to this space.' };
      return { principal, role };
    } catch (error) {
      this.#hub.logger.warn({ err: error, requestId }, 'a socket could not be authenticated');
      return { code: CLOSE.later, reason: 'The server cannot check who you are at the moment.' };
    }
  }

  async #open(spaceId: string): Promise<Room> {
    let open = this.#rooms.get(spaceId);
    if (!open || open.room.retired) {
      const room = new Room(this.#hub, spaceId);
      open = { room, loaded: room.load() };
      this.#rooms.set(spaceId, open);
      room.emptySinceMs = this.#hub.clock.now();
    }
    try {
      await open.loaded;
    } catch (error) {
      if (this.#rooms.get(spaceId) === open) this.#rooms.delete(spaceId);
      throw error;
    }
    // It may have been retired or put away while it was waited for.
    if (open.room.retired || this.#rooms.get(spaceId) !== open) return this.#open(spaceId);
    return open.room;
  }

  ask<Name extends CallName>(question: Question<Name>): Promise<Outcome<Calls[Name]['value']>> {
    return this.#replicas.ask(question);
  }

  /** A room may have been opened before the space was restored: then what it knows is of another history. */
  async #openIn(spaceId: string, epoch: string): Promise<Room> {
    const room = await this.#open(spaceId);
    if (room.epoch === epoch) return room;
    const head = await readHead(this.#hub.database, spaceId);
    if (!head) throw new SpaceGoneError(spaceId);
    if (room.epoch === head.epoch) return room;
    room.retire('The space was restored. Connect again.');
    return this.#open(spaceId);
  }

  // --- what runs by the clock

  #beat(): void {
    const now = this.#hub.clock.now();
    for (const session of this.#sessions) {
      session.goOnIfPossible();
      if (session.beat(now) && now >= session.recheckAtMs) void this.#recheck(session);
    }
    for (const { room } of this.#rooms.values()) {
      const gone = room.awareness.expire(now - AWARENESS_STALE_MS);
      if (gone) room.relayAwareness(gone, null, false);
    }
    this.#putAwayIdleRooms(now);
    this.#replicas.sweep();
  }

  #putAwayIdleRooms(now: number): void {
    for (const [spaceId, { room }] of this.#rooms) {
      if (room.retired && !room.isCommitting) this.#rooms.delete(spaceId);
      else if (
        room.sessions.size === 0 &&
        !room.isCommitting &&
        now > room.keepUntilMs &&
        now - room.emptySinceMs > this.#hub.limits.idleRoomMs
      ) {
        room.retired = true;
        this.#rooms.delete(spaceId);
      }
    }
  }

  /** Repairs what lost notifications leave behind. */
  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      // With what each knew before the question: it may commit more before the answer is here.
      const rooms = [...this.#rooms.values()]
        .map(({ room }) => ({ room, seq: room.seq }))
        .filter(({ room }) => room.sessions.size > 0);
      if (rooms.length === 0) return;
      const heads = await readHeads(
        this.#hub.database,
        rooms.map(({ room }) => room.spaceId),
      );
      for (const { room, seq } of rooms) {
        const head = heads.get(room.spaceId);
        if (head === undefined) this.#spaceGone(room);
        else if (head > room.seq) room.onHead(head);
        else if (head < seq) room.retire('The space was restored. Connect again.');
      }
    } catch (error) {
      this.#hub.logger.debug({ err: error }, 'the heads of open spaces could not be read');
    } finally {
      this.#polling = false;
    }
  }

  #spaceGone(room: Room): void {
    room.retired = true;
    for (const session of [...room.sessions]) session.close(CLOSE.noAccess, 'This space was deleted.');
  }

  async #recheck(session: Session): Promise<void> {
    if (session.rechecking) return;
    session.rechecking = true;
    try {
      const who = await this.#options.authenticate(session.head);
      if (isRefusal(who)) {
        const { code, reason } = refusalToClose(who);
        session.close(code, reason);
        return;
      }
      // The session of a revoked device has ended with it; a token has not.
      const { deviceId, userId } = session;
      const isRevoked =
        who.via === 'bearer' &&
        deviceId !== null &&
        (await isDeviceRevoked(this.#hub.database, { userId, deviceId }));
      if (isRevoked) {
        session.close(CLOSE.unauthenticated, 'This device was revoked. Sign in again.');
        return;
      }
      const role = await this.#options.authorize(who, session.spaceId);
      if (role === null) session.close(CLOSE.noAccess, 'You have no access to this space any more.');
      else session.role = role;
    } catch (error) {
      // Nobody is sent away because the database is; the next beat asks again.
      this.#hub.logger.debug({ err: error, ...session.ids }, 'a socket could not be checked again');
      return;
    } finally {
      session.rechecking = false;
    }
    session.recheckAtMs = this.#hub.clock.now() + this.#hub.limits.recheckMs;
  }

  revalidate(userId: string): void {
    this.#recheckUser(userId);
    this.#hub.fanout.announce({ kind: 'user', spaceId: userId });
  }

  notify(userId: string): void {
    this.#notifyHere(userId);
    this.#hub.fanout.announce({ kind: 'notify', spaceId: userId });
  }

  #notifyHere(userId: string): void {
    for (const session of this.#sessions) {
      if (session.userId === userId && session.wantsHead) session.send(NOTIFY);
    }
  }

  #recheckUser(userId: string): void {
    for (const session of this.#sessions) if (session.userId === userId) void this.#recheck(session);
  }

  // --- what other processes say

  #onEvent(event: SpaceEvent): void {
    if (event.kind === 'user') return this.#recheckUser(event.spaceId);
    if (event.kind === 'notify') return this.#notifyHere(event.spaceId);
    // For the workers.
    if (event.kind === 'plan') return;
    if (event.kind === 'hello') return this.#introduceThosePresent();
    const room = this.#rooms.get(event.spaceId)?.room;
    if (!room || room.retired) return;
    switch (event.kind) {
      case 'head':
        return room.onHead(event.seq ?? 0, event.trace);
      case 'snapshot':
        return this.#inBackground(room, room.adoptSnapshot());
      case 'clients':
        return this.#inBackground(room, room.loadOwners());
      case 'devices':
        return this.#presence.changed(room);
      case 'awareness': {
        const news = event.data ? room.awareness.apply(null, event.data, this.#hub.clock.now()) : null;
        if (news) room.relayAwareness(news, null, false);
        return;
      }
    }
  }

  /** For a process that has just begun to listen. */
  #introduceThosePresent(): void {
    for (const [spaceId, { room }] of this.#rooms) {
      const present = room.awareness.all();
      if (present) this.#hub.fanout.announce({ kind: 'awareness', spaceId, data: present });
    }
  }

  #lookAtEverything(): void {
    for (const { room } of this.#rooms.values()) {
      this.#inBackground(room, room.loadOwners());
      this.#inBackground(
        room,
        room.catchUp().then(() => room.adoptSnapshot()),
      );
      this.#presence.changed(room);
    }
  }

  #inBackground(room: Room, work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#hub.logger.warn({ err: error, spaceId: room.spaceId }, 'a space could not be brought up to date'),
    );
  }

  // --- the end

  async drain(): Promise<void> {
    this.#draining = true;
    for (const session of this.#sessions) session.stopReading();
    await this.#atMost(DRAIN_COMMIT_MS, this.#hub.log.flushed());
    const emptied = new Promise<void>((resolve) => {
      if (this.#sessions.size === 0) resolve();
      else this.#emptied = resolve;
    });
    for (const session of [...this.#sessions]) session.close(CLOSE.restart, 'The server is restarting.');
    await this.#atMost(DRAIN_CLOSE_MS, emptied);
    await this.#atMost(DRAIN_CLOSE_MS, this.#presence.flush());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#draining = true;
    for (const stop of this.#stops) stop();
    for (const session of [...this.#sessions]) session.terminate();
    await this.#hub.log.close();
    await this.#replicas.close();
    await this.#hub.decoder.close();
    this.#rooms.clear();
    this.#peers.close();
  }

  async #atMost(ms: number, work: Promise<void>): Promise<void> {
    let cancel = ignore;
    const late = new Promise<void>((resolve) => {
      cancel = this.#hub.clock.after(ms, resolve);
    });
    await Promise.race([work, late]);
    cancel();
  }
}

function ignore(): void {}

/** Only what says who is there: a whole request per socket would be most of its memory. */
function identityOf(request: IncomingMessage): RequestHead {
  const headers: Record<string, string> = {};
  for (const name of IDENTITY_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { headers };
}

function refusalToClose(refusal: Refusal): { code: CloseCode; reason: string } {
  const code = refusal.code === 'cross-origin' ? CLOSE.noAccess : CLOSE.unauthenticated;
  return { code, reason: refusal.reason };
}
