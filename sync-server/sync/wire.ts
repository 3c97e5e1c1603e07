/**
 * The sync wire as the server writes and reads it: y-websocket v1, plus Holdfast's own messages 100 to 106.
 *
 * Promise: every frame that is sent is built here, once, WebSocket header included, so that one buffer
 * serves every peer. Own messages go only to clients that asked for them.
 * Limits: server frames carry no mask and are never fragmented or compressed (RFC 6455, 5.2).
 * Why raw frames: a WebSocket library's `send` frames anew for every peer; with twenty peers that is most of
 * the cost of an edit.
 * Source: y-protocols PROTOCOL.md; y-websocket 3.1 src/y-websocket.js.
 */

export const MESSAGE = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  receipt: 100,
  hello: 101,
  head: 102,
  applied: 103,
  devices: 104,
  contentHash: 105,
  notify: 106,
} as const;

export const SYNC = { step1: 0, step2: 1, update: 2 } as const;

export const CLOSE = {
  restart: 1012,
  later: 1013,
  malformed: 4400,
  unauthenticated: 4401,
  noAccess: 4403,
  tooOld: 4409,
} as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** A frame that holds an update, and the place of the update in it. */
export interface UpdateFrame {
  readonly frame: Buffer;
  readonly body: Buffer;
}

/** Copies the update: what comes from a socket must not keep the socket's buffer alive. */
export function updateFrame(update: Uint8Array, start = 0, end = update.length): UpdateFrame {
  const length = end - start;
  const payload = 2 + varUintLength(length) + length;
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  let at = writeHeader(frame, payload);
  frame[at++] = MESSAGE.sync;
  frame[at++] = SYNC.update;
  at = writeVarUint(frame, at, length);
  frame.set(start === 0 && end === update.length ? update : update.subarray(start, end), at);
  return { frame, body: frame.subarray(at) };
}

/** A frame of type sync with the given step. */
export function syncFrame(step: number, bytes: Uint8Array): Buffer {
  const payload = 2 + varUintLength(bytes.length) + bytes.length;
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  let at = writeHeader(frame, payload);
  frame[at++] = MESSAGE.sync;
  frame[at++] = step;
  at = writeVarUint(frame, at, bytes.length);
  frame.set(bytes, at);
  return frame;
}

export function awarenessFrame(update: Uint8Array): Buffer {
  const payload = 1 + varUintLength(update.length) + update.length;
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  let at = writeHeader(frame, payload);
  frame[at++] = MESSAGE.awareness;
  at = writeVarUint(frame, at, update.length);
  frame.set(update, at);
  return frame;
}

export function receiptFrame(ticket: number, refusal: string | null): Buffer {
  const text = refusal === null ? null : Buffer.from(refusal);
  const payload = 1 + varUintLength(ticket) + 1 + (text ? varUintLength(text.length) + text.length : 0);
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  let at = writeHeader(frame, payload);
  frame[at++] = MESSAGE.receipt;
  at = writeVarUint(frame, at, ticket);
  frame[at++] = text ? 1 : 0;
  if (text) {
    at = writeVarUint(frame, at, text.length);
    frame.set(text, at);
  }
  return frame;
}

export function headFrame(seq: number): Buffer {
  const payload = 1 + varUintLength(seq);
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  const at = writeHeader(frame, payload);
  frame[at] = MESSAGE.head;
  writeVarUint(frame, at + 1, seq);
  return frame;
}

/** A message that carries JSON as a varString: hello, devices; with a ticket first: content hash. */
export function jsonFrame(type: number, value: unknown, ticket?: number): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const payload =
    1 + (ticket === undefined ? 0 : varUintLength(ticket)) + varUintLength(text.length) + text.length;
  const frame = Buffer.allocUnsafe(headerLength(payload) + payload);
  let at = writeHeader(frame, payload);
  frame[at++] = type;
  if (ticket !== undefined) at = writeVarUint(frame, at, ticket);
  at = writeVarUint(frame, at, text.length);
  frame.set(text, at);
  return frame;
}

/** There is something new to tell the user: ask the API. */
export const NOTIFY = Buffer.from([0x82, 1, MESSAGE.notify]);

/** Sync step 2 with nothing in it: the client's sign that it has everything. */
export const EMPTY_STEP_2 = syncFrame(SYNC.step2, new Uint8Array([0, 0]));

/**
 * Sent where nothing else was for a while: an awareness message about nobody, because stock clients drop a
 * socket that is silent for 30 s and do not count pings, and a ping, because its answer shows that the peer
 * is there.
 */
export const HEARTBEAT = Buffer.concat([awarenessFrame(new Uint8Array([0])), Buffer.from([0x89, 0])]);

/** Reads numbers and ranges off one message; what is not there throws MalformedError. */
export class MessageReader {
  bytes: Uint8Array = new Uint8Array(0);
  pos = 0;

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.pos = 0;
  }

  varUint(): number {
    const bytes = this.bytes;
    let value = 0;
    let factor = 1;
    while (this.pos < bytes.length) {
      const byte = bytes[this.pos++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      factor *= 128;
      if (factor > 2 ** 53) break;
    }
    throw new MalformedError('a number is cut off or too large');
  }

  /** The length of the bytes that follow, which begin at `pos` and are all there. */
  bytesLength(): number {
    const length = this.varUint();
    if (length > this.bytes.length - this.pos) throw new MalformedError('the message ends too early');
    return length;
  }

  text(maxBytes: number): string {
    const length = this.bytesLength();
    if (length > maxBytes) throw new MalformedError(`a text of ${length} bytes`);
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.pos, length).toString();
    this.pos += length;
    return text;
  }
}

/** The client does not speak the protocol. Ends its session with 4400. */
export class MalformedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedError';
  }
}

export function varUintLength(value: number): number {
  let length = 1;
  while (value >= 128) {
    value = Math.floor(value / 128);
    length++;
  }
  return length;
}

/** Returns the place after it. */
export function writeVarUint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 128) {
    bytes[at++] = (value % 128) | 0x80;
    value = Math.floor(value / 128);
  }
  bytes[at++] = value;
  return at;
}

function headerLength(payload: number): number {
  return payload < 126 ? 2 : payload < 65_536 ? 4 : 10;
}

/** FIN and opcode binary, then the length. */
function writeHeader(frame: Buffer, payload: number): number {
  frame[0] = 0x82;
  if (payload < 126) {
    frame[1] = payload;
    return 2;
  }
  if (payload < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(payload, 2);
    return 4;
  }
  frame[1] = 127;
  frame.writeBigUInt64BE(BigInt(payload), 2);
  return 10;
}
