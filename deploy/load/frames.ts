/**
 * The bytes that a device sends and reads, made by hand: edits as Yjs updates (version 1), and y-websocket's frames.
 *
 * Promise: an edit is byte for byte what Yjs makes of the same keys (tests/bench/load/frames.test.ts), and it runs wherever
 * JavaScript does.
 * Limits: only what a load test writes: new keys, and keys of one's own that are set again, in the map `tasks`.
 * Why not by Yjs: k6 has no npm, and a load that builds a document for each of thousands of devices measures itself.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface MapEntry {
  readonly key: string;
  readonly value: Json;
  /** The clock of the same writer's item at this key, which this one follows. */
  readonly follows?: number;
}

/** One item of another writer, or of one's own, that the edit takes out. */
export interface Deletion {
  readonly clientId: number;
  readonly clock: number;
}

export type ServerFrame =
  | { readonly kind: 'step1' }
  | { readonly kind: 'step2' | 'update'; readonly bytes: number }
  | { readonly kind: 'receipt'; readonly ticket: number; readonly status: number }
  | { readonly kind: 'other' };

const MESSAGE = { sync: 0, receipt: 100 } as const;
const STEP = { step1: 0, step2: 1, update: 2 } as const;
const ROOT = 'tasks';

/** Of Yjs' items: the content is JSON-like, the item is at a key, it has an item before it. */
const ITEM = { contentAny: 8, hasKey: 0x20, hasOrigin: 0x80 } as const;
const ANY = { object: 118, array: 117, text: 119, yes: 120, no: 121, float64: 123, integer: 125, none: 126 };
const MAX_INTEGER = 0x7fffffff;

/** An update of one writer: `entries` from its `clock` on, and what they replace. */
export function encodeUpdate(
  clientId: number,
  clock: number,
  entries: readonly MapEntry[],
  deletions: readonly Deletion[] = [],
): Uint8Array {
  const out: number[] = [];
  for (const number of [1, entries.length, clientId, clock]) writeVarUint(out, number);
  for (const { key, value, follows } of entries) {
    if (follows === undefined) {
      out.push(ITEM.contentAny | ITEM.hasKey);
      // The parent is a root, and this is its name.
      out.push(1);
      writeText(out, ROOT);
      writeText(out, key);
    } else {
      out.push(ITEM.contentAny | ITEM.hasKey | ITEM.hasOrigin);
      writeVarUint(out, clientId);
      writeVarUint(out, follows);
    }
    out.push(1);
    writeAny(out, value);
  }
  writeDeletions(out, deletions);
  return Uint8Array.from(out);
}

export function encodeStateVector(clocks: ReadonlyMap<number, number>): Uint8Array {
  const out: number[] = [];
  writeVarUint(out, clocks.size);
  // Yjs writes them in this order too.
  for (const [clientId, clock] of [...clocks].sort((a, b) => b[0] - a[0])) {
    writeVarUint(out, clientId);
    writeVarUint(out, clock);
  }
  return Uint8Array.from(out);
}

export const EMPTY_STATE_VECTOR = Uint8Array.from([0]);
export const EMPTY_UPDATE = Uint8Array.from([0, 0]);

export function step1Frame(stateVector: Uint8Array): Uint8Array {
  return syncFrame(STEP.step1, stateVector);
}

export function step2Frame(update: Uint8Array): Uint8Array {
  return syncFrame(STEP.step2, update);
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return syncFrame(STEP.update, update);
}

/** Asks to be told when everything sent so far is in the database. */
export function receiptFrame(ticket: number): Uint8Array {
  const out: number[] = [];
  writeVarUint(out, MESSAGE.receipt);
  writeVarUint(out, ticket);
  return Uint8Array.from(out);
}

export function readFrame(frame: Uint8Array): ServerFrame {
  let at = 0;
  const readVarUint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = frame[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const type = readVarUint();
  if (type === MESSAGE.sync) {
    const step = readVarUint();
    const bytes = readVarUint();
    if (step === STEP.step1) return { kind: 'step1' };
    return { kind: step === STEP.step2 ? 'step2' : 'update', bytes };
  }
  if (type === MESSAGE.receipt) return { kind: 'receipt', ticket: readVarUint(), status: readVarUint() };
  return { kind: 'other' };
}

function syncFrame(step: number, body: Uint8Array): Uint8Array {
  const head: number[] = [MESSAGE.sync, step];
  writeVarUint(head, body.length);
  const frame = new Uint8Array(head.length + body.length);
  frame.set(head);
  frame.set(body, head.length);
  return frame;
}

function writeDeletions(out: number[], deletions: readonly Deletion[]): void {
  const clocksOf = new Map<number, number[]>();
  for (const { clientId, clock } of deletions) {
    clocksOf.set(clientId, [...(clocksOf.get(clientId) ?? []), clock]);
  }
  writeVarUint(out, clocksOf.size);
  for (const [clientId, clocks] of [...clocksOf].sort((a, b) => b[0] - a[0])) {
    writeVarUint(out, clientId);
    writeVarUint(out, clocks.length);
    for (const clock of clocks.sort((a, b) => a - b)) {
      writeVarUint(out, clock);
      writeVarUint(out, 1);
    }
  }
}

function writeVarUint(out: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    out.push(128 | (rest % 128));
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

function writeText(out: number[], text: string): void {
  const bytes = utf8(text);
  writeVarUint(out, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function writeAny(out: number[], value: Json): void {
  if (value === null) out.push(ANY.none);
  else if (typeof value === 'boolean') out.push(value ? ANY.yes : ANY.no);
  else if (typeof value === 'string') {
    out.push(ANY.text);
    writeText(out, value);
  } else if (typeof value === 'number') writeNumber(out, value);
  else if (isList(value)) {
    out.push(ANY.array);
    writeVarUint(out, value.length);
    for (const each of value) writeAny(out, each);
  } else {
    out.push(ANY.object);
    const keys = Object.keys(value);
    writeVarUint(out, keys.length);
    for (const key of keys) {
      writeText(out, key);
      writeAny(out, value[key] ?? null);
    }
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Integers up to 31 bits by their length, all others (stamps) in eight bytes. */
function writeNumber(out: number[], value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER) {
    out.push(ANY.integer, (value > 63 ? 128 : 0) | (value & 63));
    for (let rest = Math.floor(value / 64); rest > 0; rest = Math.floor(rest / 128)) {
      out.push((rest > 127 ? 128 : 0) | (rest & 127));
    }
    return;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  out.push(ANY.float64);
  for (let n = 0; n < 8; n++) out.push(view.getUint8(n));
}

/** Without TextEncoder, which k6 does not have in every version. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  const escaped = encodeURIComponent(text);
  for (let n = 0; n < escaped.length; n++) {
    if (escaped[n] === '%') {
      bytes.push(Number.parseInt(escaped.slice(n + 1, n + 3), 16));
      n += 2;
    } else bytes.push(escaped.charCodeAt(n));
  }
  return bytes;
}
