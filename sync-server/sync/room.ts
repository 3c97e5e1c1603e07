/**
 * One open space: what is committed of it as bytes, what it contains as a state vector, and who is there.
 *
 * Promise: an update is admitted only where it continues what is known (no gap), is relayed only after it is
 * committed, to everyone but its sender, as one buffer for all; a client that has nothing gets snapshot and
 * tail as they lie; nothing here builds a document.
 * Limits: the bytes of the snapshot and of the rows after it are held while the room is open. When the
 * database refuses what was admitted (which it does for no honest reason), everyone is sent away to come
 * back to a fresh room, because what is known here is then wrong.
 * Why admission is counted before the commit: edits arrive faster than commits, and the next edit of a
 * client continues the one that is still in flight.
 */
import { registeredClients } from '@holdfast/db/devices.ts';
import type { LogWriter } from '@holdfast/db/group-commit.ts';
import { readHead, readLatestSnapshot, readLog } from '@holdfast/db/update-log.ts';
import { AwarenessTable } from './awareness.ts';
import { continues } from './continuity.ts';
import { EditTrace } from './edit-trace.ts';
import { ownerKey } from './hub.ts';
import type { LiveMember, PendingEdit, RoomMember, SyncHub } from './hub.ts';
import { UpdateRefusedError } from './inspect.ts';
import { relay } from './relay.ts';
import { readStateVector, writeStateVector } from './state-vector.ts';
import type { StateVector } from './state-vector.ts';
import { StoredState, withDeleteSet } from './stored-state.ts';
import type { StorableUpdate } from './stored-state.ts';
import { CLOSE, EMPTY_STEP_2, awarenessFrame, headFrame, receiptFrame, updateFrame } from './wire.ts';

export type Admission =
  /** Admitted, or known already: either way a receipt waits for all that was admitted so far. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'refused'; readonly reason: string };

const TAKEN: Admission = { kind: 'taken' };
const GAP: Admission = { kind: 'gap' };
const READ_ROWS = 1000;
/** Members may bring back what others wrote for this long after a restore. */
const RESTORE_GRACE_MS = 30 * 24 * 60 * 60 * 1000;
/** Up to this many deletions a row is appended as it came: to look them up costs more than to keep them. */
const FEW_DELETIONS = 16;
/** Nested types of which the depth is remembered while the room is open. */
const MAX_NESTED = 20_000;

export class SpaceGoneError extends Error {
  constructor(spaceId: string) {
    super(`There is no space ${spaceId}.`);
    this.name = 'SpaceGoneError';
  }
}

export class Room implements LogWriter<PendingEdit> {
  readonly spaceId: string;
  readonly sessions = new Set<RoomMember>();
  readonly awareness: AwarenessTable<RoomMember>;
  /** Which session of this process writes with which client id. */
  readonly live = new Map<number, LiveMember>();
  epoch = '';
  /** Everything up to here was read or written here, without gaps. */
  seq = 0;
  /** Set when the room must not be used any more. */
  retired = false;
  emptySinceMs = 0;
  /** Something other than a socket uses it until then. */
  keepUntilMs = 0;
  /** Told of every update that is committed. `from`: whose it is, when it was taken here. */
  observer: ((update: Uint8Array, from: RoomMember | null) => void) | null = null;

  readonly #hub: SyncHub;
  readonly #vector: StateVector = new Map();
  readonly #stored: StoredState;
  /** Own rows beyond `seq`, while rows of other processes between are being read: flat [from, to] pairs. */
  #ahead: number[] = [];
  /** Client id to `userId\ndeviceId`. */
  readonly #owners = new Map<number, string>();
  readonly #roots = new Set<number>();
  readonly #nesting = new Map<string, number>();
  #restoredAtMs = 0;
  /** Admitted and not committed yet, in order. */
  readonly #flying: PendingEdit[] = [];
  #admitted = 0;
  #committed = 0;
  readonly #receipts: { session: RoomMember; ticket: number; after: number; refusal: string | null }[] = [];
  /** Who waits until this many of the admitted are committed. */
  #waiters: { readonly after: number; resolve(): void; reject(error: Error): void }[] = [];
  #catchingUp: Promise<void> | null = null;
  #catchUpAgain = false;
  #announcedSeq = 0;
  /** Of the last head that another process announced. */
  #announcedTrace: string | undefined;

  constructor(hub: SyncHub, spaceId: string) {
    this.#hub = hub;
    this.spaceId = spaceId;
    this.awareness = new AwarenessTable(hub.limits);
    this.#stored = new StoredState(hub);
  }

  /** Whether something admitted here is not committed yet. */
  get isCommitting(): boolean {
    return this.#committed < this.#admitted;
  }

  get knownHead(): number {
    return this.seq;
  }

  /** Throws SpaceGoneError, or what the database says. */
  async load(): Promise<void> {
    const { database } = this.#hub;
    const head = await readHead(database, this.spaceId);
    if (!head) throw new SpaceGoneError(this.spaceId);
    this.epoch = head.epoch;
    this.#restoredAtMs = head.restoredAt?.getTime() ?? 0;
    const snapshot = await readLatestSnapshot(database, this.spaceId);
    if (snapshot) {
      this.#stored.takeSnapshot(snapshot);
      this.seq = snapshot.seq;
      for (const [client, clock] of readStateVector(snapshot.stateVector, Infinity))
        this.#vector.set(client, clock);
    }
    await this.loadOwners();
    await this.catchUp();
  }

  async loadOwners(): Promise<void> {
    for (const { clientId, userId, deviceId } of await registeredClients(this.#hub.database, this.spaceId)) {
      this.#owners.set(clientId, ownerKey(userId, deviceId));
    }
  }

  ownerOf(client: number): string | undefined {
    return this.#owners.get(client);
  }

  clockOf(client: number): number {
    return this.#vector.get(client) ?? 0;
  }

  stateVector(): Uint8Array {
    return writeStateVector(this.#vector);
  }

  join(session: RoomMember): void {
    this.sessions.add(session);
  }

  leave(session: RoomMember): void {
    this.sessions.delete(session);
    for (const [client, holder] of this.live) if (holder === session) this.live.delete(client);
    const gone = this.awareness.leave(session);
    if (gone) this.relayAwareness(gone, null);
    if (this.sessions.size === 0) this.emptySinceMs = this.#hub.clock.now();
  }

  // --- writing

  /**
   * Decides about an update that lies in `bytes` from `start` to `end`. Throws UpdateRefusedError when it is
   * malformed. `whole` says that the client sent all it has (a step 2): then known deletions are left out.
   */
  admit(session: RoomMember, bytes: Uint8Array, start: number, end: number, whole: boolean): Admission {
    if (end - start === 2 && bytes[start] === 0 && bytes[start + 1] === 0) return TAKEN;
    const inspector = this.#hub.inspector;
    inspector.inspect(bytes, start, end, this.#nesting);
    if (session.role === 'viewer') {
      return { kind: 'refused', reason: 'You may read this space but not change it.' };
    }
    const isNew = continues(inspector, this.#vector);
    if (isNew === null) return GAP;
    if (isNew) {
      const foreign = this.#foreignClient(session);
      if (foreign !== null) {
        return {
          kind: 'refused',
          reason: `The client id ${foreign} belongs to another device; make a new one.`,
        };
      }
    }
    return this.#append(session, bytes, start, end, whole, isNew);
  }

  #append(
    session: RoomMember,
    bytes: Uint8Array,
    start: number,
    end: number,
    whole: boolean,
    isNew: boolean,
  ): Admission {
    const inspector = this.#hub.inspector;
    this.#advance(session);
    const deleteSetAt = inspector.deleteSetOffset;
    const hasDeletions = inspector.deletionCount > 0;
    let made: StorableUpdate;
    if (hasDeletions && (!isNew || (whole && inspector.deleteRanges > FEW_DELETIONS))) {
      const missing = this.#stored.missingDeletions(bytes, deleteSetAt, this.#flying);
      if (!missing && !isNew) return TAKEN;
      made = withDeleteSet(bytes, isNew ? start : -1, deleteSetAt, missing);
    } else {
      if (!isNew) return TAKEN;
      made = { ...updateFrame(bytes, start, end), deleteSetAt: hasDeletions ? deleteSetAt - start : -1 };
    }
    this.#admitted++;
    session.uncommittedBytes += made.body.length;
    const { tracing } = this.#hub;
    const { connectionId } = session;
    const edit: PendingEdit = {
      body: made.body,
      frame: made.frame,
      userId: session.userId,
      deviceId: session.deviceId,
      session,
      deleteSetAt: made.deleteSetAt,
      admittedAtMs: performance.now(),
      trace:
        tracing === null
          ? null
          : new EditTrace(tracing, { connectionId, spaceId: this.spaceId, bytes: made.body.length }),
    };
    this.#stored.noteDeletions(edit.body, edit.deleteSetAt);
    this.#flying.push(edit);
    this.#hub.log.append(this, edit);
    return TAKEN;
  }

  /** A client of the inspected update with new structs that this session may not write with. */
  #foreignClient(session: RoomMember): number | null {
    const { inspector } = this.#hub;
    const restored = this.#restoredAtMs > 0 && this.#hub.clock.now() - this.#restoredAtMs < RESTORE_GRACE_MS;
    if (restored) return null;
    for (let i = 0; i < inspector.segmentCount; i++) {
      const client = inspector.segmentClient[i] as number;
      const owner = this.#owners.get(client);
      if (owner === undefined || owner === session.owner) continue;
      if ((inspector.segmentTo[i] as number) > (this.#vector.get(client) ?? 0)) return client;
    }
    return null;
  }

  /** All checks come before the first change: an update that is refused must leave no trace. */
  #advance(session: RoomMember): void {
    const { inspector, limits } = this.#hub;
    let newRoots = 0;
    for (const root of inspector.roots) if (!this.#roots.has(root)) newRoots++;
    if (this.#roots.size + newRoots > limits.maxRootNames)
      throw new UpdateRefusedError('too many root names');
    for (let i = 0; i < inspector.segmentCount; i++) {
      if (!this.#vector.has(inspector.segmentClient[i] as number)) session.newClients++;
    }
    if (session.newClients > limits.maxNewClientsPerSocket) {
      throw new UpdateRefusedError('too many new client ids from one connection');
    }
    if (newRoots > 0) for (const root of inspector.roots) this.#roots.add(root);
    for (let i = 0; i < inspector.nestedTypes.length && this.#nesting.size < MAX_NESTED; i++) {
      this.#nesting.set(inspector.nestedTypes[i] as string, inspector.nestedDepths[i] as number);
    }
    for (let i = 0; i < inspector.segmentCount; i++) {
      const client = inspector.segmentClient[i] as number;
      const to = inspector.segmentTo[i] as number;
      if (to > (this.#vector.get(client) ?? 0)) this.#vector.set(client, to);
    }
  }

  // --- committing and relaying

  onCommitted(edits: readonly PendingEdit[], firstSeq: number): void {
    const lastSeq = firstSeq + edits.length - 1;
    this.#committed += edits.length;
    this.#flying.splice(0, edits.length);
    for (const edit of edits) edit.session.onCommitted(edit.body.length);
    if (this.#hub.tracing !== null) traceCommit(edits, firstSeq);
    this.#hub.measures.edits(edits.length);
    // Rows that were read back before this call were relayed then.
    if (lastSeq > this.seq) {
      let seq = firstSeq;
      for (const edit of edits) this.#stored.append(seq++, edit);
      for (const edit of edits) this.observer?.(edit.body, edit.session);
      relay(edits, this.sessions);
      const first = edits[0];
      if (first) this.#hub.measures.relayed(performance.now() - first.admittedAtMs);
      if (firstSeq <= this.seq + 1) {
        this.seq = lastSeq;
        this.#absorbAhead();
        this.#tellHead();
      } else {
        this.#ahead.push(firstSeq, lastSeq);
        this.#catchUpSoon();
      }
    }
    if (this.#hub.tracing !== null) for (const { trace } of edits) trace?.relayed(this.sessions.size);
    this.#answerReceipts();
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ after }) => after > this.#committed);
    for (const { after, resolve } of waiters) if (after <= this.#committed) resolve();
    if (this.#announcedSeq > this.seq) this.#catchUpSoon();
    const { trace } = edits.at(-1) as PendingEdit;
    const head = { kind: 'head', spaceId: this.spaceId, seq: lastSeq } as const;
    this.#hub.fanout.announce(trace === null ? head : { ...head, trace: trace.context });
  }

  onRefused(edits: readonly PendingEdit[], error: Error): void {
    this.#hub.logger.error(
      { err: error, spaceId: this.spaceId, edits: edits.length },
      'the database refused edits; everyone in the room must come back',
    );
    for (const { trace } of edits) trace?.refused();
    this.retire('The server could not store an edit. Connect again.');
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  /** Sends everyone away; they come back to a room that knows what is really stored. */
  retire(reason: string): void {
    this.retired = true;
    for (const session of [...this.sessions]) session.close(CLOSE.later, reason);
  }

  #send(frame: Buffer, except: RoomMember | null): void {
    for (const session of this.sessions) if (session !== except) session.send(frame);
  }

  #tellHead(): void {
    let frame: Buffer | null = null;
    for (const session of this.sessions) {
      if (!session.wantsHead) continue;
      frame ??= headFrame(this.seq);
      session.send(frame);
    }
  }

  /** The answer waits until everything that was admitted so far is committed. */
  receipt(session: RoomMember, ticket: number, refusal: string | null): void {
    if (this.#committed >= this.#admitted && this.#receipts.length === 0) {
      session.ticketsWaiting--;
      session.send(receiptFrame(ticket, refusal));
      return;
    }
    this.#receipts.push({ session, ticket, after: this.#admitted, refusal });
  }

  #answerReceipts(): void {
    let answered = 0;
    for (const { session, ticket, after, refusal } of this.#receipts) {
      if (after > this.#committed) break;
      answered++;
      session.ticketsWaiting--;
      session.send(receiptFrame(ticket, refusal));
    }
    if (answered > 0) this.#receipts.splice(0, answered);
  }

  /** Resolves when everything that was admitted so far is committed; rejects when the database refuses some of it. */
  committed(): Promise<void> {
    if (!this.isCommitting) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ after: this.#admitted, resolve, reject }));
  }

  // --- reading

  /** Sends what a client with this state vector lacks, the step 2 last. Throws MalformedError. */
  async answerStep1(session: RoomMember, stateVector: Uint8Array): Promise<void> {
    const vector = readStateVector(stateVector, this.#hub.limits.maxStateVectorEntries);
    if (vector.size === 0) this.#stored.sendAll(session);
    else await this.#stored.sendDifference(session, stateVector, vector);
    session.sendState(EMPTY_STEP_2);
    if (session.wantsHead) session.send(headFrame(this.seq));
  }

  /** The whole content as updates, for a decode elsewhere. */
  updates(): Uint8Array[] {
    return this.#stored.updates();
  }

  /** Someone says that the space has rows up to here. */
  onHead(seq: number, trace?: string): void {
    if (seq > this.#announcedSeq) this.#announcedSeq = seq;
    this.#announcedTrace = trace;
    // Own rows in flight would be read back and sent to their authors; their commit looks at this again.
    if (seq > this.seq && !this.isCommitting) this.#catchUpSoon();
  }

  /** Resolves when everything up to this sequence is here. */
  async reach(seq: number): Promise<void> {
    if (this.seq >= seq) return;
    // Own rows in flight come by their commit; read back they would be sent to their authors.
    if (this.isCommitting) await this.committed();
    if (this.seq < seq) await this.catchUp();
  }

  #catchUpSoon(): void {
    this.catchUp().catch((error: unknown) => {
      // The poll of the heads tries again.
      this.#hub.logger.warn({ err: error, spaceId: this.spaceId }, 'could not read the log');
    });
  }

  /** Reads and relays what other processes committed. */
  catchUp(): Promise<void> {
    if (this.#catchingUp) {
      this.#catchUpAgain = true;
      return this.#catchingUp;
    }
    const run = async (): Promise<void> => {
      do {
        this.#catchUpAgain = false;
        await this.#readRows();
      } while (this.#catchUpAgain);
    };
    this.#catchingUp = run().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #readRows(): Promise<void> {
    for (;;) {
      const rows = await readLog(this.#hub.database, this.spaceId, this.seq, READ_ROWS);
      const frames: Buffer[] = [];
      for (const row of rows) {
        if (row.seq <= this.seq) continue;
        if (this.#isOwn(row.seq)) continue;
        const made = updateFrame(row.body);
        if (!this.#takeRow(row.seq, made.body)) continue;
        this.#stored.append(row.seq, made);
        this.observer?.(made.body, null);
        frames.push(made.frame);
      }
      const last = rows.at(-1);
      if (last && last.seq > this.seq) {
        this.seq = last.seq;
        this.#absorbAhead();
        if (frames.length > 0) this.#relayRead(frames);
        this.#tellHead();
      }
      if (rows.length < READ_ROWS) return;
    }
  }

  #relayRead(frames: readonly Buffer[]): void {
    const span = this.#hub.tracing?.start('relay', {
      parent: this.#announcedTrace,
      attributes: {
        'holdfast.space.id': this.spaceId,
        'holdfast.rows': frames.length,
        'holdfast.sockets': this.sessions.size,
      },
    });
    this.#announcedTrace = undefined;
    this.#send(Buffer.concat(frames), null);
    span?.end();
  }

  #isOwn(seq: number): boolean {
    for (let i = 0; i < this.#ahead.length; i += 2) {
      if (seq >= (this.#ahead[i] as number) && seq <= (this.#ahead[i + 1] as number)) return true;
    }
    return false;
  }

  #absorbAhead(): void {
    for (let i = 0; i < this.#ahead.length; i += 2) {
      if ((this.#ahead[i] as number) > this.seq + 1) return;
      this.seq = Math.max(this.seq, this.#ahead[i + 1] as number);
      this.#ahead.splice(0, i + 2);
      i = -2;
    }
  }

  /** Counts a row of the log as known. False when it cannot even be inspected: it is not passed on. */
  #takeRow(seq: number, body: Uint8Array): boolean {
    const inspector = this.#hub.trusting;
    try {
      inspector.inspect(body);
    } catch (error) {
      this.#hub.logger.error(
        { err: error, spaceId: this.spaceId, seq },
        'a row of the log cannot be read; left out',
      );
      return false;
    }
    for (let i = 0; i < inspector.segmentCount; i++) {
      const client = inspector.segmentClient[i] as number;
      const known = this.#vector.get(client) ?? 0;
      const to = inspector.segmentTo[i] as number;
      if ((inspector.segmentFrom[i] as number) <= known && to > known) this.#vector.set(client, to);
    }
    if (inspector.deletionCount > 0) this.#stored.noteDeletions(body, inspector.deleteSetOffset);
    return true;
  }

  /** Replaces snapshot and tail by a newer snapshot, if there is one that is not ahead of us. */
  async adoptSnapshot(): Promise<void> {
    const snapshot = await readLatestSnapshot(this.#hub.database, this.spaceId);
    if (!snapshot || snapshot.seq <= this.#stored.snapshotSeq) return;
    if (snapshot.seq > this.seq) await this.catchUp();
    if (snapshot.seq > this.seq) return;
    this.#stored.takeSnapshot(snapshot);
  }

  // --- presence

  relayAwareness(update: Uint8Array, from: RoomMember | null, announce = true): void {
    this.#send(awarenessFrame(update), from);
    if (announce) this.#hub.fanout.announce({ kind: 'awareness', spaceId: this.spaceId, data: update });
  }
}

function traceCommit(edits: readonly PendingEdit[], firstSeq: number): void {
  edits.forEach(({ trace }, n) => trace?.committed(firstSeq + n, edits.length));
}
