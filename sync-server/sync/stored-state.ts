/**
 * What is committed of one space, as the bytes that lie in the database: a snapshot and the rows after it.
 *
 * Promise: a client that has nothing gets these bytes as they lie; one that has a part gets the rows that it
 * lacks and, where the snapshot must be cut, a difference made from bytes; no document is built.
 * Limits: held in memory while the room is open. What is deleted is indexed only once a client sends a whole
 * delete set.
 */
import type { StoredSnapshot } from '@holdfast/db/update-log.ts';
import { DeleteIndex } from './delete-index.ts';
import type { PendingEdit, RoomMember, SyncHub } from './hub.ts';
import { covers, readStateVector } from './state-vector.ts';
import type { StateVector } from './state-vector.ts';
import { SYNC, syncFrame, updateFrame } from './wire.ts';
import type { UpdateFrame } from './wire.ts';

interface HeldSnapshot extends UpdateFrame {
  readonly seq: number;
  readonly vector: Uint8Array;
  /** Where its delete set begins; -1 until that is looked for. */
  deleteSetAt: number;
}

interface TailRow extends UpdateFrame {
  readonly seq: number;
}

/** An update as it will be stored, with the place of its delete set; -1 when that is empty. */
export interface StorableUpdate extends UpdateFrame {
  readonly deleteSetAt: number;
}

export class StoredState {
  readonly #hub: SyncHub;
  #snapshot: HeldSnapshot | null = null;
  #tail: TailRow[] = [];
  /** The frames of the first `rows` rows of the tail in one piece, of which those rows are views. */
  #joined: { readonly rows: number; readonly frames: Buffer } | null = null;
  #deletions: DeleteIndex | null = null;

  constructor(hub: SyncHub) {
    this.#hub = hub;
  }

  get snapshotSeq(): number {
    return this.#snapshot?.seq ?? 0;
  }

  /** Replaces the snapshot and drops the rows that lie in the new one. */
  takeSnapshot(snapshot: StoredSnapshot): void {
    this.#snapshot = {
      ...updateFrame(snapshot.body),
      seq: snapshot.seq,
      vector: snapshot.stateVector,
      deleteSetAt: -1,
    };
    this.#tail = this.#tail.filter((row) => row.seq > snapshot.seq);
    // What is left may be a view of the old piece, which must not live on for it.
    if (this.#joined) this.#join();
  }

  append(seq: number, row: UpdateFrame): void {
    this.#tail.push({ seq, frame: row.frame, body: row.body });
  }

  /** The whole content as updates, for a decode elsewhere. */
  updates(): Uint8Array[] {
    const updates: Uint8Array[] = this.#snapshot ? [this.#snapshot.body] : [];
    for (const row of this.#tail) updates.push(row.body);
    return updates;
  }

  sendAll(session: RoomMember): void {
    if (this.#snapshot) session.sendState(this.#snapshot.frame);
    if (this.#tail.length - (this.#joined?.rows ?? 0) > MAX_LOOSE_ROWS) this.#join();
    if (this.#joined) session.sendState(this.#joined.frames);
    for (let i = this.#joined?.rows ?? 0; i < this.#tail.length; i++) {
      session.sendState((this.#tail[i] as TailRow).frame);
    }
  }

  /** Once for all who come: a piece of its own for each of them would be most of what a connection costs. */
  #join(): void {
    const frames = Buffer.concat(this.#tail.map((row) => row.frame));
    let at = 0;
    this.#tail = this.#tail.map(({ seq, frame, body }) => {
      const end = at + frame.length;
      const view = { seq, frame: frames.subarray(at, end), body: frames.subarray(end - body.length, end) };
      at = end;
      return view;
    });
    this.#joined = frames.length > 0 ? { rows: this.#tail.length, frames } : null;
  }

  async sendDifference(session: RoomMember, encoded: Uint8Array, vector: StateVector): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot && covers(vector, readStateVector(snapshot.vector, Infinity))) {
      // Nothing but deletions can be missing, and those no state vector shows.
      const deleteSetAt = this.#snapshotDeleteSet(snapshot);
      if (snapshot.body.length - deleteSetAt > 1) {
        session.sendState(
          syncFrame(SYNC.update, Buffer.concat([NO_STRUCTS, snapshot.body.subarray(deleteSetAt)])),
        );
      }
    } else if (snapshot) {
      session.sendState(syncFrame(SYNC.update, await this.#hub.decoder.diff(snapshot.body, encoded)));
    }
    const inspector = this.#hub.trusting;
    const frames: Buffer[] = [];
    for (const row of this.#tail) {
      inspector.inspect(row.body);
      let lacks = inspector.deletionCount > 0;
      for (let i = 0; !lacks && i < inspector.segmentCount; i++) {
        lacks = (inspector.segmentTo[i] as number) > (vector.get(inspector.segmentClient[i] as number) ?? 0);
      }
      if (lacks) frames.push(row.frame);
    }
    if (frames.length > 0) session.sendState(Buffer.concat(frames));
  }

  /**
   * The part of an encoded delete set that is not known yet; null when all of it is. `flying` are the edits
   * that are admitted and not committed yet: should they fail, the room is given up with all it knows.
   */
  missingDeletions(
    bytes: Uint8Array,
    deleteSetAt: number,
    flying: readonly PendingEdit[],
  ): Uint8Array | null {
    this.#deletions ??= this.#indexDeletions(flying);
    return this.#deletions.missing(bytes, deleteSetAt);
  }

  /** Keeps the index of deletions, if there is one, up to date. */
  noteDeletions(body: Uint8Array, deleteSetAt: number): void {
    if (deleteSetAt >= 0) this.#deletions?.addEncoded(body, deleteSetAt);
  }

  #indexDeletions(flying: readonly PendingEdit[]): DeleteIndex {
    const index = new DeleteIndex();
    const inspector = this.#hub.trusting;
    if (this.#snapshot) index.addEncoded(this.#snapshot.body, this.#snapshotDeleteSet(this.#snapshot));
    for (const row of this.#tail) {
      inspector.inspect(row.body);
      if (inspector.deletionCount > 0) index.addEncoded(row.body, inspector.deleteSetOffset);
    }
    for (const edit of flying) if (edit.deleteSetAt >= 0) index.addEncoded(edit.body, edit.deleteSetAt);
    return index;
  }

  #snapshotDeleteSet(snapshot: HeldSnapshot): number {
    if (snapshot.deleteSetAt < 0) {
      this.#hub.trusting.inspect(snapshot.body);
      snapshot.deleteSetAt = this.#hub.trusting.deleteSetOffset;
    }
    return snapshot.deleteSetAt;
  }
}

/** The structs of an update (none with `start` -1) and another delete set (none with null), as one update. */
export function withDeleteSet(
  bytes: Uint8Array,
  start: number,
  deleteSetAt: number,
  deleteSet: Uint8Array | null,
): StorableUpdate {
  const structs = start < 0 ? NO_STRUCTS : bytes.subarray(start, deleteSetAt);
  const { frame, body } = updateFrame(Buffer.concat([structs, deleteSet ?? NO_DELETIONS]));
  return { frame, body, deleteSetAt: deleteSet ? structs.length : -1 };
}

/** Rows of the tail that are sent one by one before they are joined. */
const MAX_LOOSE_ROWS = 64;
const NO_STRUCTS = new Uint8Array([0]);
const NO_DELETIONS = new Uint8Array([0]);
