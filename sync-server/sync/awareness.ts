/**
 * Who is present in a room: awareness states, relayed and forgotten.
 *
 * Promise: a state belongs to the socket that first brought its client id; no other socket can change or
 * remove it. When the socket goes, its states are removed for everyone. Only what is newer is relayed, so
 * that stock clients, which send on what they are told, cannot make an echo grow.
 * Limits: nothing is stored; the number and size of states are bounded per socket; a state is JSON and is
 * checked to be, because stock clients parse it without a guard.
 * Source: y-protocols 1.0.7 awareness.js.
 */
import { MalformedError, MessageReader, varUintLength, writeVarUint } from './wire.ts';

export interface AwarenessLimits {
  readonly maxAwarenessClientsPerSocket: number;
  readonly maxAwarenessStateBytes: number;
}

interface Presence<Owner> {
  clock: number;
  /** The JSON text, encoded; null once the client is gone. */
  state: Buffer | null;
  /** Null: a socket of another process. */
  owner: Owner | null;
  seenMs: number;
}

interface Change {
  readonly client: number;
  readonly clock: number;
  readonly state: Buffer | null;
}

const NULL_STATE = Buffer.from('null');
const MAX_GONE = 1000;
const MAX_JSON_DEPTH = 64;

export class AwarenessTable<Owner extends object> {
  readonly #present = new Map<number, Presence<Owner>>();
  /** Last clocks of clients that are gone: a late echo of an old state must not bring them back. */
  readonly #gone = new Map<number, number>();
  readonly #limits: AwarenessLimits;

  constructor(limits: AwarenessLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#present.size;
  }

  /** Takes an update from a socket (or, with null, from another process); returns what is new, encoded. */
  apply(owner: Owner | null, update: Uint8Array, nowMs: number): Uint8Array | null {
    const changes: Change[] = [];
    let owned = -1;
    for (const change of this.#read(update)) {
      const known = this.#present.get(change.client);
      if (known) {
        if (known.owner !== owner) continue;
        const newer = change.clock > known.clock || (change.clock === known.clock && change.state === null);
        if (!newer) {
          known.seenMs = nowMs;
          continue;
        }
        if (change.state === null) this.#forget(change.client, change.clock);
        else Object.assign(known, { clock: change.clock, state: change.state, seenMs: nowMs });
      } else {
        if (change.state === null || change.clock <= (this.#gone.get(change.client) ?? -1)) continue;
        if (owner) {
          if (owned < 0) owned = this.#ownedBy(owner);
          if (++owned > this.#limits.maxAwarenessClientsPerSocket) continue;
        }
        this.#gone.delete(change.client);
        this.#present.set(change.client, { clock: change.clock, state: change.state, owner, seenMs: nowMs });
      }
      changes.push(change);
    }
    return changes.length === 0 ? null : encode(changes);
  }

  /** The socket is gone: its states too. Returns what to tell the others. */
  leave(owner: Owner): Uint8Array | null {
    return this.#removeWhere((presence) => presence.owner === owner);
  }

  /** States of other processes that were not renewed. */
  expire(beforeMs: number): Uint8Array | null {
    return this.#removeWhere((presence) => presence.owner === null && presence.seenMs < beforeMs);
  }

  /** Everyone who is present; null when nobody is. */
  all(): Uint8Array | null {
    if (this.#present.size === 0) return null;
    return encode([...this.#present].map(([client, { clock, state }]) => ({ client, clock, state })));
  }

  #removeWhere(leaves: (presence: Presence<Owner>) => boolean): Uint8Array | null {
    const changes: Change[] = [];
    for (const [client, presence] of this.#present) {
      if (!leaves(presence)) continue;
      changes.push({ client, clock: presence.clock + 1, state: null });
      this.#forget(client, presence.clock + 1);
    }
    return changes.length === 0 ? null : encode(changes);
  }

  #forget(client: number, clock: number): void {
    this.#present.delete(client);
    this.#gone.set(client, clock);
    if (this.#gone.size > MAX_GONE) this.#gone.delete(this.#gone.keys().next().value as number);
  }

  #ownedBy(owner: Owner): number {
    let count = 0;
    for (const presence of this.#present.values()) if (presence.owner === owner) count++;
    return count;
  }

  #read(update: Uint8Array): Change[] {
    const reader = new MessageReader();
    reader.reset(update);
    const count = reader.varUint();
    if (count > (update.length - reader.pos) / 3)
      throw new MalformedError('an awareness update that is cut off');
    if (count > 10_000) throw new MalformedError(`an awareness update about ${count} clients`);
    const changes: Change[] = [];
    for (let i = 0; i < count; i++) {
      const client = reader.varUint();
      const clock = reader.varUint();
      const length = reader.bytesLength();
      if (length > this.#limits.maxAwarenessStateBytes) {
        throw new MalformedError(`an awareness state of ${length} bytes`);
      }
      // A copy: the state outlives the socket's buffer.
      const state = Buffer.from(update.subarray(reader.pos, reader.pos + length));
      reader.pos += length;
      const isNull = state.equals(NULL_STATE);
      if (!isNull) checkJson(state);
      changes.push({ client, clock, state: isNull ? null : state });
    }
    return changes;
  }
}

function checkJson(bytes: Buffer): void {
  let depth = 0;
  for (const byte of bytes) {
    if (byte === 0x5b || byte === 0x7b) depth++;
    if (depth > MAX_JSON_DEPTH) throw new MalformedError('an awareness state nested too deep');
  }
  try {
    JSON.parse(bytes.toString());
  } catch {
    throw new MalformedError('an awareness state that is no JSON');
  }
}

function encode(changes: readonly Change[]): Uint8Array {
  let length = varUintLength(changes.length);
  for (const { client, clock, state } of changes) {
    const size = (state ?? NULL_STATE).length;
    length += varUintLength(client) + varUintLength(clock) + varUintLength(size) + size;
  }
  const bytes = new Uint8Array(length);
  let at = writeVarUint(bytes, 0, changes.length);
  for (const { client, clock, state } of changes) {
    const text = state ?? NULL_STATE;
    at = writeVarUint(bytes, at, client);
    at = writeVarUint(bytes, at, clock);
    at = writeVarUint(bytes, at, text.length);
    bytes.set(text, at);
    at += text.length;
  }
  return bytes;
}
