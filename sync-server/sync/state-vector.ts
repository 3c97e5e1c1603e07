/**
 * State vectors: for each client the next clock. Encoded as Yjs does, held as a Map.
 *
 * Promise: reading costs no more than the bytes that are there, whatever they announce.
 * Limits: the order of clients is that of insertion, which Yjs does not mind.
 */
import { MalformedError, MessageReader, varUintLength, writeVarUint } from './wire.ts';

export type StateVector = Map<number, number>;

/** Throws MalformedError. Clients with clock 0 are left out. */
export function readStateVector(bytes: Uint8Array, maxEntries: number): StateVector {
  const reader = new MessageReader();
  reader.reset(bytes);
  const count = reader.varUint();
  if (count > (bytes.length - reader.pos) / 2) throw new MalformedError('a state vector that is cut off');
  if (count > maxEntries) throw new MalformedError(`a state vector of ${count} clients`);
  const vector: StateVector = new Map();
  for (let i = 0; i < count; i++) {
    const client = reader.varUint();
    const clock = reader.varUint();
    if (clock > 0) vector.set(client, clock);
  }
  return vector;
}

export function writeStateVector(vector: StateVector): Uint8Array {
  let length = varUintLength(vector.size);
  for (const [client, clock] of vector) length += varUintLength(client) + varUintLength(clock);
  const bytes = new Uint8Array(length);
  let at = writeVarUint(bytes, 0, vector.size);
  for (const [client, clock] of vector) {
    at = writeVarUint(bytes, at, client);
    at = writeVarUint(bytes, at, clock);
  }
  return bytes;
}

/** Whether `vector` has everything that `other` has. */
export function covers(vector: StateVector, other: StateVector): boolean {
  for (const [client, clock] of other) if ((vector.get(client) ?? 0) < clock) return false;
  return true;
}
