/**
 * A socket of which a test sees every frame: for the wire itself, and for clients that do not behave.
 *
 * Promise: nothing is answered or repaired by itself; `next` waits for the first frame, from those not yet
 * looked at, that fits, and fails with the close code when the socket closes first.
 */
import type { Socket } from 'node:net';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import WebSocket from 'ws';
import type { SyncProcess } from './sync-process.ts';

export type Frame =
  | { kind: 'step1'; body: Uint8Array }
  | { kind: 'step2'; body: Uint8Array }
  | { kind: 'update'; body: Uint8Array }
  | { kind: 'awareness'; body: Uint8Array }
  | { kind: 'receipt'; ticket: number; status: number; text: string | null }
  | { kind: 'hello'; json: Hello }
  | { kind: 'head'; seq: number }
  | {
      kind: 'devices';
      devices: { id: string; name: string; applied: number; seenAt: number; connected: boolean }[];
    }
  | { kind: 'hash'; ticket: number; seq: number; hash: string }
  | { kind: 'notify' };

export interface Hello {
  protocol: number;
  epoch: string;
  serverTime: number;
  head: number;
  clocks: Record<string, number>;
  refused: number[];
  name: string;
}

type Kind = Frame['kind'];
type FrameOf<K extends Kind> = Extract<Frame, { kind: K }>;

export interface RawSocket {
  readonly frames: Frame[];
  readonly closed: Promise<{ code: number; reason: string }>;
  send(...bytes: (number | Uint8Array)[]): void;
  sendText(text: string): void;
  /** Bytes as they are, past the library that makes frames. */
  sendRaw(bytes: Uint8Array): void;
  update(update: Uint8Array): void;
  step1(stateVector?: Uint8Array): void;
  step2(update?: Uint8Array): void;
  receipt(ticket: number): Promise<FrameOf<'receipt'>>;
  hello(said: unknown): Promise<Hello>;
  next<K extends Kind>(kind: K): Promise<FrameOf<K>>;
  /** Resolves when the server has handled everything sent so far, by way of a receipt. */
  settled(): Promise<void>;
  pauseReading(): void;
  resumeReading(): void;
  close(): void;
  terminate(): void;
}

export async function openSocket(
  server: Pick<SyncProcess, 'spaceUrl'>,
  spaceId: string,
  user: string | null,
): Promise<RawSocket> {
  const headers = user === null ? {} : { authorization: `Bearer ${user}` };
  const ws = new WebSocket(server.spaceUrl(spaceId), { headers, perMessageDeflate: false });
  ws.binaryType = 'nodebuffer';
  const frames: Frame[] = [];
  const unseen: Frame[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let end: { code: number; reason: string } | null = null;
  let wake = Promise.withResolvers<void>();
  let lastTicket = 1_000_000;

  ws.on('message', (data: Buffer) => {
    const frame = parse(data);
    if (!frame) return;
    frames.push(frame);
    unseen.push(frame);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  ws.on('close', (code, reason) => {
    end = { code, reason: reason.toString() };
    closed.resolve(end);
    wake.resolve();
  });
  ws.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    ws.once('open', () => resolve());
    ws.once('error', reject);
  });

  async function nextWhere<F extends Frame>(fits: (frame: Frame) => frame is F): Promise<F> {
    for (;;) {
      const at = unseen.findIndex(fits);
      if (at >= 0) return unseen.splice(at, 1)[0] as F;
      if (end) throw new Error(`The socket closed with ${end.code} ${end.reason}`);
      await wake.promise;
    }
  }

  const socket: RawSocket = {
    frames,
    closed: closed.promise,
    send: (...bytes) =>
      ws.send(Buffer.concat(bytes.map((part) => (typeof part === 'number' ? uint(part) : part)))),
    sendText: (text) => ws.send(text),
    sendRaw: (bytes) => void (ws as unknown as { _socket: Socket })._socket.write(bytes),
    update: (update) => socket.send(0, 2, uint(update.length), update),
    step1: (vector = new Uint8Array([0])) => socket.send(0, 0, uint(vector.length), vector),
    step2: (update = new Uint8Array([0, 0])) => socket.send(0, 1, uint(update.length), update),
    receipt: (ticket) => {
      socket.send(100, ticket);
      return nextWhere(
        (frame): frame is FrameOf<'receipt'> => frame.kind === 'receipt' && frame.ticket === ticket,
      );
    },
    hello: async (said) => {
      const text = Buffer.from(JSON.stringify(said));
      socket.send(101, uint(text.length), text);
      return (await socket.next('hello')).json;
    },
    next: (kind) => nextWhere((frame): frame is FrameOf<typeof kind> => frame.kind === kind),
    settled: async () => {
      await socket.receipt(++lastTicket);
    },
    pauseReading: () => ws.pause(),
    resumeReading: () => ws.resume(),
    close: () => ws.close(),
    terminate: () => ws.terminate(),
  };
  return socket;
}

export function uint(value: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, value);
  return encoding.toUint8Array(encoder);
}

function parse(data: Uint8Array): Frame | null {
  const decoder = decoding.createDecoder(data);
  const type = decoding.readVarUint(decoder);
  switch (type) {
    case 0: {
      const step = decoding.readVarUint(decoder);
      const body = decoding.readVarUint8Array(decoder).slice();
      return { kind: step === 0 ? 'step1' : step === 1 ? 'step2' : 'update', body };
    }
    case 1:
      return { kind: 'awareness', body: decoding.readVarUint8Array(decoder).slice() };
    case 100: {
      const ticket = decoding.readVarUint(decoder);
      const status = decoding.readVarUint(decoder);
      return { kind: 'receipt', ticket, status, text: status === 0 ? null : decoding.readVarString(decoder) };
    }
    case 101:
      return { kind: 'hello', json: JSON.parse(decoding.readVarString(decoder)) as Hello };
    case 102:
      return { kind: 'head', seq: decoding.readVarUint(decoder) };
    case 104:
      return { kind: 'devices', ...(JSON.parse(decoding.readVarString(decoder)) as { devices: [] }) };
    case 105: {
      const ticket = decoding.readVarUint(decoder);
      return {
        kind: 'hash',
        ticket,
        ...(JSON.parse(decoding.readVarString(decoder)) as { seq: number; hash: string }),
      };
    }
    case 106:
      return { kind: 'notify' };
    default:
      return null;
  }
}
