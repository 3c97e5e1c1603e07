/**
 * One socket: reads its messages in order, holds it to its limits, and keeps what it is owed.
 *
 * Promise: messages are handled one after the other, whatever one of them waits for; a malformed one ends
 * this session only; a client that sends faster than edits can be committed is read no further until they
 * are; one that reads too slowly is told to come back.
 * Limits: after a gap nothing of this socket is taken until it has sent all that it has (a sync step 2),
 * which every Yjs client does when it is asked.
 */
import type { Principal, RequestHead } from '../accounts/principal.ts';
import { UpdateRefusedError } from './inspect.ts';
import { ownerKey } from './hub.ts';
import type { LiveMember, SyncHub } from './hub.ts';
import type { Room } from './room.ts';
import {
  CLOSE,
  HEARTBEAT,
  MESSAGE,
  MalformedError,
  SYNC,
  awarenessFrame,
  jsonFrame,
  syncFrame,
} from './wire.ts';
import type { CloseCode, MessageReader } from './wire.ts';
import type { Peer, PeerListener } from './websocket.ts';

export type Role = 'owner' | 'editor' | 'viewer';

/** What a session leaves to others: messages that concern more than its room's bytes. */
export interface SessionServices {
  hello(session: Session, room: Room, text: string): Promise<void>;
  applied(session: Session, room: Room, seq: number): void;
  left(session: Session, room: Room | null): void;
  /** The socket itself is gone. */
  closed(session: Session): void;
}

export class Session implements LiveMember, PeerListener {
  readonly connectionId: string;
  readonly principal: Principal;
  /** The headers that say who is there, to ask again later. */
  readonly head: RequestHead;
  readonly spaceId: string;
  role: Role;
  deviceId: string | null = null;
  owner = '';
  wantsHead = false;
  uncommittedBytes = 0;
  newClients = 0;
  ticketsWaiting = 0;
  recheckAtMs: number;
  /** Set while the owner of the socket is looked up again. */
  rechecking = false;
  /** The client ids that this session holds live in the database. */
  claimed: number[] | null = null;
  lastReceivedMs: number;

  readonly #hub: SyncHub;
  readonly #peer: Peer;
  readonly #services: SessionServices;
  #room: Room | null = null;
  /** Told once: of the next sign of life, or that there will be none. */
  #onHeard: ((alive: boolean) => void) | null = null;
  #queue: Buffer[] | null = [];
  #queuedBytes = 0;
  #busy = true;
  /** Nothing is taken until edits are committed. */
  #held = false;
  /** The server ends: nothing is taken any more. */
  #stopped = false;
  /** The socket is not read. */
  #paused = false;
  #closed = false;
  #awaitingAll = false;
  /** Tickets that came while a gap is open: they are owed once it is closed. */
  #heldTickets: number[] | null = null;
  #refusal: string | null = null;
  #hasRefused = false;
  #stateBytes = 0;
  #lastSentMs: number;
  #frameBudget: number;
  #byteBudget: number;
  #budgetAtMs: number;

  constructor(
    hub: SyncHub,
    services: SessionServices,
    peer: Peer,
    who: { connectionId: string; principal: Principal; head: RequestHead; role: Role; spaceId: string },
  ) {
    const now = hub.clock.now();
    this.#hub = hub;
    this.#services = services;
    this.#peer = peer;
    this.connectionId = who.connectionId;
    this.principal = who.principal;
    this.head = who.head;
    this.role = who.role;
    this.spaceId = who.spaceId;
    this.lastReceivedMs = now;
    this.#lastSentMs = now;
    this.#budgetAtMs = now;
    this.#frameBudget = hub.limits.frames?.burst ?? 0;
    this.#byteBudget = hub.limits.bytes?.burst ?? 0;
    this.recheckAtMs = now + hub.limits.recheckMs;
  }

  get userId(): string {
    return this.principal.userId;
  }

  /** For the log. */
  get ids(): { connectionId: string; spaceId: string; userId: string } {
    return { connectionId: this.connectionId, spaceId: this.spaceId, userId: this.userId };
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  get room(): Room | null {
    return this.#room;
  }

  /** The room is loaded: say what the server has, then take what came meanwhile. */
  enter(room: Room): void {
    this.#room = room;
    room.join(this);
    this.send(syncFrame(SYNC.step1, room.stateVector()));
    const present = room.awareness.all();
    if (present) this.send(awarenessFrame(present));
    this.#busy = false;
    void this.#drainQueue();
  }

  /** From now on only this device's client ids, and those that nobody registered, may be written with. */
  setDevice(deviceId: string): void {
    this.deviceId = deviceId;
    this.owner = ownerKey(this.userId, deviceId);
  }

  // --- what comes in

  onMessage(bytes: Buffer, isText: boolean): void {
    if (this.#closed) return;
    this.lastReceivedMs = this.#hub.clock.now();
    this.#onHeard?.(true);
    if (isText) return this.close(CLOSE.malformed, 'Text frames are not part of the protocol.');
    if (!this.#spend(bytes.length)) return this.close(CLOSE.later, 'Too fast. Connect again in a while.');
    if (this.#busy || this.#held || this.#stopped) {
      (this.#queue ??= []).push(bytes);
      this.#queuedBytes += bytes.length;
      if (this.#queuedBytes > this.#hub.limits.maxUncommittedBytesPerSocket) this.#pause();
      return;
    }
    const waiting = this.#handle(bytes);
    if (waiting) void this.#waitFor(waiting);
  }

  onPong(): void {
    this.lastReceivedMs = this.#hub.clock.now();
    this.#onHeard?.(true);
  }

  onTooLarge(): void {
    this.close(
      CLOSE.malformed,
      `A message may have ${this.#hub.limits.maxFrameBytes} bytes; send less at once.`,
    );
  }

  onClosed(): void {
    this.#closed = true;
    this.#leaveNow();
    this.#services.closed(this);
  }

  async #waitFor(waiting: Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await waiting;
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = false;
    await this.#drainQueue();
  }

  async #drainQueue(): Promise<void> {
    while (!this.#busy && !this.#held && !this.#stopped && this.#queue && this.#queue.length > 0) {
      const bytes = this.#queue.shift() as Buffer;
      this.#queuedBytes -= bytes.length;
      const waiting = this.#handle(bytes);
      if (waiting) {
        await this.#waitFor(waiting);
        return;
      }
    }
    if (this.#paused && !this.#busy && !this.#held && !this.#stopped && !this.#closed) {
      this.#paused = false;
      this.#peer.resume();
    }
  }

  /** A promise where the next message has to wait for this one. */
  #handle(bytes: Buffer): Promise<void> | null {
    try {
      return this.#dispatch(bytes);
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error: unknown): void {
    if (error instanceof MalformedError || error instanceof UpdateRefusedError) {
      this.#hub.measures.refused();
      this.#hub.logger.info({ ...this.ids, reason: error.message }, 'a message was not understood');
      this.close(CLOSE.malformed, `Not understood: ${error.message}.`);
      return;
    }
    this.#hub.logger.error({ err: error, ...this.ids }, 'a sync session failed');
    this.close(CLOSE.later, 'Something failed on the server. Connect again.');
  }

  #dispatch(bytes: Buffer): Promise<void> | null {
    const room = this.#room;
    if (!room) return null;
    const reader = this.#hub.reader;
    reader.reset(bytes);
    const type = reader.varUint();
    switch (type) {
      case MESSAGE.sync:
        return this.#sync(room, reader);
      case MESSAGE.awareness: {
        const length = reader.bytesLength();
        const update = bytes.subarray(reader.pos, reader.pos + length);
        const news = room.awareness.apply(this, update, this.lastReceivedMs);
        if (news) room.relayAwareness(news, this);
        return null;
      }
      case MESSAGE.queryAwareness: {
        const present = room.awareness.all();
        if (present) this.send(awarenessFrame(present));
        return null;
      }
      case MESSAGE.receipt:
        this.#ticket(room, reader.varUint());
        return null;
      case MESSAGE.hello:
        return this.#services.hello(this, room, reader.text(1024 * 1024));
      case MESSAGE.applied:
        this.#services.applied(this, room, reader.varUint());
        return null;
      case MESSAGE.contentHash:
        return this.#contentHash(room, reader.varUint());
      default:
        // Unknown messages are left alone: a newer client may say more than we know.
        return null;
    }
  }

  #sync(room: Room, reader: MessageReader): Promise<void> | null {
    const step = reader.varUint();
    const length = reader.bytesLength();
    const start = reader.pos;
    switch (step) {
      case SYNC.step1:
        // A whole state may wait for its reader, but not one upon the other.
        if (this.#peer.queuedBytes > this.#hub.limits.maxOutgoingBytes) {
          this.close(CLOSE.later, 'Too slow: what you asked for before is still waiting. Connect again.');
          return null;
        }
        return room.answerStep1(this, reader.bytes.subarray(start, start + length));
      case SYNC.step2:
        return this.#edit(room, reader.bytes, start, start + length, true);
      case SYNC.update:
        return this.#edit(room, reader.bytes, start, start + length, false);
      default:
        throw new MalformedError(`a sync step ${step}`);
    }
  }

  #edit(room: Room, bytes: Uint8Array, start: number, end: number, whole: boolean): Promise<void> | null {
    // Dropped, not lost: it is part of the step 2 that was asked for.
    if (this.#awaitingAll && !whole) return null;
    const admission = room.admit(this, bytes, start, end, whole);
    switch (admission.kind) {
      case 'taken':
        this.#allCame(room, whole);
        this.#holdBack();
        return null;
      case 'refused':
        this.refuse(admission.reason);
        this.#allCame(room, whole);
        return null;
      case 'gap':
        return this.#closeGap(room, bytes.slice(start, end), whole);
    }
  }

  /**
   * Something is missing before this update. Another process may have it: look there first. Else the client
   * has it, and is asked for all it has. If even that has a gap, the part before it is taken, so that one
   * hole does not keep the rest of a person's edits out.
   */
  async #closeGap(room: Room, update: Uint8Array, whole: boolean): Promise<void> {
    await room.catchUp();
    let admission = room.admit(this, update, 0, update.length, whole);
    if (admission.kind === 'gap' && !(whole && this.#awaitingAll)) {
      this.#awaitingAll = true;
      this.send(syncFrame(SYNC.step1, room.stateVector()));
      return;
    }
    if (admission.kind === 'gap') {
      const known = await this.#hub.decoder.integrable(room.updates(), update, room.stateVector());
      admission = room.admit(this, known, 0, known.length, true);
      this.refuse('Some edits build on others that are missing here, and were not taken.');
      this.#hub.measures.gap();
      this.#hub.logger.warn(this.ids, 'an update has a gap that stays');
    }
    if (admission.kind === 'refused') this.refuse(admission.reason);
    this.#allCame(room, whole);
    this.#holdBack();
  }

  #allCame(room: Room, whole: boolean): void {
    if (!whole || !this.#awaitingAll) return;
    this.#awaitingAll = false;
    const held = this.#heldTickets;
    this.#heldTickets = null;
    for (const ticket of held ?? []) this.#answer(room, ticket);
  }

  #ticket(room: Room, ticket: number): void {
    if (++this.ticketsWaiting > this.#hub.limits.maxTicketsWaiting) {
      this.close(CLOSE.later, 'Too many receipts are waiting. Connect again in a while.');
      return;
    }
    if (this.#awaitingAll) (this.#heldTickets ??= []).push(ticket);
    else this.#answer(room, ticket);
  }

  #answer(room: Room, ticket: number): void {
    const refusal = this.#refusal;
    this.#refusal = null;
    room.receipt(this, ticket, refusal);
  }

  async #contentHash(room: Room, ticket: number): Promise<void> {
    await room.catchUp();
    const seq = room.seq;
    const hash = await this.#hub.decoder.hash(room.updates());
    this.send(jsonFrame(MESSAGE.contentHash, { seq, hash }, ticket));
  }

  /** Noted for the next receipt; the session goes on. */
  refuse(reason: string): void {
    this.#refusal = reason;
    this.#hub.measures.refused();
    // The first of a connection is enough to find it by; who sends many must not fill the log.
    if (!this.#hasRefused) this.#hub.logger.info({ ...this.ids, reason }, 'an edit was refused');
    this.#hasRefused = true;
  }

  // --- keeping within bounds

  #spend(bytes: number): boolean {
    const { frames, bytes: byteLimit } = this.#hub.limits;
    if (!frames || !byteLimit) return true;
    const elapsedMs = Math.max(0, this.lastReceivedMs - this.#budgetAtMs);
    this.#budgetAtMs = this.lastReceivedMs;
    this.#frameBudget = Math.min(frames.burst, this.#frameBudget + (elapsedMs * frames.perSecond) / 1000) - 1;
    this.#byteBudget =
      Math.min(byteLimit.burst, this.#byteBudget + (elapsedMs * byteLimit.perSecond) / 1000) - bytes;
    return this.#frameBudget >= 0 && this.#byteBudget >= 0;
  }

  /** After an edit was admitted: whether the next may follow it now. */
  #holdBack(): void {
    if (this.#hub.log.pendingBytes > this.#hub.limits.maxUncommittedBytesHard) {
      this.close(
        CLOSE.later,
        'The server cannot store edits as fast as they come. Connect again in a while.',
      );
    } else if (!this.#mayTakeMore(1)) {
      this.#held = true;
      this.#pause();
    }
  }

  #mayTakeMore(share: number): boolean {
    const { limits, log } = this.#hub;
    return (
      this.uncommittedBytes <= limits.maxUncommittedBytesPerSocket * share &&
      log.pendingBytes <= limits.maxUncommittedBytes * share
    );
  }

  onCommitted(bytes: number): void {
    this.uncommittedBytes -= bytes;
    this.goOnIfPossible();
  }

  /** Also called now and then by the endpoint: another session's commit may have made room. */
  goOnIfPossible(): void {
    if (!this.#held || this.#closed || !this.#mayTakeMore(0.5)) return;
    this.#held = false;
    if (!this.#busy) void this.#drainQueue();
  }

  #pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#peer.pause();
  }

  /** For a drain: nothing more is taken from this socket. */
  stopReading(): void {
    this.#stopped = true;
    this.#pause();
  }

  // --- what goes out

  send(frames: Buffer): void {
    if (this.#closed) return;
    this.#peer.write(frames);
    this.#lastSentMs = this.#hub.clock.now();
    const queued = this.#peer.queuedBytes;
    if (queued > this.#hub.limits.maxOutgoingBytes + this.#stateBytes) {
      this.close(CLOSE.later, 'Too slow: too much is waiting to be read. Connect again.');
    } else if (queued === 0) this.#stateBytes = 0;
  }

  sendState(frames: Buffer): void {
    if (this.#closed) return;
    this.#stateBytes += frames.length;
    this.send(frames);
  }

  /** Keeps the socket alive; says whether it still is. */
  beat(nowMs: number): boolean {
    if (this.#closed) return false;
    if (nowMs - this.lastReceivedMs > this.#hub.limits.silenceMs && !this.#paused) {
      this.terminate();
      return false;
    }
    if (nowMs - this.#lastSentMs >= this.#hub.limits.heartbeatMs) this.send(HEARTBEAT);
    return true;
  }

  probe(timeoutMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    this.send(HEARTBEAT);
    return new Promise((resolve) => {
      const before = this.#onHeard;
      const cancel = this.#hub.clock.after(timeoutMs, () => resolve(false));
      this.#onHeard = (alive) => {
        this.#onHeard = null;
        cancel();
        before?.(alive);
        resolve(alive);
      };
    });
  }

  close(code: CloseCode, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.measures.closed(code);
    this.#hub.logger.debug({ ...this.ids, code }, 'the server closes a socket');
    this.#peer.close(code, reason);
    this.#leaveNow();
  }

  terminate(): void {
    this.#closed = true;
    this.#peer.terminate();
    this.#leaveNow();
  }

  /** Others see it go at once; the closing handshake may take its time. */
  #leaveNow(): void {
    if (this.#queue === null) return;
    this.#queue = null;
    this.#heldTickets = null;
    this.#onHeard?.(false);
    const room = this.#room;
    this.#room = null;
    room?.leave(this);
    this.#services.left(this, room);
  }
}
