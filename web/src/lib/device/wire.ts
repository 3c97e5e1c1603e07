/**
 * Our own message types beside y-websocket's: receipts, hello, head, applied, devices, content hash, notify.
 *
 * Promise: frames are built and read here only. What a server sends is checked before it is believed; a
 * message that does not have the agreed shape reads as null and is ignored, as every unknown one is.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

export const MESSAGE = {
  sync: 0,
  receipt: 100,
  hello: 101,
  head: 102,
  applied: 103,
  devices: 104,
  contentHash: 105,
  notify: 106,
} as const;

export const SYNC = { step1: 0, step2: 1, update: 2 } as const;

export interface Hello {
  readonly protocol: 1;
  readonly device: { readonly id: string; readonly name: string };
  /** Ids that only this device may write with from now on. */
  readonly clientIds: readonly number[];
  /** The id that this socket will write with. */
  readonly writing: number | null;
}

export interface HelloAnswer {
  readonly epoch: string;
  readonly serverTime: number;
  readonly head: number;
  readonly clocks: ReadonlyMap<number, number>;
  readonly refused: readonly number[];
  /** Under which name the others know this device; null from a server that does not tell. */
  readonly name: string | null;
}

export interface DeviceReport {
  readonly id: string;
  readonly name: string;
  readonly applied: number;
  readonly seenAt: number;
  readonly connected: boolean;
}

export interface Receipt {
  readonly ticket: number;
  readonly isCommitted: boolean;
  /** Why not, when it is not. */
  readonly text: string;
}

export const EMPTY_UPDATE = Uint8Array.of(0, 0);

/** `update`: of step 1 the state vector. */
export function syncFrame(step: (typeof SYNC)[keyof typeof SYNC], update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.sync);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

export function helloFrame(hello: Hello): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.hello);
  encoding.writeVarString(encoder, JSON.stringify(hello));
  return encoding.toUint8Array(encoder);
}

export function numberFrame(
  type: (typeof MESSAGE)['receipt' | 'head' | 'applied' | 'contentHash'],
  value: number,
): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint(encoder, value);
  return encoding.toUint8Array(encoder);
}

export function readReceipt(decoder: decoding.Decoder): Receipt {
  const ticket = decoding.readVarUint(decoder);
  const isCommitted = decoding.readVarUint(decoder) === 0;
  const text = isCommitted || !decoding.hasContent(decoder) ? '' : decoding.readVarString(decoder);
  return { ticket, isCommitted, text };
}

export function readHelloAnswer(decoder: decoding.Decoder): HelloAnswer | null {
  const answer = readJson(decoder);
  if (!isRecord(answer) || !isRecord(answer['clocks'])) return null;
  const { epoch, serverTime, head, refused, name } = answer;
  if (typeof epoch !== 'string' || typeof serverTime !== 'number' || typeof head !== 'number') return null;
  const clocks = new Map<number, number>();
  for (const [id, clock] of Object.entries(answer['clocks'])) {
    if (typeof clock === 'number') clocks.set(Number(id), clock);
  }
  return {
    epoch,
    serverTime,
    head,
    clocks,
    refused: Array.isArray(refused) ? refused.filter(isNumber) : [],
    name: typeof name === 'string' && name !== '' ? name : null,
  };
}

export function readDevices(decoder: decoding.Decoder): DeviceReport[] | null {
  const message = readJson(decoder);
  if (!isRecord(message) || !Array.isArray(message['devices'])) return null;
  return message['devices'].flatMap((device: unknown) => {
    if (!isRecord(device)) return [];
    const { id, name, applied, seenAt } = device;
    const isComplete =
      typeof id === 'string' && typeof name === 'string' && isNumber(applied) && isNumber(seenAt);
    return isComplete ? [{ id, name, applied, seenAt, connected: device['connected'] === true }] : [];
  });
}

export function readContentHash(
  decoder: decoding.Decoder,
): { ticket: number; seq: number; hash: string } | null {
  const ticket = decoding.readVarUint(decoder);
  const answer = readJson(decoder);
  if (!isRecord(answer) || !isNumber(answer['seq']) || typeof answer['hash'] !== 'string') return null;
  return { ticket, seq: answer['seq'], hash: answer['hash'] };
}

function readJson(decoder: decoding.Decoder): unknown {
  try {
    return JSON.parse(decoding.readVarString(decoder));
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
