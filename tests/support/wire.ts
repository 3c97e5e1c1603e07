/**
 * The sync wire as a client speaks it, byte by byte: y-websocket v1 and Holdfast's receipt (message 100).
 *
 * Written once more here, apart from the server, on purpose: a test that encodes with the server's own
 * functions would not notice a change of the wire. It knows nothing of sockets.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

export const MESSAGE = {
  sync: 0,
  awareness: 1,
  queryAwareness: 3,
  receipt: 100,
  hello: 101,
  head: 102,
} as const;
export const SYNC = { step1: 0, step2: 1, update: 2 } as const;

/** The state vector of an empty document, and an update that holds nothing. */
export const EMPTY_STATE_VECTOR = new Uint8Array([0]);
export const EMPTY_UPDATE = new Uint8Array([0, 0]);

export interface Receipt {
  ticket: number;
  /** 0: everything sent before the ticket is committed; 1: something of it was refused. */
  status: number;
  text: string | undefined;
}

export type ServerMessage =
  | { kind: 'step1'; stateVector: Uint8Array }
  | { kind: 'step2' | 'update'; update: Uint8Array }
  | { kind: 'receipt'; receipt: Receipt }
  | { kind: 'other'; type: number };

export function step1Frame(stateVector: Uint8Array): Uint8Array {
  return syncFrame(SYNC.step1, stateVector);
}

export function step2Frame(update: Uint8Array): Uint8Array {
  return syncFrame(SYNC.step2, update);
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return syncFrame(SYNC.update, update);
}

export function receiptFrame(ticket: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.receipt);
  encoding.writeVarUint(encoder, ticket);
  return encoding.toUint8Array(encoder);
}

export function readServerMessage(frame: Uint8Array): ServerMessage {
  const decoder = decoding.createDecoder(frame);
  const type = decoding.readVarUint(decoder);
  if (type === MESSAGE.sync) {
    const step = decoding.readVarUint(decoder);
    const body = decoding.readVarUint8Array(decoder);
    if (step === SYNC.step1) return { kind: 'step1', stateVector: body };
    return { kind: step === SYNC.step2 ? 'step2' : 'update', update: body };
  }
  if (type === MESSAGE.receipt) {
    const ticket = decoding.readVarUint(decoder);
    const status = decoding.readVarUint(decoder);
    const text = decoding.hasContent(decoder) ? decoding.readVarString(decoder) : undefined;
    return { kind: 'receipt', receipt: { ticket, status, text } };
  }
  return { kind: 'other', type };
}

function syncFrame(step: number, body: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.sync);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, body);
  return encoding.toUint8Array(encoder);
}
