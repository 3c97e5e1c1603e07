/**
 * Reads and edits of spaces for callers that have no document: the API.
 *
 * Promise: an answer knows everything that was committed before it was asked for, on whatever process, and nothing
 * that is not committed by the time it is given. An edit is admitted to its room like one of a socket, committed
 * with the others, and then relayed; who asked is written beside it. Edits of one space by this process follow each
 * other; those of other processes are concurrent, which the document merges. A replica whose edit was not committed
 * is forgotten together with the client id that it wrote under, so nothing half is ever built upon.
 * Limits: at most MAX_REPLICAS documents and MAX_BYTES of updates are held, the longest unused go first, and each goes
 * with its room (KEEP_MS after the last call). A commit that takes longer than COMMIT_WAIT_MS is answered as unknown.
 * Why one client id for a process and space: an id costs every later transaction of the document, so it is kept when a
 * replica is put away, and taken up again where the document ends exactly where the id does.
 */
import { randomInt } from 'node:crypto';
import { registerClients } from '@holdfast/db/devices.ts';
import { ownerKey } from '../sync/hub.ts';
import type { RoomMember, SyncHub } from '../sync/hub.ts';
import type { Room } from '../sync/room.ts';
import { WRITING_CALLS } from './calls.ts';
import type { CallName, Caller, Calls, Outcome } from './calls.ts';
import { createReplicaThread } from './thread.ts';
import type { ThreadResponse } from './thread.ts';

/** Who asks, as it stands beside an edit in the log. */
export interface Author {
  readonly userId: string;
  readonly deviceId: string;
  readonly role: RoomMember['role'];
}

export interface Question<Name extends CallName> {
  readonly spaceId: string;
  /** What the database said when the caller was let in; the answer is at least as new. */
  readonly head: number;
  readonly epoch: string;
  readonly author: Author;
  readonly caller: Caller;
  readonly name: Name;
  readonly input: Calls[Name]['input'];
}

/** `isUnknown`: it may yet be stored, or already be. Otherwise nothing of it is, nor will be. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  readonly isUnknown: boolean;

  constructor(isUnknown: boolean, cause?: unknown) {
    super(isUnknown ? 'It is not known whether the edit is stored.' : 'The edit was not stored.', { cause });
    this.isUnknown = isUnknown;
  }
}

export interface Replicas {
  ask<Name extends CallName>(question: Question<Name>): Promise<Outcome<Calls[Name]['value']>>;
  /** Forgets what nobody can use any more; call it now and then. */
  sweep(): void;
  close(): Promise<void>;
}

export interface ReplicasOptions {
  readonly hub: SyncHub;
  /** A room of the space as it is in this epoch. */
  readonly open: (spaceId: string, epoch: string) => Promise<Room>;
}

const KEEP_MS = 10 * 60_000;
const MAX_REPLICAS = 100;
const MAX_BYTES = 64 * 1024 * 1024;
/** What may wait in the thread for a call that does not come. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const COMMIT_WAIT_MS = 15_000;
const MAX_ATTEMPTS = 5;
const MAX_KNOWN_IDS = 10_000;
/** No account has this id: what is registered for it, no socket may write with. */
const OWNER = 'holdfast';

interface Live {
  readonly number: number;
  readonly room: Room;
  bytes: number;
  waitingBytes: number;
  /** Edits that are admitted and not committed yet. */
  uncommitted: number;
  clientId: number | null;
  preparing: Promise<void> | null;
  hasWritten: boolean;
}

interface Settled<T> {
  readonly outcome: Outcome<T>;
  /** What the answer builds on and the database does not have yet. */
  readonly committed: Promise<void> | null;
}

export function createReplicas({ hub, open }: ReplicasOptions): Replicas {
  /** In the order of use. */
  const lives = new Map<Room, Live>();
  const clientIds = new Map<string, number>();
  const owner = ownerKey(OWNER, `api-${hub.fanout.processKey}`);
  const thread = createReplicaThread(() => {
    for (const live of [...lives.values()]) forget(live);
  });
  let lastNumber = 0;

  function liveOf(room: Room): Live {
    let live = lives.get(room);
    if (live) lives.delete(room);
    else live = load(room);
    lives.set(room, live);
    room.keepUntilMs = hub.clock.now() + KEEP_MS;
    makeRoom(live);
    return live;
  }

  function load(room: Room): Live {
    const updates = room.updates();
    const made: Live = {
      number: ++lastNumber,
      room,
      bytes: updates.reduce((sum, update) => sum + update.length, 0),
      waitingBytes: 0,
      uncommitted: 0,
      clientId: null,
      preparing: null,
      hasWritten: false,
    };
    thread.load(made.number, updates);
    room.observer = (update, from) => {
      // What it wrote itself it has.
      if (from instanceof ReplicaWriter && from.live === made) return;
      made.bytes += update.length;
      made.waitingBytes += update.length;
      if (made.waitingBytes > MAX_WAITING_BYTES) forget(made);
      else thread.take(made.number, update);
    };
    return made;
  }

  function makeRoom(newest: Live): void {
    let bytes = 0;
    for (const live of lives.values()) bytes += live.bytes;
    for (const live of [...lives.values()]) {
      if (lives.size <= MAX_REPLICAS && bytes <= MAX_BYTES) return;
      if (live === newest || live.uncommitted > 0) continue;
      bytes -= live.bytes;
      forget(live);
    }
  }

  function forget(live: Live): void {
    if (lives.get(live.room) !== live) return;
    lives.delete(live.room);
    live.room.observer = null;
    live.room.keepUntilMs = 0;
    thread.drop(live.number);
  }

  /** It holds what is not stored: neither it nor its client id is used again. */
  function giveUp(live: Live): void {
    if (clientIds.get(live.room.spaceId) === live.clientId) clientIds.delete(live.room.spaceId);
    forget(live);
  }

  async function prepare(live: Live): Promise<void> {
    const { room } = live;
    const known = clientIds.get(room.spaceId);
    if (known !== undefined) {
      live.clientId = known;
      return;
    }
    for (;;) {
      const id = randomInt(1, 2 ** 32);
      if (room.clockOf(id) > 0) continue;
      const device = { userId: OWNER, deviceId: owner.slice(OWNER.length + 1) };
      await registerClients(hub.database, room.spaceId, device, [id]);
      await room.loadOwners();
      hub.fanout.announce({ kind: 'clients', spaceId: room.spaceId });
      if (room.ownerOf(id) !== owner || room.clockOf(id) > 0) continue;
      if (clientIds.size >= MAX_KNOWN_IDS) clientIds.delete(clientIds.keys().next().value ?? '');
      clientIds.set(room.spaceId, id);
      live.clientId = id;
      return;
    }
  }

  /** Null: what was asked has to be asked again, of a new replica. */
  function once<Name extends CallName>(
    live: Live,
    { name, input, caller, author }: Question<Name>,
  ): Promise<Settled<Calls[Name]['value']> | null> {
    const { room, clientId } = live;
    const writes = WRITING_CALLS.has(name) && clientId !== null;
    const writeAs = writes ? { clientId, clock: live.hasWritten ? null : room.clockOf(clientId) } : null;
    if (writes) live.hasWritten = true;
    live.waitingBytes = 0;
    return new Promise((resolve, reject) => {
      const settle = (response: ThreadResponse): void => {
        // Others' answers of a replica that was given up meanwhile may build on what was not stored.
        if (lives.get(room) !== live) return resolve(null);
        switch (response.kind) {
          case 'gone':
            forget(live);
            return resolve(null);
          case 'unfit':
            giveUp(live);
            return resolve(null);
          case 'error':
            forget(live);
            return reject(new Error(`${name} failed in the thread: ${response.error}`));
          case 'answer':
            break;
        }
        const { update } = response.answer;
        const outcome = response.answer.outcome as Outcome<Calls[Name]['value']>;
        if (!update) return resolve({ outcome, committed: live.uncommitted > 0 ? room.committed() : null });
        if (!outcome.ok) {
          // It went wrong half way. None of it was admitted, so the client id is as good as before.
          forget(live);
          return resolve({ outcome, committed: null });
        }
        // Here and not after a wait, so that edits are admitted in the order in which they were made.
        const clock = room.clockOf(clientId ?? 0);
        try {
          const admission = room.admit(
            new ReplicaWriter(author, owner, live),
            update,
            0,
            update.length,
            false,
          );
          // Taken and yet not new: someone else wrote under this id.
          if (admission.kind !== 'taken' || room.clockOf(clientId ?? 0) === clock) {
            giveUp(live);
            return resolve(null);
          }
        } catch (error) {
          giveUp(live);
          return reject(error instanceof Error ? error : new Error(String(error)));
        }
        live.bytes += update.length;
        live.uncommitted++;
        const committed = room.committed();
        committed.then(
          () => void live.uncommitted--,
          () => giveUp(live),
        );
        resolve({ outcome, committed });
      };
      thread.call({ replica: live.number, name, input, caller, writeAs }, settle);
    });
  }

  async function stored(live: Live, committed: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<'late'>();
    const cancel = hub.clock.after(COMMIT_WAIT_MS, () => late.resolve('late'));
    try {
      if ((await Promise.race([committed, late.promise])) !== 'late') return;
    } catch (error) {
      throw new NotStoredError(false, error);
    } finally {
      cancel();
    }
    giveUp(live);
    throw new NotStoredError(true);
  }

  return {
    async ask(question) {
      const { spaceId, head, epoch, name } = question;
      if (hub.log.pendingBytes > hub.limits.maxUncommittedBytes) throw new NotStoredError(false);
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const room = await open(spaceId, epoch);
        await room.reach(head);
        const live = liveOf(room);
        if (WRITING_CALLS.has(name) && live.clientId === null) {
          live.preparing ??= prepare(live).finally(() => (live.preparing = null));
          await live.preparing;
        }
        if (room.retired || lives.get(room) !== live) continue;
        const settled = await once(live, question);
        if (!settled) continue;
        if (settled.committed) await stored(live, settled.committed);
        return settled.outcome;
      }
      throw new NotStoredError(false);
    },
    sweep() {
      for (const live of [...lives.values()]) if (live.room.retired) forget(live);
    },
    async close() {
      lives.clear();
      await thread.close();
    },
  };
}

/** The author of one edit, as a room sees the sender of one. It is sent nothing: the replica has what it wrote. */
class ReplicaWriter implements RoomMember {
  /** Of no socket. */
  readonly connectionId = 'api';
  readonly userId: string;
  readonly deviceId: string;
  readonly role: RoomMember['role'];
  readonly owner: string;
  readonly live: Live;
  readonly wantsHead = false;
  uncommittedBytes = 0;
  newClients = 0;
  ticketsWaiting = 0;

  constructor({ userId, deviceId, role }: Author, owner: string, live: Live) {
    this.userId = userId;
    this.deviceId = deviceId;
    this.role = role;
    this.owner = owner;
    this.live = live;
  }

  send(): void {}
  sendState(): void {}
  close(): void {}
  onCommitted(bytes: number): void {
    this.uncommittedBytes -= bytes;
  }
}
