/**
 * What is deleted in a document: ranges of clocks per client, merged.
 *
 * Promise: tells exactly which deletions of a delete set are not known yet, so that a client that comes back
 * with the whole delete set of its document adds to the log only what is new, which is mostly nothing.
 * Limits: it holds two numbers per range for as long as the room lives; it is built only once a client
 * sends a delete set with a sync step 2.
 * Source of the encoding: yjs 13.6 src/utils/DeleteSet.js, V1.
 */
import { MessageReader, varUintLength, writeVarUint } from './wire.ts';

export class DeleteIndex {
  /** Flat pairs [from, to), ascending, neither overlapping nor touching. */
  readonly #ranges = new Map<number, number[]>();

  /** Adds the delete set that lies in `bytes` from `start`. It must have been inspected. */
  addEncoded(bytes: Uint8Array, start: number): void {
    forEachRange(bytes, start, (client, from, to) => this.add(client, from, to));
  }

  add(client: number, from: number, to: number): void {
    const ranges = this.#ranges.get(client);
    if (!ranges) {
      this.#ranges.set(client, [from, to]);
      return;
    }
    const last = ranges.length - 1;
    if (from > (ranges[last] as number)) {
      ranges.push(from, to);
      return;
    }
    // The first range that ends at or after `from`, and the first that begins after `to`.
    const first = firstPair(ranges, (i) => (ranges[i + 1] as number) >= from);
    const beyond = firstPair(ranges, (i) => (ranges[i] as number) > to);
    if (first === beyond) ranges.splice(first, 0, from, to);
    else {
      const start = Math.min(from, ranges[first] as number);
      const end = Math.max(to, ranges[beyond - 1] as number);
      ranges.splice(first, beyond - first, start, end);
    }
  }

  has(client: number, from: number, to: number): boolean {
    const ranges = this.#ranges.get(client);
    if (!ranges) return false;
    const at = firstPair(ranges, (i) => (ranges[i + 1] as number) >= to);
    return at < ranges.length && (ranges[at] as number) <= from;
  }

  /** The part of an encoded, inspected delete set that is not in here, encoded; null when there is none. */
  missing(bytes: Uint8Array, start: number): Uint8Array | null {
    const missing = new Map<number, number[]>();
    forEachRange(bytes, start, (client, from, to) => {
      if (this.has(client, from, to)) return;
      const list = missing.get(client);
      if (list) list.push(from, to);
      else missing.set(client, [from, to]);
    });
    return missing.size === 0 ? null : encodeRanges(missing);
  }
}

export function encodeRanges(ranges: ReadonlyMap<number, readonly number[]>): Uint8Array {
  let length = varUintLength(ranges.size);
  for (const [client, list] of ranges) {
    length += varUintLength(client) + varUintLength(list.length / 2);
    for (let i = 0; i < list.length; i += 2) {
      const from = list[i] as number;
      length += varUintLength(from) + varUintLength((list[i + 1] as number) - from);
    }
  }
  const bytes = new Uint8Array(length);
  let at = writeVarUint(bytes, 0, ranges.size);
  for (const [client, list] of ranges) {
    at = writeVarUint(bytes, at, client);
    at = writeVarUint(bytes, at, list.length / 2);
    for (let i = 0; i < list.length; i += 2) {
      const from = list[i] as number;
      at = writeVarUint(bytes, at, from);
      at = writeVarUint(bytes, at, (list[i + 1] as number) - from);
    }
  }
  return bytes;
}

export function forEachRange(
  bytes: Uint8Array,
  start: number,
  visit: (client: number, from: number, to: number) => void,
): void {
  const reader = new MessageReader();
  reader.reset(bytes);
  reader.pos = start;
  const clients = reader.varUint();
  for (let i = 0; i < clients; i++) {
    const client = reader.varUint();
    const count = reader.varUint();
    for (let j = 0; j < count; j++) {
      const from = reader.varUint();
      visit(client, from, from + reader.varUint());
    }
  }
}

/** Index of the first pair for which the condition holds, which holds for all after it too. */
function firstPair(ranges: readonly number[], holds: (index: number) => boolean): number {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle * 2)) high = middle;
    else low = middle + 1;
  }
  return low * 2;
}
